"""The book: built, then read from files in a real Chromium that may open nothing else."""

import base64
import importlib
import io
import json
import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import numpy as np
import pytest
from PIL import Image
from test_browser import browser  # noqa: F401

from helpers import figures
from helpers.studio.files import jpeg

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "book" / "_build" / "html"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")) + sorted((ROOT / "notebooks/solutions").glob("*.ipynb"))
PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1366, "height": 768}


@pytest.fixture(scope="module")
def pages():
    """Builds the book; → its pages. A chapter whose states are kept is not run again."""
    built = subprocess.run([sys.executable, ROOT / "book" / "build.py"], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-4000:]
    return sorted(path for path in BUILT.rglob("*.html") if "_static" not in path.parts)


@pytest.fixture(scope="module")
def reader(browser):  # noqa: F811
    """Opens a page of the book; → the page, and what went wrong on it: every other request, error and warning."""
    context = browser.new_context(viewport=LAPTOP)
    wrong = []

    def decide(route):
        if route.request.url.startswith("file:"):
            return route.continue_()
        wrong.append(f"asks for {route.request.url}")
        return route.abort()

    context.route("**/*", decide)
    page = context.new_page()
    page.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))

    def open_page(path, viewport=LAPTOP, scheme="light"):
        wrong.clear()
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        page.goto(path.as_uri())
        return page, wrong
    yield open_page
    context.close()


def name(path):
    return path.relative_to(BUILT).as_posix()


class Found(HTMLParser):
    """What a page refers to, and the names in it that can be referred to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.data, self.kind = [], set(), [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [given[key] for key in ("href", "src") if given.get(key)]
        self.ids |= {given[key] for key in ("id", "name") if given.get(key)}
        self.kind = given.get("type") if tag == "script" else None

    def handle_endtag(self, tag):
        self.kind = None

    def handle_data(self, data):
        if self.kind == "application/json":
            self.data.append(json.loads(data))


@pytest.mark.slow
def test_each_notebook_has_its_page_and_lies_beside_it(pages):
    for path in NOTEBOOKS:
        page = BUILT / path.relative_to(ROOT).with_suffix(".html")
        assert page in pages, path.name
        assert page.with_suffix(".ipynb").read_bytes() == path.read_bytes()
        assert f'href="{path.name}" download' in page.read_text(encoding="utf-8")
    first = (BUILT / "index.html").read_text(encoding="utf-8")
    listed = re.findall(r'href="([^"#]+\.html)"', first[first.index("sidebar-tree"):first.index("</aside>")])
    assert len(listed) == len(set(listed)) and len(listed) >= len(NOTEBOOKS) + 2


@pytest.mark.slow
def test_a_chapter_begins_with_its_figure(pages):
    for path in NOTEBOOKS:
        if path.parent.name == "notebooks":
            text = (BUILT / path.relative_to(ROOT).with_suffix(".html")).read_text(encoding="utf-8")
            article = text[text.index("<article"):]
            head, _, rest = article.partition('<p class="take">')
            sources = re.findall(r'<img src="([^"]+)"', head)
            assert '<figure class="opening">' in head and len(sources) >= 3, path.name
            assert not any(source in rest for source in sources), path.name


@pytest.mark.slow
def test_links_and_pictures_are_there(pages):
    found = {path: Found(path.read_text(encoding="utf-8")) for path in pages}
    for path in pages:
        for link in found[path].links:
            address, _, part = unquote(link).partition("#")
            if re.match(r"(https?|mailto):", link) or address.startswith("data:"):
                continue
            target = (path.parent / address.partition("?")[0]).resolve() if address else path
            assert target.is_file(), f"{name(path)}: {link}"
            if part and target.suffix == ".html":
                assert part in found[target].ids, f"{name(path)}: {link}"


@pytest.mark.slow
def test_formulas_hold_no_latex(pages):
    for path in pages:
        for formula in re.findall(r"<math.*?</math>", path.read_text(encoding="utf-8"), re.DOTALL):
            assert "\\" not in formula, f"{name(path)}: {formula}"


@pytest.mark.slow
def test_every_slider_of_the_notebooks_is_there(pages):
    """One scrub for each `interact` and each `scrub`, and no widget, which would need a kernel."""
    for path in NOTEBOOKS:
        code = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
        text = (BUILT / path.relative_to(ROOT).with_suffix(".html")).read_text(encoding="utf-8")
        assert text.count('<figure class="scrub"') >= len(re.findall(r"figures\.(?:interact|scrub)\(", code)), path.name
        assert "widget-view" not in text and "data:image" not in text.replace("data:image/svg", ""), path.name
        assert "[sliders:" not in text and "[the studio" not in text, path.name


@pytest.mark.slow
def test_pages_ask_nobody_and_every_slider_changes_its_picture(pages, reader):
    moved = 0
    for path in pages:
        page, wrong = reader(path)
        broken = page.evaluate("""async () => {
            const images = [...document.images].map(image => { image.loading = "eager"; return image; });
            const told = await Promise.all(images.map(image => image.decode().then(() => null, () => image.src)));
            return told.filter(Boolean); }""")
        assert broken == [], name(path)
        assert page.locator("img:not([alt]), img[alt='']").count() == 0, name(path)
        for figure in page.locator("figure.scrub").all():
            sliders = figure.get_by_role("slider").all()
            assert sliders, f"{name(path)}: a figure without its sliders"
            for slider in sliders:
                shown = set()
                for key in ("End", "Home", "ArrowRight"):
                    slider.press(key)
                    shown.add(figure.locator("img").evaluate("async i => { await i.decode(); return i.src; }"))
                    assert figure.locator("img").get_attribute("alt") == figure.locator("em").inner_text() != ""
                label = slider.get_attribute("aria-label")
                assert len(shown) > 1, f"{name(path)}: {label} moves, and nothing changes"
                slider.press("Home")
                moved += 1
        assert wrong == [], f"{name(path)}: {wrong}"
    assert moved >= 20


@pytest.mark.slow
def test_pages_fit_a_phone(pages, reader):
    for path in pages:
        page, _ = reader(path, PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name(path)
        shrunk = page.evaluate("""() => [...document.querySelectorAll("img.shown, .scrub img")].filter(image =>
            image.offsetParent && image.clientWidth < 0.55 * image.getAttribute("width")).map(image => image.alt)""")
        # The studio's recorded session is one large screenshot: what it is for is the picture in it, not its words.
        assert [alt for alt in shrunk if not alt.startswith("Before the start")] == [], name(path)
        for slider in page.get_by_role("slider").all()[:2]:
            assert slider.bounding_box()["height"] >= 24, name(path)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_a_screen_readers_way(pages, reader, scheme):
    """In dark only the colours can differ."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": ["color-contrast"]} if scheme == "dark" else {})
    found = []
    for path in pages:
        page, _ = reader(path, LAPTOP, scheme)
        page.evaluate("""() => {
            document.querySelectorAll('details').forEach(fold => { fold.open = true; });
            return Promise.all(document.getAnimations().map(each => each.finished)); }""")     # what fades in is pale
        found += [f"{name(path)}: {violation['id']}: {node['html'][:160]}"
                  for violation in axe.Axe().run(page, options=options).response["violations"]
                  if violation["impact"] in ("serious", "critical") for node in violation["nodes"]]
    assert found == []


