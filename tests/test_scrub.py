"""`figures.scrub`: sliders over ready frames, as HTML, from a file in a real Chromium, and in JupyterLab."""

import base64
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from html.parser import HTMLParser

import nbformat
import numpy as np
import pytest
from nbformat.sign import NotebookNotary
from PIL import Image
from test_browser import browser, run_cell  # noqa: F401

from helpers import figures, images
from helpers.figures import frames as module

playwright = pytest.importorskip("playwright.sync_api")
GREYS = [0.0, 0.4, 0.8]
SQUARES = [np.full((12, 16, 3), grey, np.float32) for grey in GREYS]
WORDS = ["Black.", 'Dark: "<b>&</b>" </script>', "Light."]
NAMES = {("red", 1): "Red, small.", ("red", 2): "Red, large.", ("blue", 1): "Blue, small.", ("blue", 2): "Blue, large."}
COLOURS = {key: np.full((8 * key[1], 8 * key[1], 3), (1, 0, 0) if key[0] == "red" else (0, 0, 1), np.float32)
           for key in NAMES}


@pytest.fixture
def scrub(monkeypatch):
    """Calls figures.scrub; → what it displays."""
    def call(*arguments, **options):
        shown = []
        monkeypatch.setattr(module, "display", lambda bundle, raw: shown.append(bundle))
        figures.scrub(*arguments, **options)
        return shown[0]
    return call


class Elements(HTMLParser):
    """[(tag, attributes)], and the text of each tag."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text, self.open = [], {}, []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.text[self.open[-1]] = self.text.get(self.open[-1], "") + data

    def of(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def data_of(page):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page, re.S).group(1))


def pixels(address):
    """A data: URL as (H, W, 3) in 0…1, and its kind."""
    kind, data = re.fullmatch(r"data:(image/\w+);base64,(.+)", address).groups()
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")) / 255, kind


def test_without_script_it_is_one_image_with_its_caption_and_numbers(scrub):
    numbers = [{"content": 0.5, "style": grey} for grey in (0.123456, 1, 2)]
    shown = scrub(SQUARES, WORDS, "evaluation", numbers, width=320)
    assert shown["text/plain"] == "Black."
    page = Elements(shown["text/html"])
    assert [tag for tag, _ in page.found] == ["figure", "img", "figcaption", "em", "br", "span", "script", "script"]
    image, = page.of("img")
    assert (image["alt"], image["width"], image["height"]) == ("Black.", "320", "240")
    assert pixels(image["src"])[0].mean() < 0.02
    assert page.text["em"] == "Black." and page.text["span"] == "content 0.5 · style 0.123"
    assert not any("id" in attributes for _, attributes in page.found), "shown twice, ids would collide"


def test_every_frame_is_there_with_its_caption_and_numbers(scrub):
    data = data_of(scrub(SQUARES, WORDS, numbers=[{"n": i} for i in range(3)])["text/html"])
    assert data["axes"] == [{"label": "frame", "values": ["1", "2", "3"], "start": 0}]
    assert [frame["caption"] for frame in data["frames"]] == WORDS
    assert [frame["numbers"] for frame in data["frames"]] == ["n 0", "n 1", "n 2"]
    assert data["frames"][0]["src"] is None          # it stands in the page already
    for frame, grey in zip(data["frames"][1:], GREYS[1:], strict=True):
        image, kind = pixels(frame["src"])
        assert kind == "image/jpeg" and abs(image.mean() - grey) < 0.02


def test_two_sliders_and_where_they_start(scrub):
    shown = scrub(COLOURS, NAMES, ("colour", "size"), start=("blue", 1))
    data = data_of(shown["text/html"])
    assert data["axes"] == [{"label": "colour", "values": ["red", "blue"], "start": 1},
                            {"label": "size", "values": ["1", "2"], "start": 0}]
    assert [frame["caption"] for frame in data["frames"]] == list(NAMES.values())
    assert shown["text/plain"] == "Blue, small." and Elements(shown["text/html"]).of("img")[0]["alt"] == "Blue, small."


def test_the_same_call_gives_the_same_text(scrub):
    assert scrub(COLOURS, NAMES, ("colour", "size")) == scrub(dict(COLOURS), dict(NAMES), ("colour", "size"))


def test_frames_from_files_are_stored_as_they_are_or_referred_to(scrub, tmp_path, monkeypatch):
    folder = tmp_path / "data" / "a run"
    folder.mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    paths = [folder / f"{i}.jpg" for i in range(3)]
    for path, square in zip(paths, SQUARES, strict=True):
        images.to_pil(square).save(path)
    monkeypatch.chdir(tmp_path / "notebooks")
    embedded = scrub([str(paths[0]), paths[1].read_bytes(), paths[2]], "A grey square.")["text/html"]
    assert [frame["src"] for frame in data_of(embedded)["frames"][1:]] == [
        f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}" for path in paths[1:]]
    page = scrub(paths, "A grey square.", embed=False)["text/html"]
    assert Elements(page).of("img")[0]["src"] == "../data/a%20run/0.jpg"
    assert [frame["src"] for frame in data_of(page)["frames"]] == [None, "1.jpg", "2.jpg"]
    with pytest.raises(ValueError, match=r"9\.jpg"):
        scrub([folder / "9.jpg"], "A grey square.", embed=False)


def test_thirty_frames_of_a_chapter_fit_into_a_notebook(scrub):
    """A frame costs its JPEG, a third more for base64, and at most 300 bytes beside."""
    photograph = images.load_image("china.jpg", max_side=160)
    frame = io.BytesIO()
    images.to_pil(photograph).save(frame, "JPEG", quality=85)
    page = scrub([photograph] * 30, "A palace.", numbers=[{"content": 0.5}] * 30)["text/html"]
    assert len(page.encode()) < 30 * (len(frame.getvalue()) * 4 / 3 + 300) + 4000
    assert len(page.encode()) < 500_000


@pytest.mark.parametrize(("arguments", "words"), [
    (([], "A square."), "no frame"),
    ((SQUARES, WORDS[:2]), "no caption for 3"),
    ((SQUARES, WORDS, ("a", "b")), "2 label"),
    (({1: SQUARES[0], (1, 2): SQUARES[1]}, "A square."), "1 label"),
    (({("red", 1): SQUARES[0], ("blue", 2): SQUARES[1]}, "A square.", ("a", "b")), "no frame for red, 2"),
    ((SQUARES, WORDS, "a", [{}]), "no entry in numbers for 2"),
    ((SQUARES, WORDS, "a", None, 4), "start is 4"),
])
def test_what_does_not_fit_is_named(scrub, arguments, words):
    with pytest.raises(ValueError, match=words):
        scrub(*arguments)


def colour(figure):
    """The picture's middle, RGB in 0…255, once it has arrived."""
    return figure.locator("img").evaluate("""async i => {
        await i.decode();
        const c = document.createElement('canvas'); c.width = c.height = 1;
        const p = c.getContext('2d'); p.drawImage(i, 0, 0, 1, 1);
        return [...p.getImageData(0, 0, 1, 1).data].slice(0, 3); }""")


