"""What may stand in the Gram matrix's and in VGG19's place, and the network that paints at once."""

import keras
import pytest
import tensorflow as tf

from helpers import images
from helpers.transfer import StyleTransfer

PHOTO = images.load_image("china.jpg", 64)
LAYERS = {"content_layers": ("block1_conv2",), "style_layers": ("block1_conv1", "block2_conv1")}


def means(features):
    return tf.reduce_mean(features, axis=(1, 2))


# --- another statistic, another network, in the same engine

@pytest.mark.parametrize("fast", [True, False], ids=["compiled", "plain"])
def test_a_given_statistic_is_what_is_matched(fast, monkeypatch):
    kept = []
    monkeypatch.setattr("helpers.compiled.kept", lambda step, key: kept.append(key) or step)
    made = StyleTransfer(PHOTO, "swirls.jpg", size=64, statistic=means, jit_compile=fast, **LAYERS)
    assert not kept, "a function has no name to keep its step by"
    features, style = (made.engine.network(tf.constant(x[None])) for x in (PHOTO, made.styles[0]))
    terms = made.evaluate(PHOTO)[1]
    for name in LAYERS["style_layers"]:
        target = means(style[name])
        wanted = tf.reduce_sum((means(features[name]) - target) ** 2) / tf.reduce_sum(target ** 2)
        assert terms[name] == pytest.approx(float(wanted), rel=1e-3)
    gram = StyleTransfer(PHOTO, "swirls.jpg", size=64, jit_compile=fast, **LAYERS)
    assert gram.engine is not made.engine and bool(kept) == fast
    assert gram.evaluate(PHOTO)[1]["style"] != pytest.approx(terms["style"], rel=0.01)
    shut = StyleTransfer(made.styles[0], "swirls.jpg", size=64, statistic=means, jit_compile=fast, **LAYERS)
    assert shut.evaluate(made.styles[0])[1]["style"] == pytest.approx(0, abs=1e-6)


def test_a_given_statistic_descends_and_blends():
    made = StyleTransfer(PHOTO, ["swirls.jpg", "ink.jpg"], size=64, statistic=means, jit_compile=False, **LAYERS)
    history = made.run(8, progress=False).history
    assert history[-1]["style"] < 0.7 * history[0]["style"]
    middle = made.evaluate(PHOTO)[1]["style"]
    made.blend = [1, 0]
    assert made.evaluate(PHOTO)[1]["style"] != pytest.approx(middle, rel=0.01)


def test_a_given_network_takes_vgg19s_place():
    image = keras.Input((None, None, 3))
    keras.utils.set_random_seed(0)
    first = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="one")(image)
    second = keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="two")(first)
    network = keras.Model(image, {"one": first, "two": second})
    network.source = "eight filters"
    made = StyleTransfer(PHOTO, "swirls.jpg", size=64, network=network, content_layers="two", style_layers="one")
    assert made.engine.source == "eight filters" and list(made.evaluate(PHOTO)[1]) == ["content", "style", "tv", "one"]
    assert made.run(5, progress=False).history[-1]["loss"] < made.evaluate(PHOTO)[0]
    with pytest.raises(ValueError, match="no layer 'three' among its outputs: they are one, two"):
        StyleTransfer(PHOTO, "swirls.jpg", network=network, content_layers=("three",), style_layers=("one",))
