"""What a teacher prints and shows: notebooks/lesson."""

import importlib.util
import json
import re

import numpy as np
import pytest
from PIL import Image

from helpers import images

LESSON = images.DATA.parent / "notebooks" / "lesson"


def annotate():
    spec = importlib.util.spec_from_file_location("annotate", LESSON / "annotate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_number_on_the_studios_picture_is_explained_in_chapter_06():
    cells = json.loads((LESSON.parent / "06_studio.ipynb").read_text(encoding="utf-8"))["cells"]
    (paint,) = [text for cell in cells if (text := "".join(cell["source"])).startswith("## 1. Paint")]
    assert re.search(r"!\[[^\]]{20,}\]\(lesson/studio\.jpg\)", paint)
    table = "\n".join(line for line in paint.splitlines() if line.startswith("|"))
    assert [int(number) for number in re.findall(r"\| (\d) ", table)] == list(annotate().PLACES)


def test_script_puts_a_disc_at_each_place_and_the_kept_picture_has_them(tmp_path):
    module, kept = annotate(), np.asarray(Image.open(LESSON / "studio.jpg"))
    before, screenshot = np.full(kept.shape, 200, np.float32), tmp_path / "screenshot.png"
    Image.fromarray(before.astype(np.uint8)).save(screenshot)
    drawn = np.asarray(module.annotate(screenshot))
    assert drawn.shape == kept.shape and (LESSON / "studio.jpg").stat().st_size <= 150_000
    for x, y in module.PLACES.values():
        for image in (drawn, kept):
            red, green, blue = image[y, x - 10].astype(int)          # inside the disc, beside its number
            assert red > 140 and green < 90 and blue < 90, (x, y)
    assert (np.abs(drawn - before).max(axis=2) > 0).mean() < 0.01, "the rest is left as it was"


@pytest.mark.parametrize("name", ["worksheet", "exit_ticket"])
def test_a_sheet_fits_a_page(name):
    text = (LESSON / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith("# ") and "____" in text
    assert sum(max(1, -(-len(line) // 95)) for line in text.splitlines()) <= 55         # lines of a printed page
