"""The engine: one compiled step for all settings, a seeded way down, targets computed once."""

import os
import shutil
import subprocess
import sys
import threading

import h5py
import keras
import numpy as np
import pytest
import threadpoolctl
from threadpoolctl import threadpool_info, threadpool_limits

from helpers import descent, engine, images, transfer, vgg, weights, winograd
from helpers.transfer import STYLE_LAYERS, StyleTransfer, coarse_to_fine, stylize

RNG = np.random.default_rng(0)
PHOTO = images.load_image("china.jpg", 64)


def traces(made):
    return made.engine.traces()


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """The small pictures of these tests are compiled as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "FEW_PIXELS", 0)
        yield


@pytest.fixture(scope="module")
def made():
    return StyleTransfer(PHOTO, "swirls.jpg", size=64)


def reset(made):
    made.content_weight, made.style_weight, made.tv_weight, made.layer_weights, made.blend = 1.0, 10.0, 0.5, {}, [1.0]
    return made


def test_neither_weights_nor_pictures_of_the_same_size_compile_anew(made):
    reset(made).evaluate(PHOTO)
    before = traces(made)
    for _ in range(10):
        made.content_weight, made.style_weight, made.tv_weight = RNG.uniform(0, 100, 3)
        made.layer_weights = dict(zip(STYLE_LAYERS, RNG.uniform(0, 1, 5), strict=True))
        made.evaluate(RNG.uniform(size=PHOTO.shape).astype(np.float32))
    for style in ("wave.jpg", RNG.uniform(size=(50, 90, 3)).astype(np.float32)):
        other = StyleTransfer(PHOTO[::-1], style, size=64)
        assert other.engine is made.engine, "one network, one step"
        other.evaluate(PHOTO)
    assert traces(made) == before
    StyleTransfer(PHOTO[:40], "swirls.jpg", size=64).evaluate(PHOTO[:40])
    assert traces(made) == before + 1, "a new size is compiled once: else this test could not fail"


def test_the_loss_is_its_weighted_terms(made):
    made = reset(made)
    made.content_weight, made.style_weight, made.tv_weight = 2.0, 3.0, 0.7
    made.layer_weights = {"block1_conv1": 0.0, "block4_conv1": 5.0}
    loss, terms, gradient = made.evaluate(RNG.uniform(size=PHOTO.shape).astype(np.float32))
    assert loss == pytest.approx(2 * terms["content"] + 3 * terms["style"] + 0.7 * terms["tv"], rel=1e-5)
    weights = [0.0, 1.0, 1.0, 5.0, 1.0]
    style = np.average([terms[name] for name in STYLE_LAYERS], weights=weights)
    assert terms["style"] == pytest.approx(style, rel=1e-5)
    assert gradient.shape == PHOTO.shape and gradient.dtype == np.float32


def test_the_gradient_is_the_slope(made):
    made, x = reset(made), RNG.uniform(0.2, 0.8, PHOTO.shape).astype(np.float32)
    gradient = made.evaluate(x)[2]
    direction = gradient / np.linalg.norm(gradient)
    step = 0.02
    slope = (made.evaluate(x + step * direction)[0] - made.evaluate(x - step * direction)[0]) / (2 * step)
    assert slope == pytest.approx(np.sum(gradient * direction), rel=0.01)


def test_the_content_image_has_no_content_distance_and_the_style_image_no_style_distance(made):
    assert reset(made).evaluate(made.content)[1]["content"] < 1e-5
    same = StyleTransfer("swirls.jpg", "swirls.jpg", size=64)
    assert same.evaluate(same.content)[1]["style"] < 1e-5


@pytest.mark.parametrize("method, options", [("lbfgs", {}), ("adam", {}), ("gradient_descent", {"learning_rate": 0.2})])
def test_the_same_seed_gives_the_same_curve_twice(made, method, options):
    def curve(seed):
        result = reset(made).run(8, method, start="noise", seed=seed, progress=False, **options)
        return [r["loss"] for r in result.history]
    first = curve(3)
    assert np.allclose(curve(3), first, rtol=1e-5)
    assert not np.allclose(curve(4), first, rtol=1e-3)


def test_going_on_after_a_stop_comes_as_far_as_without(made):
    options = {"learning_rate": 0.2, "decay": 1.0}
    whole = reset(made).run(12, "gradient_descent", progress=False, **options)
    part = made.run(12, "gradient_descent", lambda n, *_: n == 6, progress=False, **options)
    assert part.stopped and len(part.history) == 6
    rest = made.run(7, "gradient_descent", start=part.image, progress=False, **options)     # evaluates that place again
    assert rest.history[0]["loss"] == pytest.approx(whole.history[5]["loss"], rel=1e-3)
    assert rest.history[-1]["loss"] == pytest.approx(whole.history[-1]["loss"], rel=0.02)
    # L-BFGS forgets its curvature at a stop: it comes as far, not by the same steps.
    whole = made.run(40, progress=False)
    part = made.run(40, callback=lambda n, *_: n == 20, progress=False)
    rest = made.run(20, start=part.image, progress=False)
    assert min(r["loss"] for r in rest.history) < 1.25 * min(r["loss"] for r in whole.history)


def test_a_weight_moved_on_the_way_acts_at_once_and_the_history_goes_on(made):
    made = reset(made)

    def heavier(n, image, record):
        if n == 10:
            made.style_weight = 100.0
    moved = made.run(25, callback=heavier, progress=False)
    assert [r["evaluation"] for r in moved.history] == list(range(1, 26)) and not moved.stopped
    for r in moved.history:
        weight = 10 if r["evaluation"] <= 10 else 100
        assert r["loss"] == pytest.approx(r["content"] + weight * r["style"] + 0.5 * r["tv"], rel=1e-4)
    seconds = [r["seconds"] for r in moved.history]
    assert seconds == sorted(seconds)


def test_the_same_loss_whether_compiled_or_not(made, monkeypatch):
    if not winograd.is_available():
        pytest.skip("no XLA for this processor, or a GPU: the plain path is the only one")
    assert StyleTransfer(PHOTO, "swirls.jpg", size=64, jit_compile=True).engine is made.engine
    plain = StyleTransfer(PHOTO, "swirls.jpg", size=64, jit_compile=False)
    assert plain.engine is not made.engine
    picture = RNG.uniform(size=PHOTO.shape).astype(np.float32)
    (loss, terms, gradient), (expected, expected_terms, slope) = plain.evaluate(picture), reset(made).evaluate(picture)
    assert loss == pytest.approx(expected, rel=1e-5) and terms == pytest.approx(expected_terms, rel=1e-4)
    assert np.linalg.norm(gradient - slope) < 1e-3 * np.linalg.norm(slope)
    monkeypatch.setattr(transfer, "FEW_PIXELS", PHOTO[..., 0].size + 1)
    assert StyleTransfer(PHOTO, "swirls.jpg", size=64).engine is plain.engine, "a small picture is not compiled"
    with pytest.raises(ValueError, match="jit_compile is True, False or"):
        StyleTransfer(PHOTO, "swirls.jpg", size=64, jit_compile="yes")


def test_what_is_not_said_is_as_in_the_chapters():
    made = StyleTransfer("china.jpg", "swirls.jpg", jit_compile=False)
    assert (made.content_weight, made.style_weight, made.tv_weight, made.blend) == (1, 10, 0.5, [1])
    assert max(made.content.shape) == max(made.styles[0].shape) == 256
    assert made.content_layers == ("block4_conv2",)
    assert made.style_layers == tuple(f"block{block}_conv1" for block in range(1, 6))


def test_blend_of_two_styles_lies_between_them():
    both = StyleTransfer(PHOTO, ["ink.jpg", "glass.jpg"], size=64, blend=[1.0, 0.0])
    one = StyleTransfer(PHOTO, "ink.jpg", size=64)
    assert both.evaluate(PHOTO)[0] == pytest.approx(one.evaluate(PHOTO)[0], rel=1e-5)
    both.blend = [0.0, 1.0]
    other = StyleTransfer(PHOTO, "glass.jpg", size=64)
    assert both.evaluate(PHOTO)[0] == pytest.approx(other.evaluate(PHOTO)[0], rel=1e-5)


@pytest.mark.parametrize("kind", ["content", "noise", "style"])
def test_starts(made, kind):
    start = made.start(kind, seed=1)
    assert start.shape == PHOTO.shape and start.dtype == np.float32 and 0 <= start.min() <= start.max() <= 1
    assert np.array_equal(start, made.start(kind, seed=1))
    assert np.array_equal(start, made.start(kind, seed=2)) == (kind != "noise")


@pytest.mark.parametrize("call, words", [
    (lambda t: t.start("middle"), "a start is"),
    (lambda t: t.run(2, "newton"), "a method is one of lbfgs, adam, gradient_descent"),
    (lambda t: StyleTransfer(PHOTO[:20], "ink.jpg"), "the content image is 64 × 20 pixels: VGG19 needs 32"),
    (lambda t: StyleTransfer(PHOTO, PHOTO[:, :31]), "the style image is 31 × 43 pixels"),
    (lambda t: StyleTransfer("no such photo.jpg", "ink.jpg"), "no such photo.jpg")])
def test_bad_input_gets_one_sentence(made, call, words):
    with pytest.raises(ValueError, match=words) as caught:
        call(made)
    assert "\n" not in str(caught.value)


# --- what was wrong once ---

@pytest.mark.parametrize("setting, words", [
    ({"layer_weights": {"conv4_1": 9}}, "layer_weights names 'conv4_1', no style layer here: did you mean block"),
    ({"layer_weights": {"everything": 9}}, "did you mean block1_conv1, block2_conv1"),
    ({"blend": [0.2, 0.8]}, "blend has 2 shares for 1 style images"),
    ({"style_weight": float("nan")}, "style_weight is a number from 0 up"),
    ({"content_weight": -1.0}, "content_weight is a number from 0 up"),
    ({"layer_weights": {"block1_conv1": float("inf")}}, "layer_weights is a number from 0 up")])
def test_settings_that_mean_nothing_are_refused(made, setting, words):
    with pytest.raises(ValueError, match=words):
        StyleTransfer(PHOTO, "swirls.jpg", size=64, **setting)
    made = reset(made)
    for name, value in setting.items():
        setattr(made, name, value)
    with pytest.raises(ValueError, match=words):
        made.evaluate(PHOTO)
    reset(made)


def test_a_blend_may_be_an_array():
    both = StyleTransfer(PHOTO, ["ink.jpg", "glass.jpg"], size=64, blend=np.array([0.25, 0.75]))
    listed = StyleTransfer(PHOTO, ["ink.jpg", "glass.jpg"], size=64, blend=[1, 3])
    assert both.evaluate(PHOTO)[0] == pytest.approx(listed.evaluate(PHOTO)[0], rel=1e-5)


@pytest.mark.parametrize("shape", [(40, 64, 3), (43, 64), (43, 64, 4)])
def test_an_image_of_another_shape_gets_one_sentence(made, shape):
    with pytest.raises(ValueError, match=r"image's shape \(43, 64, 3\), this one has .*start\(image\) fits it"):
        made.evaluate(np.zeros(shape, np.float32))


def random_vgg19(path, seed):
    """A file of random weights in Keras' own layout."""
    keras.utils.set_random_seed(seed)
    model = keras.applications.VGG19(include_top=False, weights=None)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group, names = file.create_group(layer.name), [f"{layer.name}_{part}:0" for part in "Wb"]
            group.attrs["weight_names"] = [name.encode() for name in names if layer.weights]
            for name, value in zip(names, layer.get_weights(), strict=False):
                group.create_dataset(name, data=value)


