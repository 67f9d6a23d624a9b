"""The minutes in a chapter's head: the README says the same, and they are no fewer than reading and typing take."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "notebooks").glob("0*.ipynb"))
WORDS, LINES, EXERCISE, LOOK = 180, 30, 2, 0.3      # words and lines of code a minute; minutes for one, hurrying


def least(cells):
    """The minutes that a chapter's cells ask for at least, without those in which the machine computes."""
    prose = " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    unfolded = ["".join(cell["source"]) for cell in code
                if not cell["metadata"].get("jupyter", {}).get("source_hidden")]
    words = len(re.findall(r"[A-Za-z][\w'-]*", re.sub(r"\$\$.*?\$\$", "", prose, flags=re.DOTALL)))
    lines = sum(bool(line.strip()) for source in unfolded for line in source.splitlines())
    exercises = sum("exercise" in cell["metadata"].get("tags", []) for cell in code)
    looks = len(re.findall(r"figures\.(?!new\b)[a-z_]+\(", "\n".join("".join(cell["source"]) for cell in code)))
    return words / WORDS + lines / LINES + exercises * EXERCISE + looks * LOOK


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_minutes_in_the_head_are_the_readmes_and_enough(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    head = "\n".join("".join(cell["source"]) for cell in cells[:2])
    told = int(re.search(r"\*\*Time:?\*\*[^\d]*(\d+) minutes", head).group(1))
    listed = re.search(rf"\({re.escape('notebooks/' + path.name)}\) \| (\d+) \|",
                       (ROOT / "README.md").read_text(encoding="utf-8"))
    assert told == int(listed.group(1))
    assert told >= least(cells), f"{least(cells):.0f} minutes are the least"
