"""Each number of the core against another way of computing it, so that a slip in either is seen."""

import dataclasses
import io
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from helpers import colours, cost, images, losses
from helpers.exercises import compare
from helpers.exercises.compare import Stopped
from helpers.studio import files
from helpers.studio.settings import NEUTRAL, PRESETS, Settings
from helpers.studio.snapshot import Snapshot
from helpers.studio.words import explain, sentence, title

RNG = np.random.default_rng(0)


def maps(*shape):
    return RNG.uniform(0.1, 2, shape).astype(np.float32)


# --- pictures ---------------------------------------------------------------------------------------------

def encoded(picture, kind, **options):
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def test_a_palette_is_averaged_as_colours():
    stripes = np.repeat(np.repeat([[0, 200] * 50], 100, 0), 4, 1).astype(np.uint8)       # numbers of the palette
    picture = Image.fromarray(stripes, "P")
    picture.putpalette([255, 0, 0] + [0, 255, 0] * 199 + [0, 0, 255] * 56)               # red and blue, green between
    small = images.load_image(encoded(picture.resize((400, 400)), "PNG"), 20)
    assert np.abs(small.mean((0, 1)) - [0.5, 0, 0.5]).max() < 0.02


def test_a_damaged_picture_that_was_opened_elsewhere_is_refused_without_a_word(capfd):
    data = encoded(Image.fromarray(RNG.integers(0, 255, (48, 64, 3), dtype=np.uint8)), "TIFF", compression="tiff_lzw")
    with pytest.raises(images.ImageError):
        images.load_image(Image.open(io.BytesIO(data[:60] + b"\xa5" * 200 + data[260:])))
    assert capfd.readouterr() == ("", "")


def test_an_uploads_name_is_printed_on_one_line():
    with pytest.raises(images.ImageError, match=r"^a b\.jpg is not a picture"):
        images.load_image({"name": "a\nb.jpg", "content": b"none"})
    with pytest.raises(images.ImageError) as error:
        images.load_image({"name": "a\x1b[31m\u202eb.jpg" + "x" * 999, "content": b"none"})
    assert str(error.value).isprintable() and len(str(error.value)) < 300


def test_the_photographs_colours_stay_inside_what_can_be_shown():
    bright, dark = np.full((4, 4, 3), [1.0, 0.9, 0.2], np.float32), np.full((4, 4, 3), [0.3, 0.0, 0.1], np.float32)
    kept = colours.keep_colours(np.ones((4, 4, 3), np.float32), bright), colours.keep_colours(0 * dark, dark)
    assert kept[0].max() == 1 and kept[1].min() == 0 and kept[0].min() > 0.2 and kept[1].max() < 0.3


# --- losses -----------------------------------------------------------------------------------------------

def test_content_loss_is_relative():
    features, target = maps(1, 3, 4, 5), maps(1, 3, 4, 5)
    expected = np.linalg.norm(features - target) ** 2 / np.linalg.norm(target) ** 2
    assert float(losses.content_loss(features, target)) == pytest.approx(expected, rel=1e-5)
    assert float(losses.content_loss(0 * target, target)) == pytest.approx(1)
    assert float(losses.content_loss(target, target)) == 0


def test_a_gram_matrix_is_the_mean_of_outer_products():
    features = maps(2, 3, 4, 5)
    gram = losses.gram_matrix(features).numpy()
    assert gram.shape == (2, 5, 5)
    for b in range(2):
        outer = [np.outer(features[b, i, j], features[b, i, j]) for i in range(3) for j in range(4)]
        assert np.allclose(gram[b], np.mean(outer, axis=0), rtol=1e-5)


