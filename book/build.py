"""The book: the course's notebooks as pages that need neither a kernel nor a network. `make book` runs this file.

Gathers in book/_build/source what Sphinx reads and in book/_build/beside what lies beside its pages: every frame as a
file of its own, and the notebooks to download. Then Sphinx writes book/_build/html.
"""

import base64
import functools
import hashlib
import html
import io
import json
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from urllib.parse import unquote

import draw
import nbformat
from draw import ROOT, WIDGET
from openings import opening, webp
from PIL import Image
from sphinx.cmd.build import build_main

from helpers.figures import frames

BOOK = ROOT / "book"
BUILT = BOOK / "_build"
SOURCE, BESIDE = BUILT / "source", BUILT / "beside"
SESSION = ROOT / "data" / "studio.webp"          # recorded by record_studio.py
HEAD = """<p class="take"><strong>Run it yourself:</strong> in the course's folder <code>make lab</code> opens the
chapters, and sliders compute what you ask for. This page as a notebook: <a href="{file}" download>{path}</a></p>"""

# How a solution begins: **Exercise 1.** or ## Exercise 1: its title
BEGINS = re.compile(r"(?m)^(?:\*\*(Exercise \d+)\.\*\*|## (Exercise \d+.*)$)\s*")
# A cell that only asks for predictions, or only answers them: the page shows the question, and no fold for its code
PREDICTIONS = re.compile(r"""(?:(?:\w+ = figures\.predict|\w+\.answer)\((?:"[^"]*"|[^()"])*\)\s*)+""")
WIDE = 600               # CSS pixels of a figure whose words would be too small if it were shrunk to a phone


def main():
    for folder in (SOURCE, BESIDE, BUILT / "html"):
        shutil.rmtree(folder, ignore_errors=True)
    gather()
    return build_main(["-b", "html", "-q", "-W", "--keep-going", "-E", "-c", str(BOOK), "-d", str(BUILT / "doctrees"),
                       str(SOURCE), str(BUILT / "html")])


def gather():
    """Write SOURCE and BESIDE."""
    (BESIDE / "frames").mkdir(parents=True)
    shutil.copytree(ROOT / "data", SOURCE / "data", ignore=shutil.ignore_patterns("weights", "*.npz", "__pycache__"))
    shutil.copytree(ROOT / "notebooks", SOURCE / "notebooks", ignore=shutil.ignore_patterns("*.ipynb", "*.py", ".*"))
    chapters = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    solutions = sorted((ROOT / "notebooks" / "solutions").glob("[0-9]*.ipynb"))
    with ThreadPoolExecutor(2) as both:          # while one chapter draws, another computes
        list(both.map(draw.drawn, chapters + solutions))
    for path in chapters + solutions:
        place = path.relative_to(ROOT)
        for folder in (SOURCE, BESIDE):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, BESIDE / place)
        nbformat.write(page_of(path), SOURCE / place)
    shutil.copy(ROOT / "notebooks" / "studio.ipynb", BESIDE / "notebooks")
    for page in BOOK.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        (SOURCE / page.name).write_text(text.replace("SESSION", session("")), encoding="utf-8")
    for page in (SOURCE / "notebooks" / "lesson").glob("*.md"):          # two lines to write on are no two sections
        text = re.sub(r"(?m)^( *)_{10,}$", r"\1<hr>", page.read_text(encoding="utf-8"))
        text = re.sub(r"_{10,}", lambda found: f'<span class="blank" style="width:{len(found[0]) / 2}em"></span>', text)
        text = re.sub(r"(\w+: <span .*?</span>)", r'<span class="together">\1</span>', text)
        page.write_text(text, encoding="utf-8")


def page_of(path):
    """A notebook as its page: no widget, every picture a file, exercises and their solutions leading to each other."""
    notebook = nbformat.read(path, as_version=4)
    up = "../" * (len(path.relative_to(ROOT).parts) - 1)
    states = draw.drawn(path)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](studio.ipynb)", "](../studio.md)")
            for target in re.findall(r"\]\(([^)#]+\.py)\)", cell.source):      # a page offers it to download
                place = (path.parent / target).resolve().relative_to(ROOT)
                (SOURCE / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / place, SOURCE / place)
        if cell.cell_type == "code":
            cell.source = re.sub(r"(?m)^# NBVAL_\w+\n", "", cell.source)
            if PREDICTIONS.fullmatch(cell.source):
                cell.metadata["tags"] = ["remove-input"]
            elif cell.source.startswith("# Check"):
                cell.metadata["mystnb"] = {"code_prompt_show": "Show the check", "code_prompt_hide": "Hide the check"}
            cell.outputs = [shown(output, path.parent, up) for output in states.get(cell.id, cell.outputs)]
    title, _, rest = notebook.cells[0].source.partition("\n")
    take = HEAD.format(file=path.name, path=path.relative_to(ROOT).as_posix())
    if path.parent.name != "solutions":
        take = f"{opening(path.stem[:2], lambda data: up + kept(data))}\n\n{take}"
    notebook.cells[0].source = f"{title}\n\n{take}\n\n{rest}"
    solved = path.parent / "solutions" / f"{path.stem[:2]}_solutions.ipynb"
    if path.parent.name == "solutions":
        notebook.cells = list(folded(notebook.cells, titles_of(path.parent.parent, path.stem[:2])))
    elif solved.exists():
        notebook.cells = list(with_solutions(notebook.cells, f"solutions/{solved.stem}.html"))
    return notebook


def name_of(cell):
    """The name of an exercise: of the first check in its cell; None for any other cell."""
    if "exercise" not in cell.metadata.get("tags", ()):
        return None
    return re.search(r"exercises\.check\(\s*[\"'](\w+)", cell.source)[1]


