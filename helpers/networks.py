"""Other networks in VGG19's place, for `StyleTransfer(…, network=…)`: any of Keras' by name, and random filters.

Each is a keras.Model, (B, H, W, 3), RGB, 0…1 → {layer: activations}; `source` says whose weights it has. Chapter 08.
"""

import difflib
import sys

import keras
import numpy as np

from helpers import vgg


def load(name, layers, weights="imagenet", seed=0):
    """A network of keras.applications by its name there, such as "MobileNetV2", up to some of its layers.

    weights: "imagenet" asks Keras' server, and takes random ones where it does not answer; None takes random ones; a
    path names your own file, as `model.save_weights` writes it for the network without its top. The preprocessing is
    inside. Raises ValueError for an unknown network or layer, or a file that does not fit.
    """
    build = getattr(keras.applications, name, None)
    names = [each for each in dir(keras.applications) if each[0].isupper()]
    if name not in names:
        near = difflib.get_close_matches(name, names, 1) or ["VGG16"]
        raise ValueError(f"keras.applications has no network {name!r}: did you mean {near[0]}?")
    keras.utils.set_random_seed(seed)
    source = "random filters" if weights is None else f"your file {weights}"
    if weights == "imagenet":
        try:
            base, source = build(include_top=False, weights="imagenet"), "Keras' ImageNet weights"
        except Exception as error:                   # a silent server is told by half a dozen kinds
            print(f"Keras' weights for {name} cannot be fetched ({type(error).__name__}). Random ones are taken.")
            weights, source = None, "random filters"
    if weights != "imagenet":
        base = build(include_top=False, weights=None)
    if weights not in ("imagenet", None):
        try:
            base.load_weights(weights)
        except Exception as error:                   # so is a file that is no file of weights
            raise ValueError(f"{weights} does not fit {name} without its top: write it with save_weights, its name "
                             "ending in .weights.h5.") from error
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


def _frozen(model, source):
    model.trainable = False
    model.source = source
    return model
