"""Settings that mean nothing are refused in one sentence; those that mean something extreme are painted."""

import dataclasses
import warnings

import numpy as np
import pytest
from test_painter import SECONDS, gone, run, small, until

from helpers import images
from helpers.studio.settings import Settings
from helpers.transfer import StyleTransfer, coarse_to_fine

PHOTO = images.load_image("china.jpg", 64)
STYLE = "block1_conv1", "block2_conv1"
ANY = {"content_layers": "block1_conv2", "style_layers": STYLE, "jit_compile": False}
QUICK = {**ANY, "size": 64}
NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def made():
    return StyleTransfer(PHOTO, "swirls.jpg", **QUICK)


# --- refused ----------------------------------------------------------------------------------------------

REFUSED = {                                                        # what is given → words of the sentence
    "a negative weight": ({"content_weight": -1.0}, "content_weight is a number from 0 up"),
    "NaN as a weight": ({"style_weight": NAN}, "style_weight is a number from 0 up"),
    "infinity as a weight": ({"tv_weight": INF}, "tv_weight is a number from 0 up"),
    "a weight beyond float32": ({"tv_weight": 1e60}, "tv_weight is a number from 0 up"),
    "a negative layer weight": ({"layer_weights": {"block1_conv1": -1}}, "layer_weights is a number from 0 up"),
    "NaN as a layer weight": ({"layer_weights": {"block1_conv1": NAN}}, "layer_weights is a number from 0 up"),
    "a misspelt layer weight": ({"layer_weights": {"block2_conv2": 1}}, "did you mean block2_conv1"),
    "a negative share": ({"blend": [-1]}, "blend is a number from 0 up"),
    "too many shares": ({"blend": [1, 1]}, "blend has 2 shares for 1 style"),
    "no content layer": ({"content_layers": ()}, "name one layer at least"),
    "no style layer": ({"style_layers": []}, "name one layer at least"),
    "the paper's name": ({"content_layers": ["conv4_2"]}, "no layer 'conv4_2': .* block4_conv2 perhaps"),
    "another library's name": ({"style_layers": ["relu3_1"]}, "no layer 'relu3_1': .* block3_conv1 perhaps"),
    "a missing underscore": ({"style_layers": "block4conv2"}, "block4_conv2 perhaps"),
    "capitals": ({"style_layers": "Block2_Conv1"}, "block2_conv1 perhaps"),
    "a layer beyond the last": ({"style_layers": "block5_conv9"}, "no layer 'block5_conv9': .* block5_conv\\d perhaps"),
    "a number as a layer": ({"style_layers": [3]}, "no layer '3'"),
    "a size of 16": ({"size": 16}, "size is a whole number of pixels from 32 up, or None, not 16"),
    "a size of 0": ({"size": 0}, "size is a whole number of pixels from 32"),
    "a negative size": ({"size": -256}, "size is a whole number of pixels from 32"),
    "half a pixel": ({"size": 64.5}, "size is a whole number of pixels from 32"),
    "a size in words": ({"size": "256"}, "size is a whole number of pixels from 32"),
    "NaN as a size": ({"size": NAN}, "size is a whole number of pixels from 32"),
    "a style size of 8": ({"style_size": 8}, "style_size is a whole number of pixels from 32"),
    "a style of 16 px": ({"style": PHOTO[:16, :16]}, "the style image is 16 × 16 pixels: VGG19 needs 32"),
    "a photograph of 16 px": ({"content": PHOTO[:16, :16]}, "the content image is 16 × 16 pixels: VGG19 needs 32"),
    "a panorama that gets too low": ({"content": np.zeros((40, 400, 3)), "size": 128}, "128 × 13 pixels: VGG19 needs"),
    "a photograph of NaN": ({"content": np.full((64, 64, 3), NAN)}, "is not a picture"),
    "another pooling": ({"pooling": "median"}, "pooling is \"max\" or \"avg\", not 'median'"),
    "a word for jit_compile": ({"jit_compile": "yes"}, "jit_compile is True, False or \"auto\""),
}


