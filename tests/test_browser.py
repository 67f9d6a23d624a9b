"""The studio as a person meets it: in JupyterLab and as Voilà's page, in a real Chromium.

Servers are the tests' own, on free ports of this machine, and end with them. Screenshots go to tests/screenshots/.
"""

import base64
import dataclasses
import html
import io
import itertools
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import jupyter_client
import nbformat
import numpy as np
import psutil
import pytest
from PIL import Image

from helpers.studio.page import Studio, words
from helpers.studio.settings import Settings

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
ROOT = Path(__file__).resolve().parent.parent
SHOTS = Path(__file__).resolve().parent / "screenshots"
SHOTS.mkdir(exist_ok=True)
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
                 if (path := shutil.which(name))), None)
MISSING = ("the browser tests need Chromium: install it with `apt-get install chromium`, with your "
           "system's package manager, or as Google Chrome.")
FIRST = 90_000           # milliseconds for the first picture: a fresh kernel loads TensorFlow and compiles
ANSWER = 30_000
SIZES = ((1920, 1080), (1366, 768), (1024, 768), (768, 1024), (390, 844))
TABS = ("Lesson", "Layers", "Your pictures", "More")


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with playwright.sync_playwright() as api:
        started = api.chromium.launch(executable_path=CHROMIUM, args=[
            "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-first-run"])
        yield started
        started.close()


@contextmanager
def server(folder, *command):
    """A Jupyter server in `folder`, with settings of its own; → its address. Ended with all its kernels."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "config"), "IPYTHONDIR": str(folder / "ipython"),
                   "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
                   "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces")}
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen([sys.executable, "-m", *command, f"--port={port}"], cwd=folder, env=environment,
                                   stdout=log, stderr=log, start_new_session=True)
    try:
        end = time.monotonic() + 60
        while True:
            assert process.poll() is None and time.monotonic() < end, (folder / "server.log").read_text()[-2000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


class Page:
    """What a person does on the page."""

    def __init__(self, page, name):
        self.page, self.name, self.errors = page, name, []
        page.on("dialog", self._answer)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hear)
        page.set_default_timeout(ANSWER)

    def _hear(self, said):
        """What is Voilà's own: icons out of the network, extensions it has no use for, a farewell that is refused."""
        known = "net::ERR_" in said.text or "labextensions" in said.text or "/api/shutdown/" in said.location["url"]
        if said.type == "error" and not known:
            self.errors.append(said.text)

    def _answer(self, dialog):
        if dialog.type != "beforeunload":
            self.errors.append(f"{dialog.type}: {dialog.message}")
        dialog.accept()

    def open(self, address):
        self.page.goto(address)
        self.page.wait_for_selector(".studio button:has-text('Paint')", timeout=FIRST)
        self.page.wait_for_function("document.querySelector('.studio img.now').naturalWidth > 0")
        return self

    @property
    def studio(self):
        return self.page.locator(".studio").last

    def kernel(self):
        """Which kernel Voilà has given to this page."""
        return json.loads(self.page.locator("#jupyter-config-data").inner_text())["kernelId"]

    def shot(self, stage):
        self.page.screenshot(path=SHOTS / f"{self.name}-{stage}.png")

    def resize(self, width, height):
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def click(self, name):
        self.studio.get_by_role("button", name=name, exact=True).click()

    def tab(self, name):
        self.studio.get_by_role("tab", name=name, exact=True).click()

    def slider(self, name):
        return self.studio.get_by_role("slider", name=name, exact=True)

    def status(self):
        return self.page.locator(".studio-status").last.inner_text()

    def evaluation(self):
        found = re.search(r"evaluation (\d+) of", self.status())
        return int(found.group(1)) if found else 0

    def wait(self, pattern, timeout=ANSWER):
        playwright.expect(self.page.locator(".studio-status").last).to_contain_text(re.compile(pattern),
                                                                                       timeout=timeout)

    def wait_evaluation(self, least, timeout=FIRST):
        self.page.wait_for_function(
            "least => { const t = [...document.querySelectorAll('.studio-status')].at(-1)?.innerText ?? '';"
            " return +(t.match(/evaluation (\\d+) of/)?.[1] ?? 0) >= least; }", arg=least, timeout=timeout)

    def picture(self):
        """The picture that is on the page now, (H, W, 3)."""
        data = self.studio.locator("img.now").evaluate(
            "async i => { const b = await (await fetch(i.src)).arrayBuffer();"
            " return btoa(String.fromCharCode(...new Uint8Array(b))); }")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), np.float32) / 255

    def distance(self, term):
        """As the curves say it, once they have been drawn for the present evaluation."""
        drawing = self.studio.locator("svg[role=img]")
        over = re.compile(f"over {self.evaluation()} evaluations")
        playwright.expect(drawing).to_have_attribute("aria-label", over, timeout=ANSWER)
        return float(re.search(term + r" ([\d.e-]+)", drawing.get_attribute("aria-label")).group(1))

    def choose(self, label, value):
        self.studio.get_by_label(label, exact=True).select_option(label=value)

    def chosen(self, name):
        return self.studio.locator(".thumb[aria-pressed=true]").filter(has_text=name)

    def press(self, slider, key, times=1):
        """Move a slider as one does without a mouse."""
        for _ in range(times):
            self.slider(slider).press(key)

    def upload(self, label, file):
        self.studio.get_by_label(label).set_input_files(file)

    def finished(self, timeout=FIRST):
        self.wait("Done", timeout)