@pytest.mark.parametrize("weights", [None, [0.2, 3.0]])
def test_style_losses_add_up_over_the_layers(weights):
    grams, targets = [maps(1, 4, 4), maps(1, 6, 6)], [maps(1, 4, 4), maps(1, 6, 6)]
    each = weights or [0.5, 0.5]
    relative = sum(w * np.sum((g - a) ** 2) / np.sum(a ** 2) for w, g, a in zip(each, grams, targets, strict=True))
    assert float(losses.style_loss(grams, targets, weights)) == pytest.approx(relative, rel=1e-5)
    paper = sum(w * np.sum((g - a) ** 2) / (4 * len(a[0]) ** 2) for w, g, a in zip(each, grams, targets, strict=True))
    assert float(losses.paper_style_loss(grams, targets, weights)) == pytest.approx(paper, rel=1e-5)
    with pytest.raises(ValueError):
        losses.style_loss(grams, targets[:1], weights)


def test_total_variation_is_the_mean_length_of_the_slope():
    ramp = np.zeros((1, 5, 6, 3), np.float32)
    ramp += 0.03 * np.arange(6)[:, None] + 0.04 * np.arange(5)[:, None, None]
    assert float(losses.total_variation(ramp)) == pytest.approx(np.hypot(0.05, 1 / 255) - 1 / 255, rel=1e-4)
    image = maps(7, 9, 3)
    dy, dx = image[1:, :-1] - image[:-1, :-1], image[:-1, 1:] - image[:-1, :-1]
    expected = np.sqrt(dx ** 2 + dy ** 2 + 1 / 255 ** 2).mean() - 1 / 255
    assert float(losses.total_variation(image)) == pytest.approx(expected, rel=1e-5)
    assert float(losses.total_variation(np.full((4, 4, 3), 0.7, np.float32))) == pytest.approx(0, abs=1e-7)


def test_paper_content_loss_is_half_a_sum():
    features, target = maps(1, 3, 4, 5), maps(1, 3, 4, 5)
    assert float(losses.paper_content_loss(features, target)) == pytest.approx(np.sum((features - target) ** 2) / 2)


@pytest.mark.parametrize("weights", [None, [0.2, 3.0]])
def test_the_papers_ratio_optimises_the_same_thing(weights):
    """Both sums agree, up to one factor, for whatever picture."""
    target, styles = maps(1, 3, 4, 5), [maps(1, 4, 4), maps(1, 6, 6)]
    ratio, each = losses.paper_ratio(target, styles, content_weight=0.7, style_weight=20.0, layer_weights=weights)
    assert sum(each) == pytest.approx(1)
    factors = []
    for _ in range(3):
        features, grams = maps(1, 3, 4, 5), [maps(1, 4, 4), maps(1, 6, 6)]
        relative = 0.7 * losses.content_loss(features, target) + 20.0 * losses.style_loss(grams, styles, weights)
        paper = ratio * losses.paper_content_loss(features, target) + losses.paper_style_loss(grams, styles, each)
        factors.append(float(relative / paper))
    assert np.allclose(factors, factors[0], rtol=1e-4)
    assert losses.paper_ratio(target, styles) == losses.paper_ratio(target, styles, 1.0, 10.0, [0.5, 0.5])


# --- cost -------------------------------------------------------------------------------------------------

def test_an_estimate_counts_compilation_once_and_only_for_a_new_size():
    content = np.zeros((40, 60, 3))
    seconds = {(40, 60): [9.0, 2.0, 2.0, 3.0], (20, 30): [4.0], (10, 10): []}
    made = SimpleNamespace(content=content, engine=SimpleNamespace(seconds=seconds, resident=100, bytes_per_pixel=8.0))
    known = cost.estimate(made, 40, 60, 5)
    assert known.seconds == 10 and known.memory == 100 + cost.COPIES * 8 * 2400
    new = cost.estimate(made, 40, 120, 5)
    assert new.seconds == pytest.approx(7 + 10 * (4800 + cost.EXTRA_PIXELS) / (2400 + cost.EXTRA_PIXELS))
    assert cost.estimate(made, 20, 30, 0).seconds == 0
    seconds[40, 60] = [9.0, 2.0]
    assert cost.estimate(made, 40, 60, 5).seconds == 10, "two are enough: this transfer cannot evaluate"