@pytest.mark.slow
def test_search_finds_a_chapter_from_a_file(pages, reader):
    page, wrong = reader(BUILT / "index.html")
    page.get_by_role("textbox", name="Search").first.fill("Gram matrix")
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#search-results li a").filter(has_text="Style loss").first).to_be_visible()
    assert wrong == []


@pytest.mark.slow
def test_the_search_page_without_a_word_says_where_to_type_it(pages, reader):
    page, wrong = reader(BUILT / "search.html")
    playwright.expect(page.locator("#search-results")).to_contain_text("Type a word")
    assert wrong == []


def rare_word(chapter, pages):
    """The longest word that only one chapter has, in its prose, and that begins as no word of another page."""
    cells = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", 4).cells
    prose = "\n".join(line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines()
                      if not re.match(r"#|\||\$|<", line))
    elsewhere = " ".join([path.read_text(encoding="utf-8") for path in pages if path.stem != chapter]
                         + [cell.source for cell in cells if cell.cell_type == "code"]
                         + re.findall(r"(?m)^#.*", "\n".join(cell.source for cell in cells))).lower()
    words = {word for word in re.findall(r"(?<![\w`.])[a-z]{8,}(?![\w`.])", prose) if word[:5] not in elsewhere}
    return max(sorted(words), key=len)


