"""What somebody meets who opens the course for the first time: JupyterLab in a real Chromium, chapter 00."""

import shutil
from pathlib import Path

import pytest
from test_browser import browser, server

__all__ = ["browser"]
ROOT = Path(__file__).resolve().parent.parent
# Resolves when the kernel has said what it is, and JupyterLab has written that into the notebook it holds.
SETTLED = """async () => {
    const notebook = window.jupyterapp.shell.currentWidget, session = notebook.context.sessionContext;
    await notebook.context.ready; await session.ready; await session.session.kernel.info;
    await session.session.kernel.spec; await new Promise(requestAnimationFrame);
    return notebook.model.getMetadata("language_info").version; }"""
DIRTY = "() => window.jupyterapp.shell.currentWidget.model.dirty"
MARK = "#jp-main-dock-panel .lm-TabBar-tab.jp-mod-current.jp-mod-dirty"


@pytest.mark.slow
def test_an_opened_chapter_asks_nothing_and_stays_unchanged(browser, tmp_path):
    chapter = Path(shutil.copy(ROOT / "notebooks" / "00_start_here.ipynb", tmp_path))
    before = chapter.read_bytes()
    with server(tmp_path, "jupyterlab", "--no-browser", "--allow-root", "--IdentityProvider.token=",
                "--LabApp.expose_app_in_browser=True") as (address, _):
        page = browser.new_page()
        page.goto(f"{address}/lab/tree/{chapter.name}")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        version = page.evaluate(SETTLED)
        assert version.startswith("3.") and not page.evaluate(DIRTY) and not page.query_selector(MARK)
        news = "@jupyterlab/apputils-extension:notification"
        plugin = page.evaluate(f"() => window.jupyterapp.serviceManager.settings.fetch({news!r}).then(s => s.schema)")
        assert plugin["properties"]["fetchNews"]["default"] == "false"
        assert not page.get_by_text("official Jupyter news").count()
        # A change is seen as one: the marker works, and so would have told.
        page.evaluate("() => window.jupyterapp.shell.currentWidget.model.setMetadata('changed', 1)")
        page.wait_for_selector(MARK)
        page.close()
    assert chapter.read_bytes() == before
