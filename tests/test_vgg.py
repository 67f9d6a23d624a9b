"""The network computes what VGG computes, from its input's pixels to its gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import correlate

from helpers import filters, vgg, weights
from helpers.vgg import load_vgg19

RNG = np.random.default_rng(0)
PICTURE = RNG.uniform(size=(1, 45, 38, 3)).astype(np.float32)


def relative(a, b):
    return np.linalg.norm(np.asarray(a) - np.asarray(b)) / np.linalg.norm(b)


def test_offline_default_is_vgg16():
    """Against VGG16's layers in plain numpy and scipy, from the file's own convention: (RGB − mean) / std."""
    added = {"block3_conv4": "block3_conv3", "block4_conv4": "block4_conv3", "block5_conv4": "block5_conv3"}
    names = [name for name in vgg.LAYERS if name not in added]
    convolutions = filters.read_arrays(weights.find("offline")[0])
    ours = load_vgg19(vgg.LAYERS, weights="offline")(PICTURE)
    x = (PICTURE[0] - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    for name, (kernel, bias) in zip(names, convolutions, strict=True):
        if name.endswith("conv1") and name != "block1_conv1":
            x = x[:x.shape[0] // 2 * 2, :x.shape[1] // 2 * 2]
            x = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).max((1, 3))
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        if x.shape[2] == 3:                                         # scipy's own definition, once
            x = np.stack([correlate(padded, kernel[..., k], "valid")[..., 0] for k in range(kernel.shape[3])], -1)
        else:
            x = sum(padded[i:i + x.shape[0], j:j + x.shape[1]] @ kernel[i, j] for i in range(3) for j in range(3))
        x = np.maximum(x + bias, 0)
        assert relative(ours[name][0], x) < 1e-4, name
    for name, before in added.items():
        assert np.array_equal(ours[before], ours[name])


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (50, 64)])
@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_any_size_and_both_poolings(size, pooling):
    image = RNG.uniform(size=(2, *size, 3)).astype(np.float32)
    features = load_vgg19(["block1_conv2", "block2_conv1"], pooling)(image)
    assert features["block1_conv2"].shape == (2, *size, 64)
    assert features["block2_conv1"].shape == (2, size[0] // 2, size[1] // 2, 128)
    first = np.asarray(features["block1_conv2"])[:, :size[0] // 2 * 2, :size[1] // 2 * 2]
    cells = first.reshape(2, size[0] // 2, 2, size[1] // 2, 2, 64)
    pooled = cells.max((2, 4)) if pooling == "max" else cells.mean((2, 4))
    kernel, bias = load_vgg19(["block2_conv1"]).get_layer("block2_conv1").get_weights()
    padded = np.pad(pooled, ((0, 0), (1, 1), (1, 1), (0, 0)))
    by_hand = sum(padded[:, i:i + pooled.shape[1], j:j + pooled.shape[2]] @ kernel[i, j]
                  for i in range(3) for j in range(3)) + bias
    assert relative(features["block2_conv1"], np.maximum(by_hand, 0)) < 1e-4


def test_network_is_truncated_and_frozen():
    model = load_vgg19(["block2_conv2", "block1_conv1"])
    assert [layer.name for layer in model.layers][-1] == "block2_conv2"
    assert not model.trainable_weights
    assert isinstance(model.source, str) and "\n" not in model.source
    assert set(model(PICTURE)) == {"block2_conv2", "block1_conv1"}


def test_the_gradient_follows_new_weights():
    model = load_vgg19(["block1_conv2"])
    layer = model.get_layer("block1_conv2")
    assert type(layer) is keras.layers.Conv2D
    kernel = RNG.normal(size=layer.kernel.shape).astype(np.float32)
    layer.kernel.assign(kernel)
    x, upstream = tf.constant(RNG.normal(size=(1, 9, 8, 64)), tf.float32), RNG.normal(size=(1, 9, 8, 64))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    gradient = tape.gradient(y, x, tf.constant(upstream, tf.float32))
    # The transpose of the convolution, where the ReLU is open: the kernel turned by 180°, its channels swapped.
    shut = np.where(np.asarray(y) > 0, upstream, 0)
    by_hand = tf.nn.conv2d(tf.constant(shut, tf.float32), kernel[::-1, ::-1].transpose(0, 1, 3, 2), 1, "SAME")
    assert relative(gradient, by_hand) < 1e-5


@pytest.mark.parametrize("arguments, says", [((["conv4_2"],), "no layer 'conv4_2'"), (([],), "none named"),
                                             ((["block1_conv1"], "median"), "not 'median'")])
def test_wrong_names_are_one_sentence(arguments, says):
    with pytest.raises(ValueError, match=says):
        load_vgg19(*arguments)