def test_a_container_that_is_full_has_what_its_files_give_back(monkeypatch, tmp_path):
    monkeypatch.setattr(cost, "CGROUP", tmp_path)
    for name, text in {"max": "1000", "current": "1500", "stat": "inactive_file 300"}.items():
        (tmp_path / f"memory.{name}").write_text(text)
    assert cost.free_memory() == 300
    (tmp_path / "memory.stat").write_text("anon 5")
    assert cost.free_memory() == 0


def test_a_warning_of_memory_names_a_size_that_fits(monkeypatch):
    monkeypatch.setattr(cost, "free_memory", lambda: 1e9)
    needed = cost.COPIES * 1000 * 400 * 900
    fits = int(900 * (0.8 * 1e9 / needed) ** 0.5)
    words = rf"900 × 400 pixels need 1\.1 GB of memory, 1\.0 GB are free: take size={fits},"
    with pytest.warns(UserWarning, match=words):
        cost.warn_of_memory(400, 900, 1000)
    assert cost.COPIES * 1000 * fits * fits * 4 / 9 < 1e9
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cost.warn_of_memory(400, 700, 1000)


# --- what the studio says ---------------------------------------------------------------------------------

SAYS = [({"content_weight": 0.0, "style_weight": 0.0}, "only smoothness acts"),
        ({"style_weight": 0.0}, "one deep layer"),
        ({"layer_weights": (0.0,) * 5}, "All five layers are off"), ({"content_weight": 0.0}, "Nothing holds"),
        ({"layer_weights": (0.0, 0.0, 1.0, 0.0, 0.0)}, "Only block3_conv1 speaks"),
        ({"style_weight": 100.0}, "gives way"),
        ({"style_weight": 99.0}, "about equal force"), ({"style_weight": 1.0}, "counts so much that only colours"),
        ({"style_weight": 1.1}, "about equal force"), ({"content_weight": 0.1}, "gives way"),
        ({"content_weight": 10.0}, "counts so much that only colours"), ({"tv_weight": 5.0}, "Smoothness wins"),
        ({"tv_weight": 4.9}, "about equal force"), ({"second": "ink"}, "mixture of two"),
        ({"keep_colours": True}, "Only brightness"), ({"method": "adam"}, "slope alone"),
        ({"start": "noise"}, "from noise"),
        ({"start": "style"}, "about equal force"), ({"pooling": "avg"}, "Average pooling"), ({}, "about equal force"),
        ({"layer_weights": (1.0, 1.0, 0.0, 0.0, 0.0)}, "about equal force")]


@pytest.mark.parametrize("changes, words", SAYS)
def test_each_explanation_is_given_where_it_applies(changes, words):
    assert NEUTRAL == {"content_weight": 1.0, "style_weight": 10.0, "tv_weight": 0.5}
    assert words in explain(Settings(**changes))[0]


def test_the_title_names_what_was_mixed():
    assert title(Settings(), 0) == "china" and title(Settings(), 1) == "china in the manner of swirls"
    assert title(Settings(second="ink"), 2) == "china in the manner of swirls and ink"


def test_an_exception_becomes_a_line():
    assert sentence(ValueError("two\n  lines")) == "two lines"
    assert sentence(RuntimeError("two\n  lines")) == "RuntimeError: two lines"
    assert sentence(KeyError()) == "KeyError: KeyError"
    assert len(sentence(OSError("x" * 5000))) == 300 + len("OSError: ")


@pytest.mark.parametrize("changes", [
    *({name: value} for name in NEUTRAL for value in (0, 0.0, 1e6, 1_000_000)), {"blend": 0}, {"blend": 1.0},
    {"steps": 1}, {"steps": 100_000}, {"keep_colours": True}, {"keep_colours": False},
    {"layer_weights": [0.0, 1e6, 1, 1, 1]},
    *({"size": size} for size in (128, 192, 256, 384, 512, 768)), {"second": "ink"}, {"second": ""},
    *({"method": name} for name in ("lbfgs", "adam", "gradient_descent")),
    *({"start": name} for name in ("content", "noise", "style")), {"pooling": "max"}, {"pooling": "avg"}])
