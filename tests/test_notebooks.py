"""What a reader sees of the notebooks, kept in order. That they run is nbval's part."""

import base64
import json
import re
from pathlib import Path

import pytest

from helpers import exercises

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
CHAPTERS = sorted(FOLDER.glob("0*.ipynb"))
SOLUTIONS = sorted((FOLDER / "solutions").glob("0*.ipynb"))
ALL = CHAPTERS + SOLUTIONS + [FOLDER / "studio.ipynb"]


def cells(path, kind=None):
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if kind in (None, cell["cell_type"])]


def source(cell):
    return "".join(cell["source"])


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell["outputs"]]


def text(output):
    data = output.get("data", {})
    words = "".join(["".join(output.get("text", "")), *("".join(data.get(kind, "")) for kind in
                                                        ("text/plain", "text/markdown", "text/html"))])
    return re.sub(r"base64,[\w+/=]+", "base64", words)        # a picture is no text, whatever its letters look like


def exercise_cells(path):
    """→ {names of the checks in a cell: what was printed there}."""
    found = {}
    for cell in cells(path, "code"):
        if "exercise" in cell["metadata"].get("tags", []):
            names = re.findall(r"exercises\.check\(\s*[\"'](\w+)", source(cell))
            found[tuple(names)] = "".join(text(output) for output in cell["outputs"])
    return found


def test_chapters_are_there():
    assert [path.stem[:2] for path in CHAPTERS] == ["00", "01", "02", "03", "04", "05", "06", "07", "08"]
    assert FOLDER / "06_studio.ipynb" in CHAPTERS


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_run_once_from_top_to_bottom(path):
    code = [cell for cell in cells(path, "code") if source(cell).strip()]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not [output for output in outputs(path) if output["output_type"] == "error"]


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_outputs_hold_nothing_of_one_machine(path):
    for output in outputs(path):
        assert not re.search(r"(?<![\w.:/])/(?:[\w.-]+/){2,}|[A-Z]:\\\\", text(output)), text(output)[:200]
        assert not re.search(r"Warning|WARNING|cuda|Traceback", text(output)), text(output)[:200]
        assert output.get("name") != "stderr", text(output)[:200]
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert "widgets" not in notebook["metadata"]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_figures_are_small_and_described(path):
    assert path.stat().st_size <= 1_500_000
    for output in outputs(path):
        for kind, data in output.get("data", {}).items():
            if kind.startswith("image/"):
                size = len(base64.b64decode("".join(data)))
                assert size <= 150_000, f"{size} bytes: {text(output)[:80]}"
                assert len(output["metadata"].get(kind, {}).get("alt", "")) > 15, text(output)[:80]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_opens_and_closes_as_all_do(path):
    prose = [source(cell) for cell in cells(path, "markdown")]
    assert re.match(rf"# {path.stem[:2]} · ", prose[0])
    head = "\n".join(prose[:2])
    assert re.search(r"\*\*(You need|Before you start)", head) and re.search(r"\*\*Time", head)
    assert 3 <= len(re.findall(r"(?m)^- ", head.split("**Afterwards you can**")[1])) <= 5
    assert "## In this notebook we" in prose[-1]
    assert any("# Check" in source(cell) and "assert" in source(cell) for cell in cells(path, "code"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_links_between_notebooks_lead_somewhere(path):
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)#\s]+\.(?:ipynb|md|py))", source(cell)):
            if "://" not in target:
                assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_exercise_has_a_stub_a_check_and_a_solution(path):
    stubs = exercise_cells(path)
    solution = FOLDER / "solutions" / f"{path.stem[:2]}_solutions.ipynb"
    solved = exercise_cells(solution) if solution.exists() else {}
    assert set(stubs) == set(solved)
    for names, printed in stubs.items():
        assert names and all(name in exercises.CHECKS for name in names)
        assert printed.count("… Not yet.") == len(names), (names, printed)
    for names, printed in solved.items():
        assert printed.count("✔ Right.") == len(names), (names, printed)


def test_every_check_belongs_to_an_exercise():
    used = {name for path in CHAPTERS for names in exercise_cells(path) for name in names}
    assert used == set(exercises.CHECKS)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_prediction_with_options_is_answered_below(path):
    """One that is typed may be answered by what comes; one with options has the right one told."""
    asked = {}
    for place, cell in enumerate(cells(path, "code")):
        code = source(cell)
        for name, options in re.findall(r"^(\w+) = figures\.predict\((.*?)\)$", code, re.DOTALL | re.MULTILINE):
            assert name not in asked, "another question under a name that still waits"
            if len(re.findall(r'",\s', options)) >= 2:
                asked[name] = place
        for name in re.findall(r"^(\w+)\.answer\(", code, re.MULTILINE):
            assert asked.pop(name, place) <= place
    assert not asked


@pytest.mark.parametrize("path", [p for p in CHAPTERS if p.stem[:2] in ("01", "02", "03", "04", "05")], ids=str)
def test_chapters_have_enough_to_do(path):
    code = "\n".join(source(cell) for cell in cells(path, "code"))
    prose = "\n".join(source(cell) for cell in cells(path, "markdown")).lower()
    assert len(exercise_cells(path)) >= 4
    assert code.count("figures.interact(") >= 2
    assert prose.count("predict") + prose.count("before you run") >= 3


def test_conda_and_pip_install_the_same_set():
    root = FOLDER.parent
    lines = (root / "environment.yml").read_text(encoding="utf-8").splitlines()
    packages = [line.strip().removeprefix("- ") for line in lines[lines.index("dependencies:") + 1:]]
    assert packages == ["python=3.12", "pip", "pip:", "-r requirements.txt"]     # nothing but what pip reads there
    for line in (root / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert "==" in line or line == "-e .", line


def test_a_check_never_raises():
    def broken(*_):
        raise RuntimeError("a learner's slip")
    for name in exercises.CHECKS:
        assert exercises.judge(name, broken)[0] == "wrong", name
        assert exercises.judge(name, lambda *_: ...)[0] != "right", name
        assert exercises.judge(name, ...)[0] == "not yet", name
        assert exercises.judge(name, 1e9)[0] == "wrong", name
    assert exercises.judge("no such exercise", 1)[0] == "wrong"
