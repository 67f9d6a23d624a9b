"""The atlas: what is kept fits the code that made it, and a run that was broken off is gone on with."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from helpers import engine, figures, images, losses

FOLDER = images.DATA / "atlas"
sys.path.insert(0, str(FOLDER))
import make  # noqa: E402
import plan  # noqa: E402
import sheet  # noqa: E402

ATLAS = make.read()
FAMILIES = {}                                               # family: its runs
for run_name in ATLAS["runs"]:
    FAMILIES.setdefault(run_name.partition("/")[0], []).append(run_name)
# Of the loss at the start and after two steps, relative. The convolutions here are direct, the atlas' are Winograd's:
# on one machine they agreed within 5e-6; the rest is for decoders of JPEG that round otherwise.
TOLERANCE = 1e-3


def test_every_picture_has_its_entry_and_every_entry_its_pictures():
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*") if path.parent.name != "__pycache__"}
    named = [path for entry in ATLAS["runs"].values() for path in make.pictures(entry)]
    assert named and there == set(named) and len(named) == len(there)
    for path in named:
        with Image.open(FOLDER / path) as picture:
            assert 100 <= max(picture.size) <= 512, path


def test_the_atlas_is_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 25e6


@pytest.mark.parametrize("name", ATLAS["runs"])
def test_an_entry_says_how_its_run_went(name):
    entry = ATLAS["runs"][name]
    curve, limit = entry["curve"], sum(stage["limit"] for stage in entry["settings"]["stages"])
    assert name == f"{name.partition('/')[0]}/{'-'.join(map(str, entry['key'].values()))}"
    assert entry["ended"] in ("arrived", "reached", "limit") and entry["evaluations"] <= limit
    assert len({len(values) for values in curve.values()}) == 1 and len(curve["loss"]) <= make.POINTS
    assert curve["evaluation"][0] == 1 and curve["evaluation"][-1] == entry["evaluations"]
    assert curve["loss"][:3] == [make.four_digits(value) for value in entry["first"]]
    if len(entry["settings"]["stages"]) == 1 and entry["evaluations"] > 1:
        assert entry["final"]["loss"] < 0.9 * entry["first"][0]


def test_nothing_in_the_atlas_is_older_than_the_code_that_makes_it():
    loss, runs = make.loss_version(), plan.plan()
    stale = [name for name, entry in ATLAS["runs"].items()
             if name not in runs or entry["settings"] != runs[name]["settings"]
             or entry["hash"] != make.fingerprint(runs[name]["settings"], loss)]
    assert not stale, "`make atlas` paints them again"
    assert ATLAS["loss"] == loss


@pytest.fixture
def untraced():
    """A step traced before does not see a function that a test exchanges."""
    engine._engine.cache_clear()
    yield
    engine._engine.cache_clear()


@pytest.mark.parametrize("change", ["content_loss", "style_loss", "total_variation"])
def test_another_loss_makes_every_entry_old(monkeypatch, untraced, change):
    before, function = make.loss_version(), getattr(losses, change)
    engine._engine.cache_clear()
    monkeypatch.setattr(losses, change, lambda *arguments: 1.01 * function(*arguments) ** 1.01)
    assert make.loss_version() != before


def test_another_way_down_makes_every_entry_old(monkeypatch):
    before, way = make.loss_version(), make.descent.METHODS["adam"]
    monkeypatch.setitem(make.descent.METHODS, "adam", lambda *a, **options: way(*a, learning_rate=0.021, **options))
    assert make.loss_version() != before


def test_other_settings_or_another_picture_are_another_run(monkeypatch, tmp_path):
    settings = plan.plan()["starts/noise-0"]["settings"]
    before = make.fingerprint(settings, "a loss")
    assert before == make.fingerprint(dict(settings), "a loss") != make.fingerprint(settings | {"seed": 9}, "a loss")
    for kind, name in (("content", "china.jpg"), ("style", "swirls.jpg")):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / name).write_bytes((images.DATA / kind / name).read_bytes())
    monkeypatch.setattr(images, "DATA", tmp_path)
    assert make.fingerprint(settings, "a loss") == before
    (tmp_path / "style" / "swirls.jpg").write_bytes(b"repainted")
    assert make.fingerprint(settings, "a loss") != before


@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_begun_anew_goes_as_it_went(family):
    names = FAMILIES[family]
    entry = ATLAS["runs"][names[len(names) // 2]]                # the first and the last are corners of their family
    *_, history, _, made = make.paint(entry["settings"], at_most=3, jit_compile=False)
    assert entry["weights"] == made.engine.source
    assert [record["loss"] for record in history] == pytest.approx(entry["first"], rel=TOLERANCE)


def test_the_sheet_shows_the_pictures_of_the_atlas():
    pairs = sheet.there(ATLAS["runs"])
    kept = images.load_image(images.DATA / "results.jpg")
    assert pairs and np.abs(images.load_image(sheet.jpeg(pairs)) - kept).mean() < 0.01


def test_the_sheet_has_whole_rows():
    runs = ["hero/" + "-".join(pair) for pair in sheet.PAIRS]
    assert sheet.there(runs) == sheet.PAIRS and sheet.there(runs[1:]) == sheet.PAIRS[1:5] and not sheet.there(runs[:1])


def test_the_numbers_about_seeds_are_those_of_the_pictures():
    assert make.spread(FOLDER, ATLAS) == ATLAS["seeds"]


def test_a_run_ends_by_the_rule_that_is_told():
    assert make.ended([5.0] * 100) == "limit", "nothing can be said before a hundred evaluations have gone by"
    assert make.ended([5.0] * 101) == "arrived"
    assert make.ended([5.0] + [4.89] * 100) == "limit" and make.ended([5.0] + [4.91] * 100) == "arrived"
    assert make.ended([5.0] + [6.0] * 99 + [4.0]) == "limit", "a bump of the line search is not the end"
    assert make.ended([0.5, 0.0009]) == "reached"


# --- broken off and gone on with

TINY = {f"rebuilt/x-{seed}": {"key": {"layer": "x", "seed": seed}, "settings": {
    "content": "china.jpg", "style": "swirls.jpg", "start": "clouds", "seed": seed, "keep": [1], "jit_compile": False,
    "stages": [{"size": 48, "limit": 2}, {"size": 64, "limit": 2}]}} for seed in range(3)}
KILLED = """
import os, sys
sys.path[:0] = {paths!r}
import make, test_atlas
from pathlib import Path
write, written = make.write, []
def write_until_killed(path, data):
    if path.suffix == ".jpg":
        written.append(path)
    if len(written) == 5:                    # each run has three: half way through the second
        os._exit(9)
    write(path, data)