def test_settings_at_the_ends_of_their_ranges_are_taken(changes):
    after = Settings().changed({"china", "swirls", "ink"}, **changes)
    for name, value in changes.items():
        assert getattr(after, name) == (tuple(value) if isinstance(value, list) else value)
        assert {**vars(after), name: None} == {**vars(Settings()), name: None}, "nothing else has changed"


def test_what_can_be_set_begins_where_the_chapters_stand():
    assert vars(Settings()) == {
        "content": "china", "style": "swirls", "second": "", "blend": 0.5, "split": 0.0, "content_weight": 1.0,
        "style_weight": 10.0, "tv_weight": 0.5, "layer_weights": (1.0,) * 5, "pooling": "max", "size": 256,
        "start": "content", "method": "lbfgs", "keep_colours": False, "steps": 150}
    for settings in PRESETS.values():
        Settings().changed({"china", "swirls"}, **settings)
        assert set(settings) == {*NEUTRAL, "layer_weights"}
    off = {name: [key for key, value in changes.items() if value == 0] for name, changes in PRESETS.items()}
    assert off == {"balanced": [], "content only": ["style_weight"], "style only": ["content_weight"], "too much": [],
                   "one layer": []}
    assert PRESETS["one layer"]["layer_weights"] == (0, 0, 1, 0, 0) and PRESETS["too much"]["style_weight"] == 1000
    assert all(changes["layer_weights"] == (1,) * 5 for name, changes in PRESETS.items() if name != "one layer")


def test_settings_and_snapshots_cannot_be_changed():
    for kind in (Settings, Snapshot):
        one = kind(*range(len(dataclasses.fields(kind))))
        with pytest.raises(dataclasses.FrozenInstanceError):
            one.style = one.image = 3


# --- what it makes of the stages --------------------------------------------------------------------------

STAGES = [(3 * n, np.full((40, 80, 3), 10 * n, np.uint8)) for n in range(21)]


def test_a_film_strip_shows_the_beginning_more_closely():
    data, evaluations = files.strip(STAGES)
    assert evaluations == [0, 3, 9, 21, 39, 60]                    # the first, the last, and squares between them
    with Image.open(io.BytesIO(data)) as film:
        assert film.format == "JPEG" and film.size == (6 * 120 + 5 * 3, 60)
        row = np.asarray(film.convert("L"), int)[30]
    assert all(abs(row[123 * k + 60] - 10 * evaluations[k] / 3) < 3 for k in range(6))
    assert (row[[121, 244, 367]] > 180).all(), "white between them"
    assert files.strip(STAGES[:1])[1] == [0]
    with Image.open(io.BytesIO(files.strip([(0, np.zeros((400, 2, 3), np.uint8))])[0])) as film:
        assert film.size == (1, 60), "of a narrow picture a line is left"


def test_an_animation_repeats_and_rests_on_its_last_picture(tmp_path):
    stages = [(0, np.zeros((20, 40, 3), np.uint8)), *STAGES[1:4]]                  # a coarse one first
    with Image.open(files.save_gif(stages, Settings(), tmp_path)) as gif:
        assert gif.n_frames == 4 and gif.info["loop"] == 0 and gif.size == (80, 40)
        shown = []
        for n in range(4):
            gif.seek(n)
            shown.append(gif.info["duration"])
    assert shown == [120, 120, 120, 2000]


# --- what an exercise says of a mistake -------------------------------------------------------------------

TRUTH = np.array([[1.0, 2.0], [3.0, 5.0]])
OTHER = np.array([[2.0, 1.0], [4.0, 7.0]])


def told(mistake, tolerance=1e-3):
    """What is said of a function that makes the mistake in both cases."""
    return compare.describe([mistake(TRUTH), mistake(OTHER)], [TRUTH, OTHER], tolerance)


