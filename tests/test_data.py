"""The course's pictures: size, credit, and that the painting script paints them."""

import importlib

import numpy as np
import pytest
from PIL import Image

from helpers import images

PAINT = images.DATA / "style" / "paint.py"


@pytest.fixture
def painter(monkeypatch):
    """The painting script as it finds its manners when it is run: beside itself."""
    monkeypatch.syspath_prepend(PAINT.parent)
    return importlib.import_module("paint")


@pytest.mark.parametrize("kind, least, side, most", [("content", 5, 500, 1000), ("style", 6, 700, 1200)])
def test_pictures_have_the_sizes_that_the_chapters_rely_on(kind, least, side, most):
    pictures = images.available(kind)
    assert len(pictures) >= least
    for path in pictures.values():
        with Image.open(path) as picture:
            assert side <= max(picture.size) <= most, path.name
        assert path.stat().st_size <= 400_000, path.name


def test_every_picture_is_credited():
    sources = (images.DATA / "SOURCES.md").read_text(encoding="utf-8")
    names = [path.name for path in images.DATA.glob("*/*.jpg")]
    assert names
    assert not [name for name in names if f"| {name} |" not in sources]


@pytest.mark.parametrize("name", ["glass", "wave", "dots", "ink"])
def test_script_paints_the_picture_that_is_kept(name, painter):
    kept = np.asarray(Image.open(images.available("style")[name]).convert("RGB"), np.float32)
    painted = painter.paint(name).astype(np.float32)
    assert painted.shape == kept.shape
    assert np.abs(painted - kept).mean() < 8          # what JPEG loses
    other = np.asarray(Image.open(images.available("style")["swirls"]).convert("RGB"), np.float32)
    assert np.abs(other - kept).mean() > 30


def test_script_has_a_picture_for_every_style(painter):
    assert set(painter.PICTURES) == set(images.available("style"))


def test_strokes_keep_their_distance_and_stay_in_their_part(painter):
    tools = importlib.import_module("manners.tools")
    part = (tools.X > 400).astype(int)
    lines = tools.strokes(np.random.default_rng(0), np.zeros(part.shape), 40, 120, part, tries=3000)
    assert len(lines) > 80
    assert all(len(set(tools.at(part, line).tolist())) == 1 for line in lines)
    for n, line in enumerate(lines):                  # along x: whole lines are apart, above or beside one another
        apart = [np.abs(line[:, None] - other[None]).max(-1).min() for other in lines[n + 1:]]
        assert min(apart, default=40) >= 25           # 0.8 × 40, less the rounding to pixels and every second point
