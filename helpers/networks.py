"""Other networks in VGG19's place, for `StyleTransfer(…, network=…)`: any of Keras' by name, AlexNet, random filters.

Each is a keras.Model, (B, H, W, 3), RGB, 0…1 → {layer: activations}; `source` says whose weights it has. Chapter 08.
"""

import difflib
import math
import socket
import sys

import keras
import numpy as np
import tensorflow as tf

from helpers import vgg
from helpers import weights as sources
from helpers.filters import OFFLINE_STD, WeightsError, read_arrays

# In the package of the offline default, beside VGG16. Krizhevsky 2014's shape: (maps, size of the filters).
ALEXNET_FILE, ALEXNET = "alexnet.ckpt", {"conv1": (64, 11), "conv2": (192, 5), "conv3": (384, 3), "conv4": (256, 3),
                                         "conv5": (256, 3)}
ALEXNET_SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"


def load(name, layers, weights="imagenet", seed=0):
    """A network of keras.applications by its name there, such as "MobileNetV2", up to some of its layers.

    weights: "imagenet" asks Keras' server, "offline" the package of the offline default, which has VGG16's, and both
    take random ones where there is no answer; None takes random ones; a path names your own file for the network
    without its top, Keras' own or what `model.save_weights` writes. The preprocessing is inside. Raises ValueError for
    an unknown network or layer, or a file that does not fit.
    """
    build = getattr(keras.applications, name, None)
    names = [each for each in dir(keras.applications) if each[0].isupper()]
    if name not in names:
        near = difflib.get_close_matches(name, names, 1) or ["VGG16"]
        raise ValueError(f"keras.applications has no network {name!r}: did you mean {near[0]}?")
    keras.utils.set_random_seed(seed)
    base, source = _filled(build, name, weights)
    layers = [layers] if isinstance(layers, str) else list(layers)
    known = [layer.name for layer in base.layers]
    for layer in layers:
        if layer not in known:
            near = difflib.get_close_matches(layer, known, 1) or [known[1]]
            raise ValueError(f"{name} has no layer {layer!r}: did you mean {near[0]}?")
    image = keras.Input((None, None, 3), name="image")
    # Each network's own preprocessing stands in its module, beside the function that builds it.
    prepared = sys.modules[build.__module__].preprocess_input(image * 255.0)
    inner = keras.Model(base.inputs[0], {layer: base.get_layer(layer).output for layer in layers})
    return _frozen(keras.Model(image, inner(prepared), name=name.lower()), f"{name}, {source}")


def _filled(build, name, weights):
    """→ (the whole network with its weights, words that say whose they are)."""
    if weights == "offline" and name != "VGG16":
        raise ValueError(f"the offline package has no weights of {name}: it has VGG16's, and AlexNet's for `alexnet`.")
    waited = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(sources.SECONDS)       # Keras itself waits for a silent server for ever
        if weights == "imagenet":
            return build(include_top=False, weights="imagenet"), "Keras' ImageNet weights"
        if weights == "offline":
            return _offline_vgg16(build), "ImageNet weights of the offline package"
    except Exception as error:                          # a silent server is told by half a dozen kinds
        print(f"The weights of {name} cannot be fetched ({type(error).__name__}). Random ones are taken.")
        weights = None
    finally:
        socket.setdefaulttimeout(waited)
    base = build(include_top=False, weights=None)
    if weights is None:
        return base, "random filters"
    try:
        base.load_weights(weights)
    except Exception as error:                          # so is a file that is no file of weights
        raise ValueError(f"{weights} does not fit {name} without its top: write it with save_weights, its name "
                         "ending in .weights.h5.") from error
    return base, f"your file {weights}"


def _offline_vgg16(build):
    filters, mean, _ = sources.load("offline")
    kernel, bias = filters["block1_conv1"]
    # Keras' VGG16 is given BGR, less another mean.
    moved = bias + np.sum(kernel * (sources.KERAS_MEAN - mean)[:, None], axis=(0, 1, 2))
    filters["block1_conv1"] = [kernel[:, :, ::-1], moved]
    base = build(include_top=False, weights=None)
    for layer in base.layers:
        if layer.name in filters:
            layer.set_weights(filters[layer.name])
    return base


