"""One network, one pass, one picture: the feed-forward painter of chapter 08, and its weights on disk.

Johnson, Alahi, Fei-Fei 2016 in small: two steps down to a quarter of the size, residual blocks there, two steps up.
Instance normalisation as in Ulyanov, Vedaldi, Lempitsky 2016; its scale and shift depend on a dial, as they depend on
the style in Dumoulin, Shlens, Kudlur 2017. One painter's dial is the style weight's, another's leads from one style to
another. `data/feedforward/train.py` trains them.
"""

import functools
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

FOLDER = Path(__file__).resolve().parent.parent / "data" / "feedforward"
WEIGHTS, STYLE = FOLDER / "swirls.npz", "swirls.jpg"
BOTH_WEIGHTS, BOTH = FOLDER / "both.npz", ("swirls.jpg", "glass.jpg")        # at the dial's 0, at its 1
UNSEEN = "china.jpg"                              # the photograph that neither has ever met


def style_weight(dial):
    """The style weight that a position of the dial stands for: 0.1 at 0, 1 in the middle, 10 at 1."""
    return 0.1 * 100.0 ** dial


class InstanceNorm(keras.layers.Layer):
    """(x − μ) / √(σ² + ε) for each picture and map, then a scale and a shift: a line each, along the dial."""

    def build(self, shape):
        maps = shape[-1]
        self.scale = self.add_weight((2, maps), initializer=lambda shape, dtype: tf.constant([[1.0], [0.0]])
                                     * tf.ones(shape), name="scale")
        self.shift = self.add_weight((2, maps), initializer="zeros", name="shift")

    def call(self, x, dial):
        """x: (B, H, W, N), dial: (B, 1) → (B, H, W, N)."""
        mean, variance = tf.nn.moments(x, axes=(1, 2), keepdims=True)
        scale, shift = (line[0] + dial * line[1] for line in (self.scale, self.shift))
        return (x - mean) * tf.math.rsqrt(variance + 1e-5) * scale[:, None, None] + shift[:, None, None]


class Convolution(keras.layers.Layer):
    """A convolution over a mirrored rim, for zeros would be seen as a frame; normalised, and a ReLU if asked for."""

    def __init__(self, maps, size, stride=1, relu=True):
        super().__init__()
        self.rim, self.relu, self.norm = size // 2, relu, InstanceNorm()
        self.convolution = keras.layers.Conv2D(maps, size, stride, use_bias=False)

    def call(self, x, dial):
        x = self.norm(self.convolution(mirrored(x, self.rim)), dial)
        return tf.nn.relu(x) if self.relu else x


class Painter(keras.Model):
    """(B, H, W, 3), 0…1, and a dial (B, 1) → the pictures painted, (B, H, W, 3), 0…1.

    It begins as the photograph itself: what the last convolution adds is nothing at first.
    """

    def __init__(self, blocks=4):
        super().__init__()
        self.down = [Convolution(16, 9), Convolution(32, 3, 2), Convolution(64, 3, 2)]
        self.blocks = [(Convolution(64, 3), Convolution(64, 3, relu=False)) for _ in range(blocks)]
        self.up = [Convolution(32, 3), Convolution(16, 3)]
        self.last = keras.layers.Conv2D(3, 9, kernel_initializer="zeros")

    def call(self, image, dial):
        x = image - 0.5
        for layer in self.down:
            x = layer(x, dial)
        for first, second in self.blocks:
            x = x + second(first(x, dial), dial)
        for layer in self.up:
            # Copied, then convolved: a transposed convolution leaves a chequerboard (Odena, Dumoulin, Olah 2016).
            x = layer(tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2), dial)
        height, width = tf.shape(image)[1], tf.shape(image)[2]
        change = self.last(mirrored(x, 4))[:, :height, :width]
        pixel = tf.clip_by_value(image, 0.02, 0.98)
        return tf.sigmoid(tf.math.log(pixel / (1 - pixel)) + change)


def mirrored(x, rim):
    """(B, H, W, C) with a mirrored rim of so many pixels on each side."""
    return tf.pad(x, ((0, 0), (rim, rim), (rim, rim), (0, 0)), "REFLECT")


def new_painter(seed=0):
    """A Painter that has learnt nothing yet, its weights made."""
    keras.utils.set_random_seed(seed)
    painter = Painter()
    painter(tf.zeros((1, 32, 32, 3)), tf.ones((1, 1)))
    return painter


def lines(painter):
    """The scales and shifts of a Painter's normalisations, [(2, maps)]: at the dial's 0, and what a whole turn adds."""
    return [variable for variable in painter.trainable_variables if variable.name in ("scale", "shift")]


def save(painter, history, path):
    """Write the weights as arrays of 16 bits, and the history, a row for each report of the training."""
    arrays = {f"w{number:02}": array.astype(np.float16) for number, array in enumerate(painter.get_weights())}
    part = Path(path).with_suffix(f".{os.getpid()}.npz")
    np.savez_compressed(part, history=np.array(history, np.float32), **arrays)
    os.replace(part, path)                         # a file under its own name is whole


def load(path=WEIGHTS):
    """→ (Painter, history); history: step, loss, loss on the unseen photograph (for each style), (n, 3) or (n, 4).

    Raises ValueError for a file that is no Painter's; nothing in it can run.
    """
    painter, path = new_painter(), Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in sorted(file.files)}
        history = arrays.pop("history")
        painter.set_weights(list(arrays.values()))
    except Exception as error:                     # NumPy and zipfile raise half a dozen kinds for a broken file
        raise ValueError(f"{path.name} holds no painter's weights: `git checkout` brings back the course's own, "
                         "data/feedforward/train.py trains new ones.") from error
    return painter, history


@functools.lru_cache(maxsize=2)
def _compiled(path):
    painter, _ = load(path)
    return tf.function(painter, reduce_retracing=True, autograph=False)


def paint(image, dial=1.0, path=WEIGHTS):
    """A picture (H, W, 3), 0…1, H and W ≥ 32, painted → the same shape; dial: 0…1, or beyond.

    path: `WEIGHTS`, in the manner of `STYLE`, more of it the higher the dial; `BOTH_WEIGHTS`, from one of `BOTH` to the
    other.
    """
    dial = tf.constant([[dial]], tf.float32)
    return _compiled(path)(tf.constant(image[None], tf.float32), dial).numpy()[0]
