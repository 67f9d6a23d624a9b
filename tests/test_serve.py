"""`make studio`: a kernel waits for the next visitor, and none is left over."""

import asyncio
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import psutil
import pytest
from test_browser import CHROMIUM, FIRST, MISSING, Page, browser, in_kernel, runs, voila  # noqa: F401

from helpers.serve import Kernels

LONG = 300         # seconds; a kernel imports TensorFlow, on a machine that may be busy


def kernels(server):
    """{id: process} of the kernels that a server has started."""
    found = {}
    for process in psutil.Process(server.pid).children(recursive=True):
        names = [word for word in process.cmdline() if "kernel-" in word and word.endswith(".json")]
        if names:
            found[names[0].rpartition("kernel-")[2].removesuffix(".json")] = process
    return found


def wait_for(what, because):
    end = time.monotonic() + LONG
    while not (found := what()):
        assert time.monotonic() < end, because
        time.sleep(0.2)
    return found


def wait_until_ready(folder, kernel):
    """Until the studio in a kernel has compiled what it needs. The notebook may not have been run yet."""
    wait_for(lambda: list((folder / "runtime").rglob(f"kernel-{kernel}.json")), "no connection file")
    ready = ("import sys; made = sys.modules.get('helpers.studio.page'); made = made and made.Studio._open; "
             "print(bool(made) and made().painter.wait(50) and made().snapshot.ready)")
    wait_for(lambda: in_kernel(folder, ready, kernel) == "True", "the studio did not get ready")


@pytest.mark.slow
def test_a_visitor_gets_the_kernel_that_waited(browser, tmp_path):  # noqa: F811
    taken = []
    with voila(tmp_path) as (address, process):
        for visit in (1, 2):
            waiting = wait_for(lambda: {k: p for k, p in kernels(process).items() if k not in taken},
                               "no kernel waits")
            assert len(waiting) == 1
            kernel, = waiting
            wait_until_ready(tmp_path, kernel)
            context = browser.new_context(viewport={"width": 1366, "height": 768})
            page, started = Page(context.new_page(), f"visit-{visit}"), time.perf_counter()
            page.open(address)
            shown = time.perf_counter() - started
            assert page.kernel() == kernel
            taken.append(kernel)
            source, started = page.studio.locator("img.now").get_attribute("src"), time.perf_counter()
            page.click("Paint")
            page.page.wait_for_function("was => document.querySelector('.studio img.now').src !== was", arg=source,
                                        timeout=FIRST)
            print(f"visit {visit}: page shown after {shown:.2f} s, first picture {time.perf_counter() - started:.2f} s "
                  "after Paint")
            page.click("Pause")
            page.wait("Paused")
            assert not page.errors
        wait_for(lambda: len(kernels(process)) == 3, "the pool was not filled again")

        # Two at once, of whom one finds no kernel that is ready; and one who wants another look than the one prepared.
        pages = [Page(context.new_page(), f"both-{k}") for k in (1, 2)]
        for page in pages:
            page.page.goto(address, wait_until="commit", timeout=FIRST)
        other = Page(context.new_page(), "dark")
        other.page.goto(f"{address}/?theme=dark", wait_until="commit", timeout=FIRST)
        for page in (*pages, other):
            page.page.wait_for_selector(".studio button:has-text('Paint')", timeout=LONG * 1000)
        assert len({page.kernel() for page in (*pages, other)} | set(taken)) == 5
        assert other.page.locator("body.theme-dark").count() == 1
        context.close()
        everything = [p.pid for p in psutil.Process(process.pid).children(recursive=True)] + [process.pid]
    wait_for(lambda: not any(map(runs, everything)), "something still runs after the server has ended")


def test_idle_time_begins_when_a_kernel_leaves_the_pool(monkeypatch):
    """Else the culler would end it between the visitor's request and the page's connection."""
    ended, manager = [], Kernels(cull_idle_timeout=40)

    async def shutdown(kernel_id):
        ended.append(kernel_id)
    monkeypatch.setattr(manager, "shutdown_kernel", shutdown)
    long_ago = datetime.now(timezone.utc) - timedelta(seconds=1000)
    kernel = SimpleNamespace(last_activity=long_ago, execution_state="idle", kernel_name="python3",
                             kernel_spec=SimpleNamespace(metadata={}))
    manager._kernels["a"] = kernel

    def cull():              # in a thread of its own: Playwright keeps a loop running in this one
        with ThreadPoolExecutor() as threads:
            threads.submit(asyncio.run, manager.cull_kernel_if_idle("a")).result()
    cull()
    assert not ended and kernel.last_activity > long_ago
    kernel.last_activity = long_ago
    manager._kernel_connections = {"a": 1}
    cull()
    assert not ended, "its page is open"
    manager._kernel_connections = {"a": 0}
    cull()
    assert ended == ["a"], "its page is gone"


def test_the_server_itself_stays_small():
    code = "import sys, helpers.serve; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