def test_the_engine_obeys_what_load_vgg19_obeys(monkeypatch, tmp_path):
    """VGG19_WEIGHTS set later, and another file at the same path."""
    layers = {"content_layers": ("block1_conv2",), "style_layers": ("block1_conv1",)}

    def loss():
        made = StyleTransfer(PHOTO, "swirls.jpg", size=64, jit_compile=False, **layers)
        kernel = vgg.load_vgg19(["block1_conv1"]).get_layer("block1_conv1").kernel
        return made.evaluate(PHOTO)[0], float(np.abs(kernel).sum())
    for n in (1, 2):
        random_vgg19(tmp_path / f"{n}.h5", n)
    seen = [loss()]
    monkeypatch.setenv("VGG19_WEIGHTS", str(tmp_path / "mine.h5"))
    for n in (1, 2):
        shutil.copy(tmp_path / f"{n}.h5", tmp_path / "mine.h5")
        os.utime(tmp_path / "mine.h5", (n, n))
        seen.append(loss())
    assert len({kernel for _, kernel in seen}) == 3
    assert len({round(value, 6) for value, _ in seen}) == 3, "the engine took another file than load_vgg19"


def test_few_networks_are_kept(made):
    assert engine._engine.cache_info().maxsize == 2
    assert weights.identity("auto") == weights.identity("auto")