def with_solutions(cells, page):
    """Under each exercise a link to its solution."""
    for cell in cells:
        yield cell
        if name := name_of(cell):
            yield nbformat.v4.new_markdown_cell(f'<p class="solved"><a href="{page}#{name}">Its solution</a></p>')


def titles_of(folder, chapter):
    """{"Exercise 1": "Exercise 1: its title"} of a chapter, as text."""
    path, = folder.glob(f"{chapter}_*.ipynb")
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    return {found[1]: found[0].lstrip("# ").replace("$", "")
            for found in re.finditer(r"(?m)^#+ (Exercise \d+): .*$", text)}


def folded(cells, titles):
    """Each solution in a fold of its own, from its "Exercise" to the next one or to another heading."""
    opened = False
    for cell in cells:
        begins = BEGINS.search(cell.source) if cell.cell_type == "markdown" else None
        before = cell.source[:begins.start()] if begins else ""
        if before:
            yield nbformat.v4.new_markdown_cell(before)
        if opened and (begins or (cell.cell_type == "markdown" and cell.source.startswith("#"))):
            yield nbformat.v4.new_markdown_cell("</details>")
            opened = False
        if begins:
            title = html.escape(titles.get(begins[1], begins[1]) or begins[2])
            summary = f'<details class="solution"><summary>{title}</summary>'
            yield nbformat.v4.new_markdown_cell(summary)
            opened, cell.source = True, cell.source[begins.end():]
        if name := name_of(cell):
            yield nbformat.v4.new_markdown_cell(f'<span id="{name}"></span>')
        yield cell
    if opened:
        yield nbformat.v4.new_markdown_cell("</details>")


def shown(output, folder, up):
    """An output as a page shows it. folder: whence its files are addressed; up: from its page to the book's root."""
    data = output.get("data", {})
    kind = next((kind for kind in data if kind.startswith("image/")), None)
    if kind:
        meta = output.get("metadata", {}).get(kind, {})
        text = movable(image(base64.b64decode("".join(data[kind])), meta["alt"], meta.get("width"), up))
    elif WIDGET in data:
        words = "".join(data["text/plain"])
        text = session(up) if words.startswith("[the studio") else f"<p>{html.escape(words)}</p>"
    elif "text/html" in data:
        text = movable(with_files("".join(data["text/html"]), folder, up))
    else:
        return output
    return nbformat.v4.new_output("display_data", {"text/html": text})


def movable(text):
    """HTML whose wide figures are not shrunk to a phone, but may be moved sideways there: book.css."""
    def boxed(found):
        picture, width = found[0], int(found[1])
        return f'<div class="wide" style="--natural:{width}px">{picture}</div>' if width > WIDE else picture
    return re.sub(r'<img [^>]*?width="(\d+)"[^>]*>', boxed, text)


def image(data, alt, width, up):
    """→ an <img> of a file beside the pages."""
    with Image.open(io.BytesIO(data)) as opened:
        wide, high = opened.size
    width = int(width or wide)
    return (f'<img class="shown" src="{up}{kept(data)}" alt="{html.escape(alt)}" width="{width}" '
            f'height="{round(width * high / wide)}" loading="lazy">')


def with_files(text, folder, up):
    """HTML with its pictures, whether stored inside or addressed from `folder`, as files beside the pages."""
    first = re.search(r'<img [^>]*?src="([^"]+)"', text)

    def frames_of(found):                        # a scrub addresses its frames from the folder of its first picture
        given, lies = json.loads(found[2]), folder / PurePosixPath(html.unescape(first[1])).parent
        for frame in given["frames"]:
            if frame["src"] is not None:
                frame["src"] = PurePosixPath(kept(bytes_of(frame["src"], lies))).name
        return found[1] + json.dumps(given, ensure_ascii=False).replace("<", "\\u003c") + found[3]

    text = re.sub(r'(<script type="application/json">)(.*?)(</script>)', frames_of, text, flags=re.DOTALL)
    return re.sub(r'(<img [^>]*?src=")([^"]+)(")',
                  lambda found: found[1] + up + kept(bytes_of(html.unescape(found[2]), folder)) + found[3], text)


def bytes_of(source, folder):
    """What a picture's address in a notebook stands for."""
    if source.startswith("data:"):
        return base64.b64decode(source.partition(",")[2])
    return (folder / unquote(source)).read_bytes()


def kept(data):
    """Put a picture beside the pages, once, under a name made of what is in it; → its address from the book's root."""
    if data[:2] == b"\x89P":                      # the same pixels in two thirds of the room
        data = webp(Image.open(io.BytesIO(data)), lossless=True)
    kind = {b"\xff\xd8": "jpg", b"RI": "webp", b"GI": "gif"}[data[:2]]
    address = f"frames/{hashlib.sha256(data).hexdigest()[:16]}.{kind}"
    (BESIDE / address).write_bytes(data)
    return address


@functools.cache
def session(up):
    """The recorded session of the studio as sliders over its frames."""
    told = json.loads(SESSION.with_suffix(".json").read_text(encoding="utf-8"))
    pictures = []
    with Image.open(SESSION) as recorded:
        for moment in range(recorded.n_frames):
            recorded.seek(moment)
            pictures.append(webp(recorded.convert("RGB"), quality=75))
        width = recorded.width
    text, _ = frames.page(pictures, [moment["caption"] for moment in told], "moment",
                          [moment["numbers"] for moment in told], None, width, True)
    return with_files(text, ROOT, up)


if __name__ == "__main__":
    sys.exit(main())