def alexnet(layers, seed=0):
    """AlexNet with ImageNet's weights, layers "conv1" … "conv5": large filters in wide steps. Krizhevsky et al. 2012.

    They come with the package of the offline default; random ones are taken where it cannot be fetched. Raises
    ValueError for an unknown layer.
    """
    layers = [layers] if isinstance(layers, str) else list(layers)
    for layer in layers:
        if layer not in ALEXNET:
            raise ValueError(f"AlexNet has no layer {layer!r}: choose from {', '.join(ALEXNET)}.")
    keras.utils.set_random_seed(seed)
    image, outputs = keras.Input((None, None, 3), name="image"), {}
    x = (image * 255.0 - sources.OFFLINE_MEAN) / OFFLINE_STD
    for name, (maps, size) in ALEXNET.items():
        if name in ("conv2", "conv3"):
            x = keras.layers.MaxPooling2D(3, 2)(x)
        x = keras.layers.ZeroPadding2D(2 if size > 3 else 1)(x)
        outputs[name] = x = keras.layers.Conv2D(maps, size, 4 if name == "conv1" else 1, activation="relu",
                                                kernel_initializer="he_normal", name=name)(x)
    whole, source = keras.Model(image, outputs), "ImageNet weights"
    try:
        path, _ = sources._fetched(sources.FOLDER / ALEXNET_FILE, ALEXNET_SHA256,
                                   lambda folder: sources._unpack(folder).with_name(ALEXNET_FILE), "AlexNet")
        for name, arrays in zip(ALEXNET, read_arrays(path, "AlexNet_0"), strict=True):
            whole.get_layer(name).set_weights(arrays)
    except WeightsError:
        print("AlexNet's weights cannot be fetched: get online once. Random ones are taken.")
        source = "random filters"
    return _frozen(keras.Model(image, {name: outputs[name] for name in layers}, name="alexnet"), f"AlexNet, {source}")


def random_vgg19(layers, pooling="max", seed=0):
    """VGG19's shape, all its filters drawn at random, as wide as He et al. 2015 start a training, biases 0."""
    model, rng = vgg.load_vgg19(layers, pooling), np.random.default_rng(seed)
    for layer in model.layers:
        if "_conv" in layer.name:
            shape = layer.kernel.shape
            spread = np.sqrt(2 / np.prod(shape[:3]))
            layer.set_weights([rng.normal(0, spread, shape).astype(np.float32), np.zeros(shape[3], np.float32)])
    return _frozen(model, f"VGG19's shape, random filters, seed {seed}")


def random_layer(sizes=(3, 5, 7, 11, 15, 23), maps=32, seed=0):
    """One layer of random filters of several sizes, side by side, and a ReLU: {"random": (B, H, W, maps · sizes)}.

    After Ustyuzhaninov et al. 2017, with fewer and smaller filters.
    """
    keras.utils.set_random_seed(seed)
    image = keras.Input((None, None, 3), name="image")
    rows = [keras.layers.Conv2D(maps, size, padding="same", activation="relu", kernel_initializer="he_normal")
            (image - 0.5) for size in sizes]
    model = keras.Model(image, {"random": keras.layers.Concatenate(name="random")(rows)}, name="random_layer")
    return _frozen(model, f"one layer of random filters, seed {seed}")


def multiplications(function, image):
    """How many multiplications the convolutions in a function of TensorFlow's take for one image, (H, W, 3).

    Counted in its graph, there and, where it takes a gradient, back: each weight once at each place. No clock comes in,
    and no trick either, such as Winograd's, that gets the same sums from fewer products.
    """
    image = tf.TensorSpec((1, *image.shape), tf.float32)
    total = 0
    for step in tf.function(function, autograph=False).get_concrete_function(image).graph.get_operations():
        if step.type in ("Conv2D", "Conv2DBackpropInput"):
            places = step.outputs[0] if step.type == "Conv2D" else step.inputs[2]
            total += math.prod(step.inputs[1].shape) * math.prod(places.shape[1:3])
    return total


def _frozen(model, source):
    model.trainable = False
    model.source = source
    return model