def test_overlapping_descents_give_the_threads_back():
    """SciPy's BLAS is held to one thread while any descent runs, and gets its threads back after the last."""
    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    before, seen = threads(), []
    steps = {name: threading.Event() for name in ("first is in", "second is in", "first is out")}

    def bowl(x):
        return float(np.sum((x - 0.3) ** 2)), {}, (2 * (x - 0.3)).astype(np.float32)

    def first(x):
        steps["first is in"].set()
        assert steps["second is in"].wait(60)
        return bowl(x)

    def second(x):
        steps["second is in"].set()
        assert steps["first is out"].wait(60)
        seen.append(threads())
        return bowl(x)
    start = np.full((4, 4, 3), 0.9, np.float32)
    one = threading.Thread(target=lambda: (descent.lbfgs(first, start, 1), steps["first is out"].set()))
    two = threading.Thread(target=lambda: steps["first is in"].wait(60) and descent.lbfgs(second, start, 1))
    for thread in (one, two):
        thread.start()
    for thread in (one, two):
        thread.join(60)
    assert seen and set(seen[0]) == {1}
    assert threads() == before


def test_a_single_descent_holds_blas_to_one_thread():
    def threads():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    seen = []

    def bowl(x):
        seen.append(threads())
        return float(np.sum((x - 0.3) ** 2)), {}, (2 * (x - 0.3)).astype(np.float32)
    with threadpool_limits(2, user_api="blas"):
        descent.lbfgs(bowl, np.full((4, 4, 3), 0.9, np.float32), 2)
        assert threads() == {2}
    assert seen and set.union(*seen) == {1}