@pytest.mark.parametrize("change, says", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_painted_is_one_sentence(change, says):
    pictures = {"content": PHOTO, "style": "swirls.jpg", **change}
    with pytest.raises(ValueError, match=says) as error:
        StyleTransfer(pictures.pop("content"), pictures.pop("style"), **{**QUICK, **pictures})
    sentence = str(error.value)
    assert sentence.isprintable() and sentence.endswith((".", "?")) and len(sentence) < 300


@pytest.mark.parametrize("arguments, says", [
    ({"steps": -1}, "steps is a whole number from 0 up, not -1"), ({"steps": 2.5}, "whole number from 0 up, not 2.5"),
    ({"steps": "ten"}, "not 'ten'"), ({"steps": None}, "not None"), ({"method": "newton"}, "a method is one of lbfgs"),
    ({"start": "zeros"}, "a start is"), ({"start": np.full((8, 8, 3), NAN)}, "is not a picture"),
    ({"start": "no such file"}, "a start is")])
def test_a_descent_that_cannot_be_is_one_sentence(made, arguments, says):
    with pytest.raises(ValueError, match=says) as error:
        made.run(**{"steps": 2, "progress": False, **arguments})
    assert str(error.value).isprintable() and len(str(error.value)) < 300


@pytest.mark.parametrize("image", [PHOTO[:-1], PHOTO[..., 0], PHOTO[None], PHOTO[..., :2], np.float32(1), PHOTO[:0]],
                         ids=["smaller", "grey", "a batch", "two channels", "a number", "nothing"])
def test_a_picture_of_another_shape_is_not_evaluated(made, image):
    with pytest.raises(ValueError, match=r"has the content image's shape \(43, 64, 3\), this one has .*fits it"):
        made.evaluate(image)


@pytest.mark.parametrize("options, says", [({"sizes": ()}, "sizes"), ({"steps": (1, 2, 3)}, "steps"),
                                           ({"sizes": (16, 64)}, "from 32 up"), ({"sizes": 64}, "sizes")])
def test_stages_that_cannot_be_are_one_sentence(options, says):
    with pytest.raises(ValueError, match=says) as error:
        coarse_to_fine(PHOTO, "swirls.jpg", **{"sizes": (32, 64), "steps": 1, "progress": False, **ANY, **options})
    assert str(error.value).isprintable()


# --- painted ----------------------------------------------------------------------------------------------

ZEROS = {"content_weight": 0, "style_weight": 0, "tv_weight": 0}
PAINTED = {
    "all weights zero": ZEROS, "content alone": {**ZEROS, "content_weight": 1},
    "style alone": {**ZEROS, "style_weight": 1}, "smoothness alone": {**ZEROS, "tv_weight": 1},
    "no style layer has a say": {"layer_weights": dict.fromkeys(STYLE, 0)}, "a share of nothing": {"blend": [0.0]},
    "huge": dict.fromkeys(ZEROS, 1e30), "huge layer weights": {"layer_weights": dict.fromkeys(STYLE, 1e37)},
    "tiny": dict.fromkeys(ZEROS, 1e-30), "far apart": {"content_weight": 1e-30, "style_weight": 1e30},
}
WAYS = [("lbfgs", {}), ("adam", {}), ("gradient_descent", {"learning_rate": 1e30})]


@pytest.mark.parametrize("method, options", WAYS, ids=[name for name, _ in WAYS])
@pytest.mark.parametrize("weights", PAINTED.values(), ids=PAINTED)
def test_an_extreme_of_what_means_something_ends_in_a_picture(weights, method, options):
    made = StyleTransfer(PHOTO, "swirls.jpg", **QUICK, **weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")                            # of a loss that is no number
        result = made.run(4, method, progress=False, **options)
    assert result.image.shape == PHOTO.shape and np.isfinite(result.image).all()
    assert 0 <= result.image.min() <= result.image.max() <= 1
    assert all(np.isfinite(record["loss"]) for record in result.history) and len(result.history) <= 4
    assert result.history or result.diverged


@pytest.mark.parametrize("image", [np.zeros((40, 48, 3)), np.ones((40, 48, 3)), np.full((40, 48, 3), 0.5)],
                         ids=["black", "white", "grey"])
def test_a_blank_can_be_photograph_and_style(image):
    result = StyleTransfer(image, image, jit_compile=False).run(3, start="noise", progress=False)
    assert len(result.history) == 3 and not result.diverged and np.isfinite(result.image).all()


def test_no_step_gives_the_start(made):
    result = made.run(0, progress=False)
    assert np.array_equal(result.image, made.content) and result.history == [] and not result.stopped


def test_a_larger_size_than_the_photograph_takes_it_as_it_is(made):
    assert StyleTransfer(PHOTO, "swirls.jpg", **{**QUICK, "size": 10 ** 6}).content.shape == PHOTO.shape


# --- a loss that becomes no number ------------------------------------------------------------------------

def breaking(monkeypatch, first, side=None):
    """From the `first` evaluation on, the loss and its terms are NaN; at one side's length only, if it is named."""
    evaluate, count = StyleTransfer.evaluate, []

    def breaks(self, image):
        loss, terms, gradient = evaluate(self, image)
        count.append(side is None or max(image.shape) == side)
        if count[-1] and sum(count) >= first:
            return NAN, dict.fromkeys(terms, NAN), gradient * NAN
        return loss, terms, gradient
    monkeypatch.setattr(StyleTransfer, "evaluate", breaks)


@pytest.mark.parametrize("method, way", [("lbfgs", "lower the weights"), ("adam", "smaller learning_rate"),
                                         ("gradient_descent", "smaller learning_rate")])
def test_a_transfer_that_becomes_no_number_ends_with_its_last_good_picture(made, monkeypatch, method, way):
    breaking(monkeypatch, 4)
    seen = []
    with pytest.warns(UserWarning, match=way):
        result = made.run(20, method, lambda n, image, record: seen.append(image.copy()), progress=False)
    assert result.stopped and not result.interrupted and way in result.diverged and len(result.history) == 3
    assert any(np.array_equal(result.image, image) for image in seen) and not np.array_equal(result.image, made.content)


def test_a_term_that_is_no_number_from_the_start_is_named(made, monkeypatch):
    breaking(monkeypatch, 1)
    with pytest.warns(UserWarning, match="evaluation 1: block2_conv1 is no number from the start, leave it out"):
        result = made.run(20, progress=False)
    assert np.array_equal(result.image, made.content) and result.diverged


def test_weights_that_are_too_large_are_named(made):
    with pytest.warns(UserWarning, match="lower the weights of the loss"):
        result = StyleTransfer(PHOTO, "wave.jpg", style_weight=3e38, content_weight=3e38, **QUICK).run(
            5, start="noise", progress=False)
    assert result.diverged and np.isfinite(result.image).all()


def test_the_last_good_picture_of_a_stage_is_the_result(monkeypatch):
    breaking(monkeypatch, 3, side=64)
    with pytest.warns(UserWarning, match="evaluation 3"):
        result = coarse_to_fine(PHOTO, "swirls.jpg", (48, 64), 5, progress=False, **ANY)
    assert result.diverged and result.image.shape == PHOTO.shape
    assert [record["size"] for record in result.history] == [48] * 5 + [64] * 2


@pytest.mark.slow
@pytest.mark.parametrize("size, broken", [(128, 128), (192, 128)], ids=["fine", "coarse"])
def test_the_studio_ends_with_its_last_good_picture_and_says_what_to_change(monkeypatch, size, broken):
    painter = small(size=size, steps=1000)
    seen = run(painter, 3)
    breaking(monkeypatch, 2, side=broken)
    painter.set(style_weight=20.0)
    painter.paint()
    assert painter.wait(SECONDS)
    broke = painter.snapshot
    assert "is no number" in broke.error and ("lower the weights" in broke.error or "leave it out" in broke.error)
    assert not broke.painting and not broke.phase
    assert np.isfinite(broke.image).all() and broke.image is not broke.original
    assert broke.evaluation >= seen.evaluation
    monkeypatch.undo()
    painter.set(style_weight=10.0)
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= broke.evaluation + 2)
    assert not painter.snapshot.error
    painter.close()
    gone()


def test_settings_that_are_painted_cannot_be_changed_under_the_painter():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().style_weight = 3.0