def near(found, wanted):
    return np.abs(np.subtract(found, wanted)).max() < 12


@pytest.fixture
def file(scrub, tmp_path):
    """A page that shows one scrub twice and another one once."""
    one = scrub(SQUARES, WORDS, "evaluation", [{"style": i} for i in range(3)])["text/html"]
    two = scrub(COLOURS, NAMES, ("colour", "size"))["text/html"]
    path = tmp_path / "page.html"
    path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title>{one}{one}{two}',
                    encoding="utf-8")
    return path.as_uri()


def test_from_a_file_the_slider_moves_by_keyboard(browser, file):  # noqa: F811
    context = browser.new_context(viewport={"width": 390, "height": 700}, has_touch=True)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file)
    first, second, colours = (page.locator("figure").nth(i) for i in range(3))
    assert page.locator("input").count() == 4
    slider = first.get_by_role("slider", name="evaluation")
    slider.focus()
    slider.press("ArrowRight")
    assert near(colour(first), [102] * 3)
    assert first.locator("img").get_attribute("alt") == first.locator("em").inner_text() == WORDS[1]
    assert first.locator("b").count() == 0, "a caption is text, never HTML"
    assert first.locator("figcaption span").inner_text() == "style 1"
    assert slider.get_attribute("aria-valuetext") == first.locator("output").inner_text() == "2"
    assert near(colour(second), [0] * 3) and second.locator("em").inner_text() == "Black."      # it has its own
    slider.press("End")
    assert near(colour(first), [204] * 3)
    slider.press("Home")
    assert near(colour(first), [0] * 3) and first.locator("em").inner_text() == "Black."

    # Two sliders; and a finger on the right end of the lower one.
    colours.get_by_role("slider", name="colour").press("ArrowRight")
    assert near(colour(colours), [0, 0, 255]) and colours.locator("em").inner_text() == "Blue, small."
    box = colours.get_by_role("slider", name="size").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    playwright.expect(colours.locator("em")).to_have_text("Blue, large.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert said == []
    context.close()


def test_without_javascript_a_file_shows_one_picture_with_its_caption(browser, file):  # noqa: F811
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file)
    first = page.locator("figure").first
    assert first.locator("img").count() == 1 and page.locator("input").count() == 0
    assert first.locator("img").get_attribute("alt") == "Black."
    assert first.inner_text().split("\n") == ["Black.", "style 0"]
    context.close()


