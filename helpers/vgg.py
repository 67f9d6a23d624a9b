"""VGG19: Simonyan, Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition". Chapter 01."""

import difflib
import re

import keras

from helpers.weights import load as load_weights

BLOCKS = {1: (2, 64), 2: (2, 128), 3: (4, 256), 4: (4, 512), 5: (4, 512)}     # block: (convolutions, feature maps)
LAYERS = [f"block{b}_conv{c}" for b, (count, _) in BLOCKS.items() for c in range(1, count + 1)]


def load_vgg19(layers, pooling="max", weights="auto"):
    """A frozen VGG19 that returns the activations of some layers by name.

    layers: names such as "block4_conv2"; the network ends at the deepest of them.
    pooling: "max", as it was trained, or "avg", as Gatys et al. 2015 propose.
    weights: "auto" takes the first that works of a file of yours (the variable VGG19_WEIGHTS, or an .h5 file in
    data/weights/), Keras' ImageNet VGG19, and the offline default, VGG16 deepened to VGG19's shape;
    "keras" or "offline" insist on one; a path names your own file. `model.source` says in one line what was taken.

    Returns a keras.Model: (B, H, W, 3), RGB, 0…1, H and W ≥ 32 → {name: (B, H/s, W/s, N)}, after the ReLU.
    The preprocessing is inside. Raises ValueError for an unknown layer or pooling, weights.WeightsError. Chapter 01.
    """
    layers = [layers] if isinstance(layers, str) else list(layers)
    unknown = [name for name in layers if name not in LAYERS]
    if unknown or not layers:
        name = str(unknown[0] if unknown else "(none named)")     # "conv4_2" has the numbers of what is meant
        near = max(LAYERS, key=lambda layer: (re.findall(r"\d", layer) == re.findall(r"\d", name),
                                              difflib.SequenceMatcher(None, layer, name).ratio()))
        raise ValueError(f"VGG19 has no layer {name!r}: choose from {LAYERS[0]} … {LAYERS[-1]}, {near} perhaps.")
    if pooling not in ("max", "avg"):
        raise ValueError(f"pooling is \"max\" or \"avg\", not {pooling!r}.")
    filters, mean, source = load_weights(weights)

    image = keras.Input((None, None, 3), name="image")
    x = keras.layers.Rescaling(255.0, offset=[-float(m) for m in mean], name="preprocess")(image)
    pool = keras.layers.MaxPooling2D if pooling == "max" else keras.layers.AveragePooling2D
    outputs, depth = {}, max(LAYERS.index(name) for name in layers)
    for name in LAYERS[:depth + 1]:
        if name.endswith("conv1") and name != "block1_conv1":
            x = pool(2, name=f"block{int(name[5]) - 1}_pool")(x)
        outputs[name] = x = keras.layers.Conv2D(BLOCKS[int(name[5])][1], 3, padding="same", activation="relu",
                                                kernel_initializer="zeros", name=name)(x)
    model = keras.Model(image, {name: outputs[name] for name in layers}, name="vgg19")
    for name in LAYERS[:depth + 1]:
        model.get_layer(name).set_weights(filters[name])
    model.trainable = False
    model.source = source
    return model