@pytest.mark.slow
@pytest.mark.parametrize("chapter", ["00_start_here", "03_style_loss", "08_after_2015"])
def test_search_finds_a_word_of_the_text_and_leads_to_its_section(pages, reader, chapter):
    word = rare_word(chapter, pages)
    page, wrong = reader(BUILT / "index.html", PHONE)
    page.goto(f"{(BUILT / 'search.html').as_uri()}?q={word}")
    found = page.locator("ul.search > li")
    playwright.expect(found).to_have_count(1)
    playwright.expect(found.locator("a").first).to_have_attribute("href", f"notebooks/{chapter}.html")
    playwright.expect(found.locator("mark").first).to_have_text(re.compile(word, re.IGNORECASE))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    told = axe.Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    assert [each["id"] for each in told if each["impact"] in ("serious", "critical")] == []
    section = found.locator("li a").first
    part = section.get_attribute("href").partition("#")[2]
    section.click()
    page.wait_for_url(f"**/{chapter}.html#{part}")
    playwright.expect(page.locator(f"section[id='{part}']")).to_contain_text(re.compile(word, re.IGNORECASE))
    assert wrong == []


@pytest.mark.slow
def test_a_solution_is_folded_and_its_exercise_leads_to_it(pages, reader):
    for path in pages:
        if path.parent.name == "solutions":
            page, _ = reader(path)
            solved = page.locator(".tag_exercise").count()
            assert solved == page.locator("details.solution .tag_exercise").count() > 0, name(path)
    page, _ = reader(BUILT / "notebooks" / "02_content_loss.html")
    page.locator("p.solved a").first.click()
    page.wait_for_url("**/solutions/02_solutions.html#*")
    folds = page.locator("details.solution")
    solved = nbformat.read(ROOT / "notebooks" / "solutions" / "02_solutions.ipynb", 4).cells
    assert folds.count() == len([cell for cell in solved if cell.source.startswith("**Exercise")])
    playwright.expect(folds.first).to_have_attribute("open", "")
    assert folds.nth(1).get_attribute("open") is None and not folds.nth(1).locator("pre").first.is_visible()


@pytest.mark.slow
def test_the_book_is_small(pages):
    assert sum(path.stat().st_size for path in BUILT.rglob("*") if path.is_file()) <= 60e6
    for path in pages:
        assert path.stat().st_size <= 1.5e6, name(path)


def test_the_recorded_session_is_whole_and_small():
    recorded = ROOT / "data" / "studio.webp"
    told = json.loads(recorded.with_suffix(".json").read_text(encoding="utf-8"))
    with Image.open(recorded) as frames:
        assert frames.n_frames == len(told) >= 30
    assert recorded.stat().st_size <= 3e6
    evaluations = [moment["numbers"]["evaluation"] for moment in told]
    assert evaluations == sorted(evaluations) and evaluations[-1] > 60
    assert len({moment["numbers"]["Style"] for moment in told}) >= 5       # it was steered


# --- the figure at the head of a chapter