def smaller(page, size="128 px"):
    """A small picture and 50 evaluations, so that a test does not take all day."""
    page.tab("More")
    page.choose("Size", size)
    page.choose("Evaluations", "50")
    page.tab("Lesson")


def voila(folder, guarded=False):
    """Voilà over the studio's notebook, with the options of `make studio`; guarded by its token only if asked for."""
    shutil.copy(ROOT / "notebooks" / "studio.ipynb", folder)
    (folder / "runtime").mkdir()
    options = re.search(r"voila notebooks/studio.ipynb (.*) \$\(LAB\)", (ROOT / "Makefile").read_text()).group(1)
    return server(folder, "voila", "studio.ipynb", "--no-browser", *options.replace("$(IP)", "127.0.0.1").split(),
                  f"--Voila.connection_dir_root={folder / 'runtime'}", *([] if guarded else ["--Voila.token="]))


def runs(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_voila_paint_steer_pause_save(browser, tmp_path):
    with voila(tmp_path) as (address, _):
        context = browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
        page = Page(context.new_page(), "voila").open(address)
        page.shot("open")

        # Paint: the picture changes, and the page answers meanwhile. Then the page is left while it paints.
        before = page.picture()
        smaller(page)
        page.click("Paint")
        page.wait_evaluation(4)
        assert page.evaluation() < 50 and page.picture().shape[1] == 128 != before.shape[1]
        said = page.studio.locator(".explanation").inner_text()
        page.click("too much")
        playwright.expect(page.studio.locator(".explanation")).not_to_have_text(said)
        old = int(in_kernel(tmp_path, "import os; print(os.getpid())", page.kernel()))
        page.open(address)
        assert page.page.evaluate("document.querySelectorAll('.studio').length") == 1

        # Pause holds the picture.
        smaller(page)
        page.press("Style", "ArrowLeft", 5)       # from 10 to 1
        page.click("Paint")
        page.wait_evaluation(4)
        page.shot("painting")
        page.click("Pause")
        page.wait("Paused")
        page.page.wait_for_timeout(1500)
        held = page.picture()
        page.page.wait_for_timeout(1500)
        assert np.array_equal(page.picture(), held)
        page.shot("paused")

        # Steering: the same 50 evaluations, style weight 1 untouched, then raised to 100 on the way.
        page.click("Start over")
        page.click("Paint")
        page.finished()
        untouched = page.distance("style")
        page.click("Start over")
        page.click("Paint")
        page.wait_evaluation(8)
        page.press("Style", "ArrowRight", 10)
        assert "Painting" in page.status(), "it must still run when the slider moves"
        page.finished()
        assert page.distance("style") < 0.8 * untouched, "raising style on the way must lower its distance"
        page.shot("done")

        # Wipe and side by side are done in the browser: the painting stays where it is.
        page.slider("Wipe").fill("50")
        frame = page.studio.locator(".frame").bounding_box()
        edge = page.studio.locator(".edge").bounding_box()
        assert abs(edge["x"] + edge["width"] / 2 - frame["x"] - frame["width"] / 2) < 2
        page.shot("wiped")
        page.click("Side by side")
        left, right = (page.studio.locator(f"img.{name}").bounding_box() for name in ("before", "now"))
        assert left["x"] + left["width"] <= right["x"] and abs(left["width"] - right["width"]) < 1
        page.shot("beside")
        page.click("Side by side")
        page.slider("Wipe").fill("0")

        # Save gives a file that opens, with its settings inside; the animation too.
        with page.page.expect_download() as download:
            page.click("Save")
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        with Image.open(path) as saved:
            assert saved.size[0] == 128 and json.loads(saved.text["Studio"])["style_weight"] == 100
        assert len(list((tmp_path / "pictures").glob("*.png"))) == 1
        with page.page.expect_download() as download:
            page.click("GIF")
        assert download.value.suggested_filename.endswith(".gif")

        # An upload becomes the photograph; an unreadable one shows its sentence and changes nothing.
        page.tab("Your pictures")
        Image.fromarray(np.tile(np.linspace(0, 255, 160).astype(np.uint8)[:, None, None], (1, 160, 3))).save(
            tmp_path / "fog.jpg")
        page.upload("Upload a picture", tmp_path / "fog.jpg")
        playwright.expect(page.studio.locator("h1")).to_have_text("fog")
        page.page.wait_for_function("(i => i.naturalWidth == 128 && i.naturalHeight == 128)"
                                    "(document.querySelector('.studio img.now'))")
        (tmp_path / "broken.jpg").write_bytes(b"this is no picture")
        page.upload("Upload a picture", tmp_path / "broken.jpg")
        page.wait("broken.jpg is not a picture")
        page.shot("unreadable")
        page.tab("Lesson")
        playwright.expect(page.chosen("fog")).to_have_count(1)

        # Paint a saved one again; swap.
        page.tab("Your pictures")
        page.upload("Paint a saved one again", path)
        playwright.expect(page.studio.locator("h1")).to_have_text("china")
        page.click("Swap photograph and style")
        playwright.expect(page.studio.locator("h1")).to_have_text("swirls")
        page.shot("swapped")
        assert not page.errors

        # The page that was left while it painted holds no kernel.
        end = time.monotonic() + 100
        while runs(old):
            assert time.monotonic() < end, "the old page's kernel still runs"
            time.sleep(0.5)
        context.close()


@pytest.fixture(scope="module")
def shown(browser, tmp_path_factory):
    """A page of Voilà's that several tests look at; each leaves it as it was."""
    folder = tmp_path_factory.mktemp("voila")
    with voila(folder) as (address, _):
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        page = Page(context.new_page(), "studio").open(address)
        page.folder = folder
        yield page
        context.close()


def test_the_coarse_answer_is_seen_before_the_fine_one(shown):
    """While a handle is held only the coarse size works, and is seen; when it is let go the fine size goes on."""
    smaller(shown, "192 px")
    shown.click("Paint")
    shown.wait_evaluation(2)
    handle = shown.slider("Style").bounding_box()
    middle = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    shown.page.mouse.move(*middle)
    shown.page.mouse.down()
    shown.page.mouse.move(middle[0] + handle["width"] / 4, middle[1], steps=8)
    assert shown.slider("Style").get_attribute("aria-valuetext") == "100"
    sizes = "from helpers.studio import Studio; print([r['size'] for r in Studio._open().snapshot.history][{}:])"
    settled = "import time; s = Studio._open()\nwhile s.snapshot.settings.style_weight != 100: time.sleep(.05)"
    in_kernel(shown.folder, f"from helpers.studio import Studio; {settled}", shown.kernel())
    n = len(json.loads(in_kernel(shown.folder, sizes.format(0), shown.kernel())))
    seen, source = shown.evaluation(), shown.studio.locator("img.now").get_attribute("src")
    shown.page.wait_for_function("was => document.querySelector('.studio img.now').src !== was", arg=source)
    answer = shown.picture()
    assert answer.shape[1] == 192, "the change is enlarged"
    assert shown.evaluation() == seen, "no fine evaluation while the handle is held"
    assert shown.slider("Style").get_attribute("aria-valuetext") == "100", "the handle stays in the hand"
    shown.shot("held")
    assert set(json.loads(in_kernel(shown.folder, sizes.format(n), shown.kernel()))) <= {128}
    shown.page.mouse.up()
    shown.wait_evaluation(seen + 2)
    later = json.loads(in_kernel(shown.folder, sizes.format(n), shown.kernel()))
    assert later[0] == 128 and 192 in later
    shown.click("Pause")
    shown.wait("Paused")
    assert not shown.errors


def test_the_picture_is_the_page(shown):
    """Five sizes, light and dark: the picture fills the window, and nothing is out of reach."""
    shown.tab("Lesson")
    for scheme, (width, height) in itertools.product(("light", "dark"), SIZES):
        shown.page.emulate_media(color_scheme=scheme)
        shown.resize(width, height)
        shown.shot(f"{width}-{scheme}")
        box = shown.studio.locator("img.now").bounding_box()
        share = max(box["width"] / width, box["height"] / height)
        assert share >= 0.6, f"the picture takes {share:.2f} of {width} × {height}"
        assert box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= width
        across = shown.page.evaluate("[document.documentElement, ...document.querySelectorAll('.studio, .side')]"
                                     ".map(e => e.scrollWidth - e.clientWidth)")
        assert max(across) <= 0, f"scrolls sideways at {width} px"
        dark = shown.studio.evaluate("e => getComputedStyle(e).backgroundColor.match(/\\d+/g).every(c => c < 60)")
        assert dark == (scheme == "dark")
        clipped = shown.page.evaluate("""() =>
            [...document.querySelectorAll('.studio :is(button, .button, label, h1, h2)')].filter(
                e => e.offsetWidth && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
            .map(e => e.textContent)""")
        assert not clipped, f"clipped at {width} px"
        if (width, height) in ((1366, 768), (1920, 1080)):       # a lesson's controls, without scrolling
            for part in ("Photographs", "Styles"):
                assert inside(shown.studio.get_by_role("group", name=part), width, height)
            for name in ("Content", "Style", "Smoothness"):
                assert inside(shown.slider(name), width, height)
            for name in ("balanced", "one layer", "Reset", "Paint|Resume|Pause"):
                assert inside(shown.studio.get_by_role("button", name=re.compile(f"^({name})$")), width, height)
    shown.page.emulate_media(color_scheme="light")
    shown.resize(1366, 768)
    assert not shown.errors


def inside(element, width, height):
    box = element.bounding_box()
    return box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= height


def test_a_thumb_reaches_everything(shown):
    """On a phone each control is as high as a finger, and scrolling the controls leaves the picture where it is."""
    shown.resize(390, 844)
    for tab in TABS:
        shown.tab(tab)
        shown.shot(f"390-{tab.split()[0].lower()}")
        small = shown.page.evaluate("""() => [...document.querySelectorAll(
            '.studio :is(button, .button, select, input[type=range], input[type=url], .check label)')]
            .filter(e => e.offsetHeight && e.offsetHeight < 44).map(e => e.textContent || e.type)""")
        assert not small
        before = shown.studio.locator("img.now").bounding_box()
        shown.studio.locator(".side").evaluate("e => { e.scrollTop = e.scrollHeight; }")
        assert shown.studio.locator("img.now").bounding_box() == before
    shown.tab("Lesson")
    shown.resize(1366, 768)


def violations(page):
    return [(violation["id"], [node["target"] for node in violation["nodes"]])
            for violation in axe.Axe().run(page, context=".studio").response["violations"]
            if violation["impact"] in ("serious", "critical")]


def test_a_line_parts_two_styles(shown):
    """Its slider is there with a second style alone, within a thumb's reach; a drag and a key move the line."""
    set_to = ("import time\nfrom helpers.studio import Studio\ns = Studio._open()\n"
              "while s.snapshot.settings.split != {}: time.sleep(.05)")
    shown.tab("Your pictures")
    split, line = shown.slider("Split"), shown.studio.locator(".line")
    playwright.expect(split).to_be_hidden()
    playwright.expect(shown.slider("Blend")).to_be_hidden()
    shown.choose("Second style", "glass")
    playwright.expect(split).to_be_visible()
    playwright.expect(shown.slider("Blend")).to_be_visible()
    split.fill("10")
    in_kernel(shown.folder, set_to.format(0.5), shown.kernel())
    shown.page.wait_for_timeout(700)              # until an answer of the painter's moves the handle again
    playwright.expect(split).to_have_attribute("aria-valuetext", "50 %")
    split.press("ArrowRight")
    in_kernel(shown.folder, set_to.format(0.55), shown.kernel())
    playwright.expect(split).to_have_attribute("aria-valuetext", "55 %")
    for size in ((390, 844), (1366, 768)):
        shown.resize(*size)
        split.scroll_into_view_if_needed()
        split.focus()
        assert inside(split, *size) and not violations(shown.page)
        frame, edge = shown.studio.locator(".frame").bounding_box(), line.bounding_box()
        assert abs(edge["x"] - frame["x"] - 0.55 * frame["width"]) < 2
        shown.shot(f"split-{size[0]}")
        if size[0] == 390:
            assert split.bounding_box()["height"] >= 44
    shown.slider("Wipe").focus()
    playwright.expect(line).to_be_hidden()        # it lies over the picture only while it is moved
    split.fill("0")
    in_kernel(shown.folder, set_to.format(0.0), shown.kernel())
    shown.choose("Second style", "none")
    playwright.expect(split).to_be_hidden()
    shown.tab("Lesson")
    assert not shown.errors


def test_the_picture_alone_with_two_sliders(shown):
    shown.click("Full screen")
    shown.page.wait_for_function("document.fullscreenElement")
    shown.page.wait_for_timeout(300)
    shown.shot("alone")
    names = shown.page.evaluate("[...document.querySelectorAll('.studio input')].filter(e => e.offsetHeight)"
                                ".map(e => e.labels[0].textContent)")
    assert names == ["Content", "Style"]
    assert shown.studio.locator("img.now").bounding_box()["height"] > 0.85 * 768
    shown.page.keyboard.press("Escape")
    playwright.expect(shown.slider("Smoothness")).to_be_visible()


NOTEBOOK = """<body data-vscode-theme-kind="vscode-dark"><div id="el"></div><style>{css}</style><script type="module">
const values = {values};
window.sent = []; window.heard = [];
window.addEventListener("keydown", event => heard.push(event.key));
const model = {{get: name => values[name], send: ({{command}}) => sent.push(command), on() {{}}, off() {{}}}};
{esm}
render({{model, el: document.getElementById("el")}});
</script>"""


def test_in_vs_code_it_fits_the_window_and_keeps_its_keys(browser):
    """Outputs lie there in one frame as long as the notebook, which may not fill the screen and hands keys on."""
    state = {"settings": dataclasses.asdict(Settings()), "names": {"content": [], "style": [], "own": []},
             "title": "china", "doing": "Ready", "status": "", "note": "", "error": "", "painting": False,
             "started": False, "explanation": ["", "04_total_loss"], "evaluation": 0, "goal": 0, "earlier": 0}
    values = json.dumps({"words": words(), "state": state, "thumbs": [], "slow": {}})
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    text = html.escape(NOTEBOOK.format(css=Studio._css, values=values, esm=Studio._esm))
    page.set_content(f'<iframe sandbox="allow-scripts" width="1000" height="11000" srcdoc="{text}"></iframe>')
    frame = page.frame_locator("iframe")
    assert 480 <= frame.locator(".studio").bounding_box()["height"] <= 760       # what the editor leaves of 900
    playwright.expect(frame.get_by_role("button", name="Paint")).to_be_in_viewport()
    playwright.expect(frame.locator(".alone-button")).to_be_hidden()
    frame.get_by_role("button", name="Paint").focus()
    for key in ("d", "Enter", "Control+s", "Tab"):
        page.keyboard.press(key)
    assert page.frames[1].evaluate("[sent, heard]") == [["paint"], ["Control", "s", "Tab"]]
    for theme, dark in (("dark", True), ("high-contrast-light", False), ("high-contrast", True), ("light", False)):
        page.frames[1].evaluate("theme => document.body.dataset.vscodeThemeKind = `vscode-${theme}`", theme)
        playwright.expect(frame.locator(".studio")).to_have_class("studio dark" if dark else "studio")
    page.close()


def test_keyboard_alone(shown):
    """Tab reaches every control with a focus that is seen; arrows move sliders and tabs; Enter and Space press."""
    reached, go = {}, shown.studio.locator(".primary").inner_text()        # Paint, or Resume
    shown.page.evaluate("document.activeElement.blur()")
    for _ in range(60):
        shown.page.keyboard.press("Tab")
        name, outline = shown.page.evaluate("""() => {
            const e = document.activeElement, style = getComputedStyle(e);
            return [e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent,
                    style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2]; }""")
        reached[name] = outline
    assert reached.keys() >= {go, "Start over", "Save", "GIF", "Side by side", "Wipe", "Full screen", "Lesson",
                              "astronaut", "wave", "too much", "Reset", "Content", "Style", "Smoothness"}
    unseen = [name for name in (go, "Save", "Wipe", "Lesson", "china", "Reset", "Style") if not reached[name]]
    assert not unseen
    shown.click("balanced")
    playwright.expect(shown.slider("Style")).to_have_attribute("aria-valuetext", "10, neutral")
    shown.press("Style", "ArrowRight", 2)
    shown.press("Style", "Home")
    assert shown.slider("Style").get_attribute("aria-valuetext") == "off"
    shown.press("Style", "End")
    assert shown.slider("Style").get_attribute("aria-valuetext") == "1000"
    shown.studio.get_by_role("tab", name="Lesson").press("ArrowRight")
    assert shown.page.evaluate("document.activeElement.textContent") == "Layers"
    shown.studio.get_by_role("tab", name="Layers").press("ArrowLeft")
    shown.studio.get_by_role("button", name=go).press("Enter")
    shown.wait("Painting")
    shown.studio.get_by_role("button", name="Pause").press("Space")
    playwright.expect(shown.studio.locator(".primary")).to_have_text(re.compile("Paint|Resume"))
    shown.click("balanced")
    assert not shown.errors


def test_no_serious_violation_for_those_who_hear_the_page(shown):
    playwright.expect(shown.studio.get_by_role("status")).to_have_text(re.compile("Paused|Ready|Done"))
    found = []
    for scheme, size, tab in itertools.product(("light", "dark"), ((1366, 768), (390, 844)), TABS):
        shown.page.emulate_media(color_scheme=scheme)
        shown.resize(*size)
        shown.tab(tab)
        found += [(scheme, size, tab, *violation) for violation in violations(shown.page)]
    assert not found
    shown.page.emulate_media(color_scheme="light")
    shown.resize(1366, 768)
    shown.tab("Lesson")


def test_a_pictures_name_does_nothing(shown):
    names = ['"onclick=alert(1) x=', "<img src=x onerror=alert(2)>", "__proto__", "';alert(3)//"]
    code = ("from helpers.studio import Studio\ns = Studio._open()\n"
            f"names = {names!r}\njpeg = s.thumbs[0]['jpeg']\n"
            "s.thumbs = s.thumbs + [{'name': name, 'jpeg': jpeg} for name in names]\n"
            "s.state = {**s.state, 'title': names[1], 'error': names[1], 'note': names[0],\n"
            "           'names': {**s.state['names'], 'own': names},\n"
            "           'settings': {**s.state['settings'], 'content': names[0], 'second': names[1]}}")
    in_kernel(shown.folder, code, shown.kernel())
    playwright.expect(shown.studio.locator("h1")).to_have_text(names[1])
    assert names[0] in shown.status() and names[1] in shown.status()
    for name in names:
        playwright.expect(shown.studio.get_by_role("group", name="Photographs").get_by_role(
            "button", name=name, exact=True)).to_be_visible()
    playwright.expect(shown.chosen(names[0])).to_have_count(1)
    shown.shot("hostile")
    assert shown.page.evaluate("document.querySelectorAll('.studio :is([onclick], [onerror])').length") == 0
    shown.click("Start over")                     # the painter's next word takes all that away
    playwright.expect(shown.studio.locator("h1")).to_have_text("china")
    assert not shown.errors


def notebook(path, *sources):
    path.parent.mkdir(exist_ok=True)
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


def run_cell(page, number):
    """Shift+Enter in a cell, once the kernel is idle: while it connects, JupyterLab drops or forgets what is run."""
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", state="attached", timeout=FIRST)
    cell = page.locator(".jp-CodeCell").nth(number)
    for _ in range(20):
        cell.locator(".cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        try:
            return playwright.expect(cell.locator(".jp-InputPrompt").first).to_contain_text(
                re.compile(r"\[(\*|\d+)\]"), timeout=3000)
        except AssertionError:
            continue
    raise AssertionError(f"cell {number} does not run")


def in_kernel(folder, code, kernel="*"):
    """What `code` prints in a kernel; the one that runs, if none is named."""
    file = next((folder / "runtime").rglob(f"kernel-{kernel}.json"))
    client = jupyter_client.BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    printed = []
    try:
        for _ in range(60):                      # what is printed before the client listens is lost
            client.kernel_info()
            try:
                client.get_iopub_msg(timeout=1)
                break
            except queue.Empty:
                continue
        client.execute_interactive(code, timeout=60, store_history=False,
                                   output_hook=lambda m: printed.append(m["content"].get("text", "")))
    finally:
        client.stop_channels()
    return "".join(printed).strip()


def test_lab_run_paint_fail_reload(browser, tmp_path):
    notebook(tmp_path / "studio.ipynb", "from helpers.studio import Studio\nStudio()",
             "def broken(evaluation, image, record):\n    if evaluation == 3:\n"
             "        raise RuntimeError('no ink left')\nsecond = Studio(broken)\nsecond")
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "themes.jupyterlab-settings").write_text('{"theme": "JupyterLab Dark"}')
    with server(tmp_path, "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=",
                "--ServerApp.allow_root=True", f"--ServerApp.root_dir={tmp_path}") as (address, _):
        context = browser.new_context(viewport={"width": 1024, "height": 768})
        page = Page(context.new_page(), "lab")
        page.page.goto(f"{address}/lab/tree/studio.ipynb?reset")
        page.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=FIRST)
        page.page.wait_for_selector("[data-status='idle'], .jp-Notebook-ExecutionIndicator[data-status='idle']",
                                    state="attached", timeout=FIRST)
        page.page.locator(".jp-CodeCell .cm-content").first.click()
        page.page.keyboard.press("Control+b")     # close the side bar, as at a projector
        run_cell(page.page, 0)
        page.page.wait_for_selector(".studio button:has-text('Paint')", timeout=FIRST)
        page.page.wait_for_function("document.querySelector('.studio img.now').naturalWidth > 0")
        before = page.picture()

        # It fits its cell, and is dark because JupyterLab is, whatever the system says.
        page.studio.scroll_into_view_if_needed()
        cell, panel = (page.page.locator(part).first.bounding_box()
                       for part in (".studio", ".jp-NotebookPanel-notebook"))
        assert cell["height"] <= panel["height"] and cell["width"] <= panel["width"]
        image = page.studio.locator("img.now").bounding_box()
        assert max(image["width"] / cell["width"], image["height"] / cell["height"]) >= 0.6
        page.shot("dark")
        assert page.studio.evaluate("e => getComputedStyle(e).backgroundColor.match(/\\d+/g).every(c => c < 60)")

        smaller(page)
        page.click("Paint")
        page.wait_evaluation(4)
        page.shot("painting")
        assert page.picture().shape[1] == 128 != before.shape[1]
        page.press("Style", "ArrowRight", 3)      # not taken by JupyterLab's own keys
        page.press("Style", "ArrowDown")
        page.press("Style", "ArrowUp")
        page.wait_evaluation(page.evaluation() + 2)
        assert in_kernel(tmp_path, "s = Studio._open(); print(s.snapshot.settings.style_weight)") == "39.8"

        # A page that was left does not go on painting: there is no sign of life. Its picture is kept.
        in_kernel(tmp_path, "s.painter.set(steps=100_000)")
        page.page.keyboard.press("Control+s")
        playwright.expect(page.page.locator(".jp-mod-dirty")).to_have_count(0)
        page.page.goto("about:blank")
        end = time.monotonic() + 60
        while in_kernel(tmp_path, "print(s.snapshot.painting)") != "False":
            assert time.monotonic() < end, "it paints for nobody"
            time.sleep(1)
        assert int(in_kernel(tmp_path, "print(s.snapshot.evaluation)")) >= 4
        page.page.goto(f"{address}/lab/tree/studio.ipynb")
        page.page.wait_for_selector(".studio button:has-text('Resume')", timeout=FIRST)
        page.wait("Paused because")
        page.shot("come-back")
        seen = page.evaluation()
        page.click("Resume")
        page.wait_evaluation(seen + 2)

        # A second studio stops the first; its failing callback is seen, and the picture is kept.
        run_cell(page.page, 1)
        page.page.wait_for_function("document.querySelectorAll('.studio').length == 1 && "
                                    "document.querySelector('.studio .primary').innerText == 'Paint'", timeout=FIRST)
        smaller(page)
        page.click("Paint")
        page.wait("no ink left", FIRST)
        assert page.evaluation() == 3
        page.shot("failing-callback")
        assert not page.errors
        context.close()


