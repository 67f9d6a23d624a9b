"""A 3×3 convolution with a quarter of the multiplications, forwards and backwards.

Winograd's minimal filtering F(4×4, 3×3): Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks",
section 4.3. The picture is cut into 4×4 tiles, each with a rim of one pixel: 6×6. One linear map B takes a tile to 36
numbers, another, G, takes a kernel to 36 numbers, and a third, A, takes their 36 products to the tile's 4×4 results.
Direct convolution multiplies 9 · 16 = 144 times a tile and channel pair, this 36 times. The matrices evaluate the
kernel and the tile, read as polynomials, at the points 0, 1, −1, 2, −2 and ∞.

Pictures are (B, H, W, C). The maps are matrix products, so that this pays where XLA compiles it, and not without.
"""

import keras
import numpy as np
import tensorflow as tf

B = np.array([[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
              [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]], np.float32)
G = np.array([[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
              [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]], np.float32)
A = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32)
# In two dimensions each map acts on rows and on columns: the Kronecker product of a matrix with itself.
TILE, KERNEL, RESULT = np.kron(B, B), np.kron(G, G), np.kron(A, A)


def transform_kernel(kernel):
    """(3, 3, C, N) → (36, C, N)."""
    maps = kernel.shape[2:]
    return tf.reshape(KERNEL @ tf.reshape(kernel, (9, -1)), (36, *maps))


def convolve(x, kernel):
    """The convolution of (B, H, W, C) with zeros outside ("SAME") → (B, H, W, N). kernel: (36, C, N), transformed.

    The kernel is a constant. So the gradient is the same linear map transposed: Aᵀ, the kernel's transpose, Bᵀ.
    """
    @tf.custom_gradient
    def apply(x):
        return _forwards(x, kernel), lambda upstream: _backwards(upstream, kernel)
    return apply(x)


def _forwards(x, kernel):
    batch, height, width, channels = x.shape
    down, across, maps = -(-height // 4), -(-width // 4), kernel.shape[2]
    # A tile is four rows of its own and the first two of the next: two reshapes and one concatenation an axis.
    x = tf.pad(x, ((0, 0), (1, 4 * down + 3 - height), (1, 4 * across + 3 - width), (0, 0)))
    x = tf.reshape(x, (batch, down + 1, 4, 4 * across + 4, channels))
    x = tf.concat([x[:, :-1], x[:, 1:, :2]], axis=2)
    x = tf.reshape(x, (batch, down, 6, across + 1, 4, channels))
    x = tf.concat([x[:, :, :, :-1], x[:, :, :, 1:, :2]], axis=4)
    tiles = tf.reshape(tf.transpose(x, (2, 4, 0, 1, 3, 5)), (36, -1))
    products = tf.matmul(tf.reshape(TILE @ tiles, (36, -1, channels)), kernel)
    y = tf.reshape(RESULT @ tf.reshape(products, (36, -1)), (4, 4, batch, down, across, maps))
    y = tf.reshape(tf.transpose(y, (2, 3, 0, 4, 1, 5)), (batch, 4 * down, 4 * across, maps))
    return y[:, :height, :width]


def _backwards(y, kernel):
    batch, height, width, maps = y.shape
    down, across, channels = -(-height // 4), -(-width // 4), kernel.shape[1]
    y = tf.pad(y, ((0, 0), (0, 4 * down - height), (0, 4 * across - width), (0, 0)))
    y = tf.transpose(tf.reshape(y, (batch, down, 4, across, 4, maps)), (2, 4, 0, 1, 3, 5))
    products = tf.reshape(RESULT.T @ tf.reshape(y, (16, -1)), (36, -1, maps))
    tiles = TILE.T @ tf.reshape(tf.matmul(products, kernel, transpose_b=True), (36, -1))
    x = tf.reshape(tiles, (6, 6, batch, down, across, channels))
    # What forwards was read twice is now added up: the last two rows of a tile onto the first two of the next.
    x = (tf.pad(x[:4], ((0, 0), (0, 0), (0, 0), (0, 1), (0, 0), (0, 0)))
         + tf.pad(x[4:], ((0, 2), (0, 0), (0, 0), (1, 0), (0, 0), (0, 0))))
    x = (tf.pad(x[:, :4], ((0, 0), (0, 0), (0, 0), (0, 0), (0, 1), (0, 0)))
         + tf.pad(x[:, 4:], ((0, 0), (0, 2), (0, 0), (0, 0), (1, 0), (0, 0))))
    x = tf.reshape(tf.transpose(x, (2, 3, 0, 4, 1, 5)), (batch, 4 * down + 4, 4 * across + 4, channels))
    return x[:, 1:height + 1, 1:width + 1]


def pool(x, reduce):
    """2×2 pooling of (B, H, W, C) as a reshape and a reduction, tf.reduce_max or tf.reduce_mean."""
    batch, height, width, maps = x.shape
    x = x[:, :height // 2 * 2, :width // 2 * 2]
    return reduce(tf.reshape(x, (batch, height // 2, 2, width // 2, 2, maps)), axis=(2, 4))


# --- VGG19 ------------------------------------------------------------------------------------------------

def network(model, fast=True, skip=True):
    """`load_vgg19`'s model as a function: (B, H, W, 3) → {layer: activations}, the same numbers to float32.

    fast: with the convolutions of this module, for `tf.function(jit_compile=True)` and pictures of known size;
    else with the model's own layers, on any machine. skip: leave out convolutions that change nothing, which the
    offline default has three of.
    """
    steps = [(layer.name, None if skip and _is_identity(layer) else _faster(layer) if fast else layer)
             for layer in model.layers[1:]]
    names = list(model.output)

    def activations(x):
        found = {}
        for name, step in steps:
            found[name] = x = step(x) if step else x
        return {name: found[name] for name in names}
    return activations


def is_available():
    """Whether this machine gains: no GPU, and XLA compiles for its processor."""
    if tf.config.list_physical_devices("GPU"):
        return False
    try:
        return float(tf.function(lambda x: 2 * x, jit_compile=True)(tf.constant(1.0))) == 2
    except (tf.errors.OpError, ValueError):
        return False


def _faster(layer):
    if layer.name.endswith("pool"):
        reduce = tf.reduce_max if isinstance(layer, keras.layers.MaxPooling2D) else tf.reduce_mean
        return lambda x: pool(x, reduce)
    # In block1 the channels are few, the maps B and A cost more than they save.
    if "conv" not in layer.name or layer.name.startswith("block1"):
        return layer
    kernel, bias = layer.get_weights()
    # A variable, not a constant: XLA would embed 36 numbers a channel pair in every compiled program.
    kernel = tf.Variable(transform_kernel(kernel), trainable=False)
    return lambda x: tf.nn.relu(convolve(x, tf.convert_to_tensor(kernel)) + bias)


def _is_identity(layer):
    """A convolution with the identity as its kernel, no bias: after a ReLU it changes nothing."""
    if "_conv" not in layer.name or layer.name.startswith("block1"):
        return False
    kernel, bias = layer.get_weights()
    identity = np.zeros_like(kernel)
    identity[1, 1] = np.eye(*kernel.shape[2:])
    return not bias.any() and np.array_equal(kernel, identity)
