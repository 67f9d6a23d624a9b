"""Records the studio being steered, in a real Chromium: `python book/record_studio.py`, a few minutes.

Writes data/studio.webp, an animation for the README, and data/studio.json: for each of its frames what is to be
seen, the evaluation, and where the slider stands. The book shows the same frames under a slider.
"""

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "data" / "studio.webp"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Until which evaluation, with how many notches of Style more or less, and what is to be seen.
SESSION = [(22, 0, "The painting's strokes and colours spread over the photograph."),
           (42, -10, "Style was moved to off: only the content counts, and the photograph's lines come back."),
           (64, 20, "Style was moved far to the right: the painting takes over."),
           (84, -10, "Style is back near its middle: both count again.")]
EVERY = 2                # evaluations from one frame to the next
SHOWN = 300              # milliseconds that a frame is shown


@contextmanager
def studio():
    """`make studio` on a free port; → its address with its token. Ended with all its kernels."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        with open(said, "w") as log:
            process = subprocess.Popen(["make", "studio", f"LAB=--port={port} --no-browser"], cwd=ROOT, stdout=log,
                                       stderr=log, start_new_session=True)
        try:
            while not (found := re.search(rf"http://127\.0\.0\.1:{port}/\S*", said.read_text())):
                time.sleep(0.5)
            yield found[0]
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


class Recorder:
    """Keeps what the page shows."""

    def __init__(self, page):
        self.page, self.pictures, self.told = page, [], []

    def evaluation(self):
        found = re.search(r"evaluation (\d+) of", self.page.locator(".studio-status").inner_text())
        return int(found[1]) if found else 0

    def take(self, caption):
        style = self.page.get_by_role("slider", name="Style", exact=True)
        self.pictures.append(Image.open(io.BytesIO(self.page.screenshot())).convert("RGB"))
        self.told.append({"caption": caption, "numbers": {
            "evaluation": self.evaluation(), "Style": style.get_attribute("aria-valuetext").removesuffix(", neutral")}})


def record(page):
    """Paint, and steer by SESSION; → the recorder."""
    recorder = Recorder(page)
    page.get_by_role("tab", name="More").click()
    page.get_by_label("Size", exact=True).select_option(label="256 px")
    page.get_by_label("Evaluations", exact=True).select_option(label="150")
    page.get_by_role("tab", name="Lesson").click()
    recorder.take("Before the start: a photograph, a painting, and Style in its middle.")
    page.get_by_role("button", name="Paint", exact=True).click()
    for until, notches, caption in SESSION:
        for _ in range(abs(notches) // 2):       # two notches at a time, so that the handle is seen to move
            for _ in range(2):
                page.get_by_role("slider", name="Style", exact=True).press("ArrowRight" if notches > 0 else "ArrowLeft")
            page.wait_for_timeout(SHOWN)
            recorder.take(caption)
        last = recorder.evaluation()
        while last < until:
            if recorder.evaluation() >= last + EVERY:
                last = recorder.evaluation()
                recorder.take(caption)
            page.wait_for_timeout(50)
    return recorder


def main():
    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    with studio() as address, sync_playwright() as api:
        browser = api.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1024, "height": 768})
        page.goto(address)
        page.locator(".studio-status", has_text="Ready").wait_for(timeout=120_000)
        recorder = record(page)
        browser.close()
    first, *others = recorder.pictures
    whole = FILE.with_suffix(".part")
    first.save(whole, "WEBP", save_all=True, append_images=others, duration=SHOWN, loop=0, quality=55)
    whole.replace(FILE)
    lines = ",\n ".join(json.dumps(moment, ensure_ascii=False) for moment in recorder.told)
    FILE.with_suffix(".json").write_text(f"[{lines}]\n", encoding="utf-8")
    print(f"{len(recorder.pictures)} frames, {FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