make.write = write_until_killed
make.main(folder=Path({folder!r}), runs=test_atlas.TINY)
"""


@pytest.mark.slow
def test_what_was_killed_is_gone_on_with(tmp_path):
    code = KILLED.format(paths=[str(FOLDER), str(images.DATA.parent / "tests")], folder=str(tmp_path))
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path).returncode == 9
    assert list(make.read(tmp_path)["runs"]) == ["rebuilt/x-0"]
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["x-0-at1.jpg", "x-0-at2.jpg", "x-0.jpg",
                                                                   "x-1.jpg"]
    first = (tmp_path / "rebuilt" / "x-0.jpg").stat().st_mtime_ns
    assert make.main(["nothing/*"], tmp_path, TINY) == 0
    assert not (tmp_path / "rebuilt" / "x-1.jpg").exists(), "a picture without an entry goes"
    assert make.main(folder=tmp_path, runs=TINY) == 2
    assert list(make.read(tmp_path)["runs"]) == list(TINY) and make.read(tmp_path)["seeds"]["x"]["seeds"] == 3
    assert (tmp_path / "rebuilt" / "x-0.jpg").stat().st_mtime_ns == first, "what was whole is kept"
    assert make.main(folder=tmp_path, runs=TINY) == 0
    (tmp_path / "rebuilt" / "x-2-at1.jpg").unlink()
    assert make.main(folder=tmp_path, runs=TINY) == 1, "a run with a picture missing is painted again"


def test_two_that_paint_side_by_side_keep_each_others_entries(tmp_path, monkeypatch):
    paint, beside = make.paint, []

    def meanwhile(settings, **more):
        if not beside:
            beside.append("begun")
            beside.append(make.main(["rebuilt/x-2"], tmp_path, TINY))
        return paint(settings, **more)
    monkeypatch.setattr(make, "paint", meanwhile)
    assert make.main(folder=tmp_path, runs=TINY) == 2 and beside == ["begun", 1], "none is painted twice"
    assert list(make.read(tmp_path)["runs"]) == list(TINY)


# --- the reader

def test_reader_gives_runs_with_their_pictures():
    family, (name, *_) = next(iter(FAMILIES.items()))
    entry = ATLAS["runs"][name]
    run = figures.atlas.run(family, **entry["key"])
    assert (run.family, f"{family}/{run.name}", run.key) == (family, name, entry["key"])
    assert run.curve == entry["curve"] and run.final == entry["final"] and run.settings == entry["settings"]
    assert run.image().shape == run.image(min(run.stages)).shape and run.image().ndim == 3
    assert run.path.exists() and all(path.exists() for path in run.stages.values())
    assert len(figures.atlas.runs(family)) == len(FAMILIES[family])
    assert figures.atlas.seeds() == ATLAS["seeds"]


def test_reader_says_in_one_sentence_what_is_missing(monkeypatch, tmp_path):
    with pytest.raises(FileNotFoundError, match="no run of rebuilt, layer block9: `make atlas` paints"):
        figures.atlas.runs("rebuilt", layer="block9")
    monkeypatch.setattr(figures.atlas, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match="The atlas is not here"):
        figures.atlas.runs("rebuilt")