def test_a_descent_does_not_look_for_libraries(monkeypatch):
    """While threadpoolctl looks for them, another thread that loads one, as when Pillow saves for the first time, and
    the descent wait for each other for ever."""
    def look(*_):
        raise AssertionError("libraries are looked for while pictures are painted")
    monkeypatch.setattr(threadpoolctl.ThreadpoolController, "_load_libraries", look)
    with pytest.raises(AssertionError, match="looked for"):
        threadpool_info()
    start = np.full((4, 4, 3), 0.9, np.float32)
    assert len(descent.lbfgs(lambda x: (float(np.sum(x)), {}, np.ones_like(x)), start, 2).history) == 2


def test_one_interrupt_ends_a_loop_of_pictures():
    code = ("import numpy as np, os, signal\nfrom helpers import transfer\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "x = np.random.default_rng(0).uniform(size=(40, 40, 3)).astype(np.float32)\n"
            "def stop(n, image, record):\n    if n == 3: os.kill(os.getpid(), signal.SIGINT)\n"
            "try:\n    for n in range(3):\n        print('picture', n)\n"
            "        transfer.stylize(x, x[::-1], size=40, steps=50, callback=stop, progress=False)\n"
            "except KeyboardInterrupt:\n    print('ended')\n"
            "made = transfer.StyleTransfer(x, x[::-1], size=40)\n"
            "result = made.run(50, callback=stop, progress=False)\n"
            "print(result.interrupted, result.stopped, len(result.history), result.image.shape)\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["picture 0", "ended", "True True 3 (40, 40, 3)"], done.stderr[-500:]


# --- in one call ---

def test_coarse_to_fine_paints_each_size_and_keeps_one_history():
    result = coarse_to_fine("china.jpg", "swirls.jpg", (64, 96), (6, 4), progress=False)
    assert result.image.shape == images.load_image("china.jpg", 96).shape
    assert [r["size"] for r in result.history] == [64] * 6 + [96] * 4
    assert [r["evaluation"] for r in result.history] == list(range(1, 11))
    stopped = coarse_to_fine("china.jpg", "swirls.jpg", (64, 96), 6, callback=lambda n, *_: n == 3, progress=False)
    assert stopped.stopped and len(stopped.history) == 3 and stopped.image.shape == PHOTO.shape


@pytest.mark.parametrize("method", descent.METHODS)
def test_a_stop_at_the_last_evaluation_of_a_size_stops_all(method):
    stopped = coarse_to_fine("china.jpg", "swirls.jpg", (64, 96), 3, method, lambda n, *_: n == 3, progress=False)
    assert stopped.stopped and len(stopped.history) == 3


@pytest.mark.parametrize("style", sorted(images.available("style")))
def test_one_call_paints_in_every_style(style):
    before = StyleTransfer(PHOTO, f"{style}.jpg", size=64)
    picture = stylize(PHOTO, f"{style}.jpg", size=64, steps=50, progress=False)
    assert picture.shape == PHOTO.shape and 0 <= picture.min() <= picture.max() <= 1
    assert before.evaluate(picture)[0] < before.evaluate(before.content)[0] / 3
    assert np.std(picture) > 0.1, "no grey veil"