@pytest.fixture
def openings(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    return importlib.import_module("openings")


def test_each_chapter_has_a_figure_of_its_own_and_small(openings):
    chapters = [path.stem[:2] for path in NOTEBOOKS if path.parent.name == "notebooks"]
    assert sorted(openings.OPENINGS) == chapters
    shown = []
    for chapter in chapters:
        made = []
        text = openings.opening(chapter, lambda data, made=made: made.append(data) or f"{len(made)}.webp")
        assert sum(map(len, made)) <= 60_000, chapter
        alts = re.findall(r'alt="([^"]+)"', text)
        assert len(alts) == len(set(alts)) == len(made) == len(set(made)) >= 3, chapter
        for data in made:
            with Image.open(io.BytesIO(data)) as picture:
                rows = np.asarray(picture.convert("RGB"), float) / 255
            assert rows.std() > 0.05, chapter
            for edge in (rows[0], rows[-1], rows[:, 0], rows[:, -1]):        # cut from a figure, with nothing round it
                assert (edge > 0.99).all(-1).mean() < 0.9, chapter
        shown.append(tuple(made[1:]))
    assert len(set(shown)) == len(chapters)


# --- how states are drawn

@pytest.mark.slow
def test_the_states_of_a_notebook_become_frames_once(tmp_path, monkeypatch):
    """Run by a real kernel: three sliders, more states than a page takes, a table, and something printed."""
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    draw = importlib.import_module("draw")
    monkeypatch.setattr(draw, "KEPT", tmp_path / "drawn")
    widget = nbformat.v4.new_output("display_data", {draw.WIDGET: {"model_id": "gone"}, "text/plain": "[sliders: …]"})
    show = """import numpy as np
from helpers import figures
picture = state = thinned = "a chapter has such names too"

def show(grey, rows=8, columns=8):
    figures.grid({"a square": np.full((rows, columns, 3), grey)}, f"Grey {grey}, {rows} × {columns}.")

def show_more(grey):
    figures.grid({"a square": np.full((8, 8, 3), grey)}, f"Grey {grey}.")
    figures.table({"distance": [grey, 2 * grey]}, ["once", "twice"])
    print("half:", grey / 2)"""
    lines = [show, "figures.interact(show, grey=[0.0, 0.5, 1.0], rows=[4, 8], columns=[4, 8])",
             "figures.interact(show, grey=[i / 100 for i in range(101)])",
             "figures.interact(show_more, grey=[0.2, 0.4])"]
    cells = [nbformat.v4.new_code_cell(line, outputs=[widget] if "interact" in line else []) for line in lines]
    path = tmp_path / "chapter.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    found = draw.drawn(path)
    three, many, more = (found[cell.id] for cell in cells[1:])
    given, = Found(three[0]["data"]["text/html"]).data
    assert [axis["label"] for axis in given["axes"]] == ["grey", "rows", "columns"] and len(given["frames"]) == 12
    assert given["frames"][-1]["caption"] == "Grey 1.0, 8 × 8."
    given, = Found(many[0]["data"]["text/html"]).data
    assert len(given["frames"]) == 60 and given["axes"][0]["values"][-1] == "1"
    assert many[1]["data"]["text/markdown"].startswith("This page has 60 of 101 positions")
    given, = Found(more[0]["data"]["text/html"]).data
    assert given["frames"][1]["caption"] == "Grey 0.4. half: 0.2" and len(more) == 1
    assert given["frames"][1]["numbers"] == "distance: once 0.4 · twice 0.8"

    monkeypatch.setattr(draw, "run", None)           # kept: not run again
    assert draw.drawn(path) == found
    cells[0].source += "\n"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    with pytest.raises(TypeError):
        draw.drawn(path)


@pytest.fixture
def states(monkeypatch):
    monkeypatch.setattr(figures, "interact", figures.interact)       # put back afterwards: the file replaces it
    return runpy.run_path(str(ROOT / "book" / "states.py"))


def test_long_lists_are_thinned_and_keep_their_ends(states):
    thinned = states["thinned"]
    few = {"layer": list("abcde"), "evaluation": [1, 2, 3]}
    assert thinned(few) == few
    many = thinned({"layer": list(range(16)), "rank": list(range(1, 25))})
    assert 40 <= len(many["layer"]) * len(many["rank"]) <= 60
    for kept, last in ((many["layer"], 15), (many["rank"], 24)):
        assert kept == sorted(set(kept)) and kept[0] in (0, 1) and kept[-1] == last


def test_a_state_is_its_picture_its_words_and_its_numbers(states):
    """From what a kernel sends: two pictures, a table, and something printed."""
    picture = base64.b64encode(jpeg(np.full((12, 16, 3), 0.5, np.float32))).decode()
    table = "| |block1|block2|\n|---|---:|---:|\n|style distance|0.1|2|"
    data, caption, numbers = states["state"]([
        {"output_type": "display_data", "data": {"image/jpeg": picture, "text/plain": "Above."}},
        {"output_type": "display_data", "data": {"image/jpeg": picture, "text/plain": "Below."}},
        {"output_type": "display_data", "data": {"text/markdown": table}},
        {"output_type": "stream", "text": "outside ÷ inside: 0\n"}])
    with Image.open(io.BytesIO(data)) as sheet:
        assert sheet.size == (16, 24)
    assert caption == "Above. Below. outside ÷ inside: 0"
    assert numbers == {"style distance: block1": "0.1", "block2": "2"}


def test_a_widget_that_holds_a_picture_stands_as_this_picture():
    draw = runpy.run_path(str(ROOT / "book" / "draw.py"))
    picture = base64.b64encode(jpeg(np.full((12, 16, 3), 0.5, np.float32))).decode()
    widgets = {
        "box": {"model_name": "VBoxModel", "state": {"children": ["IPY_MODEL_slider", "IPY_MODEL_view"]}},
        "slider": {"model_name": "FloatLogSliderModel", "state": {"value": 100.0, "description": "style"}},
        "view": {"model_name": "ImageModel", "state": {"format": "jpeg", "width": "384"},
                 "buffers": [{"path": ["value"], "encoding": "base64", "data": picture}]},
        "words": {"model_name": "HTMLModel", "state": {"value": "words"}}}

    def shown(model):
        data = {draw["WIDGET"]: {"model_id": model}, "text/plain": "[something]"}
        return draw["still"](nbformat.v4.new_output("display_data", data), widgets)
    still = shown("box")
    assert still.data["image/jpeg"] == picture
    assert "style 100" in still.metadata["image/jpeg"]["alt"] and still.metadata["image/jpeg"]["width"] == "384"
    assert shown("words").data["text/plain"] == "[something]"