@contextmanager
def jupyterlab(folder):
    """A server of JupyterLab in `folder` with settings of its own; → its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {name: str(folder / name.lower()) for name in (
        "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")}
    log = folder / "server.log"
    with open(log, "w") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--port={port}",
             "--IdentityProvider.token=", "--ServerApp.allow_root=True", f"--ServerApp.root_dir={folder}"],
            cwd=folder, env={**os.environ, **own}, stdout=words, stderr=words, start_new_session=True)
    try:
        end = time.monotonic() + 90
        while True:
            assert process.poll() is None and time.monotonic() < end, log.read_text()[-2000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.slow
def test_in_jupyterlab_opened_trusted_or_not_and_run(browser, scrub, tmp_path, monkeypatch):  # noqa: F811
    for name in ("notebooks", "jupyter_data_dir"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    paths = []
    for i, square in enumerate(SQUARES):
        paths.append(tmp_path / f"{i}.jpg")
        images.to_pil(square).save(paths[-1])
    bundles = [scrub(SQUARES, WORDS, "evaluation"), scrub(paths, WORDS, "evaluation", embed=False)]
    code = ("from helpers import figures\nfigures.scrub([f'../{i}.jpg' for i in range(3)], 'A grey square.', "
            "'evaluation', embed=False)")
    for name in ("opened", "trusted"):
        outputs = [nbformat.v4.new_output("display_data", data=bundle) for bundle in bundles]
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell("1", outputs=outputs), nbformat.v4.new_code_cell(code)],
            metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}})
        nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
    NotebookNotary(data_dir=str(tmp_path / "jupyter_data_dir")).sign(
        nbformat.read(tmp_path / "notebooks" / "trusted.ipynb", as_version=4))
    # JupyterLab takes cells that are out of sight off the page, unless told to leave them.
    settings = tmp_path / "jupyterlab_settings_dir" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    with jupyterlab(tmp_path) as address:
        context = browser.new_context(viewport={"width": 1024, "height": 900})
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{address}/lab/tree/notebooks/opened.ipynb?reset")
        shown = page.locator(".jp-OutputArea-output:has(img)")
        playwright.expect(shown).to_have_count(2, timeout=60_000)
        for i in range(2):
            assert near(colour(shown.nth(i)), [0] * 3) and "Black." in shown.nth(i).inner_text()
            assert shown.nth(i).locator("img").get_attribute("alt") == "Black."
        assert page.locator("input[type=range]").count() == 0, "a slider that cannot move"

        page.goto(f"{address}/lab/tree/notebooks/trusted.ipynb?reset")
        playwright.expect(page.locator("figure input[type=range]")).to_have_count(2, timeout=60_000)
        run = page.locator(".jp-CodeCell").nth(1).locator("figure")
        run_cell(page, 1)
        run.locator("input").wait_for(timeout=180_000)       # imports the course first
        for figure in (page.locator("figure").first, page.locator("figure").nth(1), run):
            slider = figure.get_by_role("slider", name="evaluation")
            slider.focus()
            for key, grey in (("ArrowRight", 102), ("ArrowUp", 204), ("ArrowLeft", 102), ("ArrowDown", 0)):
                slider.press(key)            # JupyterLab has shortcuts on all of them
                assert near(colour(figure), [grey] * 3), key
        context.close()