@pytest.mark.parametrize("mistake, words", [
    (lambda x: -x, "All but the sign is right."), (lambda x: 2.5 * x, "Yours is always 2.5 times"),
    (lambda x: x * x.sum(), "Right but for one factor, here 11, which changes"),
    (lambda x: x.T, "Rows and columns are exchanged"),
    (lambda x: x.ravel(), "The numbers are right; yours has the shape"),
    (lambda x: x[:1], r"The shape should be \(2, 2\); yours has the shape \(1, 2\)"), (lambda x: x / 0, "not finite"),
    (lambda x: x ** 2, "the square of what"), (lambda x: np.sqrt(x), "the square root of"),
    (lambda x: 1 / x, "upside down"), (lambda x: 1 - x, "1 minus what it should be"),
    (lambda x: x - 1, "what it should be minus 1"), (lambda x: x + 1, "what it should be plus 1"),
    (lambda x: x * [[1, -1], [1, 1]], "the signs are not all"),
    (lambda x: x - [[0, 4.5], [0.5, 0.1]], "becomes negative where it should not"),
    (lambda x: x + [[0, 0], [0.25, 0.1]], "Where it should be 3, yours is 3.25"),
    (lambda x: TRUTH, "Right for one input of the check, not for others"),
    (lambda x: Stopped("NameError", "name 'y' is not defined"), "Your code stopped with NameError: .* spelt as"),
    (lambda x: Stopped("ZeroDivisionError", "division by zero"), "division by zero$")])
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_mistake_is_recognised(mistake, words):
    assert re.search(words, told(mistake)), told(mistake)


@pytest.mark.parametrize("result, words", [
    (np.array([3.0]), "Right, but packed: return the number itself; yours has the shape \\(1,\\)"),
    (np.array([3.0, 4.0]), "One number is wanted; yours has the shape \\(2,\\)"),
    (np.array(-3.0), "signs are not all"), (np.array(9.0), "the square of"), (np.array(3.5), "be 3, yours is 3.5")])
def test_a_mistake_in_one_number_is_recognised(result, words):
    assert re.search(words, compare.describe([result], [np.array(3.0)], 1e-3))


def test_a_negative_share_is_recognised():
    truth = np.array([0.2, 0.5, 0.9])
    assert "becomes negative where it should not" in compare.describe([truth - [0, 0.6, 0.1]], [truth], 1e-3)
    assert "becomes negative" not in compare.describe([truth - [0.9, 2, 0.1]], [truth - [0, 1, 0]], 1e-3)


@pytest.mark.parametrize("truths", [[TRUTH], [np.array(3.0), np.array(7.0)]], ids=["one array", "two numbers"])
def test_a_factor_is_seen_in_one_array_and_in_two_numbers_but_not_in_one(truths):
    assert "always 1.7 times" in compare.describe([1.7 * truth for truth in truths], truths, 1e-3)
    assert "All but the sign" in compare.describe([-truth for truth in truths], truths, 1e-3)
    assert "be 3, yours is 5.1" in compare.describe([np.array(5.1)], [np.array(3.0)], 1e-3)


def test_near_is_relative_and_knows_shapes():
    assert compare.near([1000.5], [1000.0]) and not compare.near([1002.0], [1000.0])
    assert compare.near([1000.0, 0.005], [1000.0, 0.0]), "where terms cancel"
    assert not compare.near([1000.0, 0.05], [1000.0, 0.0]) and not compare.near([1.0], [[1.0]])
    assert compare.near([np.nan, 1.0], [np.nan, 1.0]) and not compare.near([np.nan], [1.0])
    assert compare.near([], []) and compare.near([0.0], [0.0]) and not compare.near([1e-9], [0.0])
    stopped = Stopped("ValueError", "x")
    assert compare.same(stopped, Stopped("ValueError", "x"), 1e-3) and not compare.same(stopped, np.ones(2), 1e-3)
    assert not compare.same(stopped, Stopped("ValueError", "y"), 1e-3) and compare.same(TRUTH, TRUTH, 1e-3)