def test_a_chapters_slider_redraws_its_picture(browser, tmp_path):
    notebook(tmp_path / "chapter.ipynb", "import numpy as np\nfrom helpers import figures\n\n\ndef show(grey):\n"
             "    print('grey', grey)\n    if grey == 9:\n        raise ValueError('too bright')\n"
             "    figures.grid({'a': np.full((8, 8, 3), grey / 9)}, f'A square of grey {grey}.')\n\n\n"
             "figures.interact(show, grey=list(range(10)))")
    with server(tmp_path, "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=",
                "--ServerApp.allow_root=True", f"--ServerApp.root_dir={tmp_path}") as (address, _):
        context = browser.new_context(viewport={"width": 1024, "height": 768})
        page = context.new_page()
        page.goto(f"{address}/lab/tree/chapter.ipynb?reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=FIRST)
        run_cell(page, 0)
        cell = page.locator(".jp-CodeCell").first

        def drawn(caption):
            """The picture's mean brightness in its middle, once its caption is there; -1 where none is shown."""
            playwright.expect(cell).to_contain_text(caption, timeout=FIRST)
            page.wait_for_timeout(500)
            return cell.locator("img").last.evaluate("""i => {
                const c = document.createElement('canvas'); c.width = i.naturalWidth; c.height = i.naturalHeight;
                if (!c.width) return -1;
                const p = c.getContext('2d'); p.drawImage(i, 0, 0);
                return p.getImageData(c.width / 2, c.height * 0.6, 1, 1).data[0]; }""")
        assert 0 <= drawn("A square of grey 0.") < 10
        handle = page.locator(".noUi-handle").first
        handle.focus()

        def moved(times, caption):
            """ipykernel now and then loses a widget's message: then the slider is moved there once more."""
            for _ in range(times):
                handle.press("ArrowRight")
            for _ in range(3):
                try:
                    return playwright.expect(cell).to_contain_text(caption, timeout=10_000)
                except AssertionError:
                    handle.press("ArrowLeft")
                    handle.press("ArrowRight")
            playwright.expect(cell).to_contain_text(caption)
        moved(5, "A square of grey 5.")
        assert abs(drawn("A square of grey 5.") - 255 * 5 / 9) < 10
        page.screenshot(path=SHOTS / "lab-slider.png")
        moved(4, "ValueError: too bright")
        context.close()
