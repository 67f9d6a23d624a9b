"""A 3×3 convolution with a quarter of the multiplications, forwards and backwards: the fast path of `transfer`.

Winograd's minimal filtering F(4×4, 3×3): Lavin, Gray 2016, "Fast Algorithms for Convolutional Neural Networks",
section 4.3. The picture is cut into 4×4 tiles, each with a rim of one pixel: 6×6. A linear map B takes a tile to 36
numbers, another, G, takes a kernel to 36 numbers, and a third, A, takes their 36 products to the tile's 4×4 results.
Direct convolution multiplies 9 · 16 = 144 times for a tile and a pair of channels, this 36 times. The matrices
evaluate tile and kernel, read as polynomials, at the points 0, 1, −1, 2, −2 and ∞.

Pictures are (B, H, W, C), their sizes known. All is matrix products and reshapes: it pays where XLA compiles it.
"""

import functools
import hashlib
import weakref

import keras
import numpy as np
import tensorflow as tf

B = np.array([[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
              [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]], np.float32)
G = np.array([[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
              [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]], np.float32)
A = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32)
# Reading 36 numbers a pair of channels pays for itself by the tiles that share them. With so few tiles the direct
# convolution, which reads 9, is quicker: a step at 96 px takes 0.11 s instead of 0.18, at 128 px 0.18 instead of 0.24.
FEW_TILES = 12
# In two dimensions each map acts on rows and on columns: the Kronecker product of a matrix with itself.
TILE, KERNEL, RESULT = np.kron(B, B), np.kron(G, G), np.kron(A, A)


def transform_kernel(kernel):
    """(3, 3, C, N) → (36, C, N)."""
    return tf.reshape(KERNEL @ tf.reshape(kernel, (9, -1)), (36, *kernel.shape[2:]))


def convolve(x, kernel):
    """The convolution of (B, H, W, C) with zeros outside ("SAME") → (B, H, W, N).

    kernel: (36, C, N), from `transform_kernel`, a constant. So the gradient by x is the same linear map transposed:
    Aᵀ first, then the transposed kernel, then Bᵀ.
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
    x = tf.concat([_cut(x, {1: (0, down)}), _cut(x, {1: (1, down), 2: (0, 2)})], axis=2)
    x = tf.reshape(x, (batch, down, 6, across + 1, 4, channels))
    x = tf.concat([_cut(x, {3: (0, across)}), _cut(x, {3: (1, across), 4: (0, 2)})], axis=4)
    # i, j are a tile's own; b, h, w say which tile it is; k is one of the 36, c a channel and n a map.
    tiles = _einsum("kij,bhiwjc->kbhwc", TILE.reshape(36, 6, 6), x)
    products = tf.matmul(tf.reshape(tiles, (36, -1, channels)), kernel)
    y = _einsum("ijk,kbhwn->bhiwjn", RESULT.reshape(4, 4, 36), tf.reshape(products, (36, batch, down, across, maps)))
    return _cut(tf.reshape(y, (batch, 4 * down, 4 * across, maps)), {1: (0, height), 2: (0, width)})


def _backwards(y, kernel):
    batch, height, width, maps = y.shape
    down, across, channels = -(-height // 4), -(-width // 4), kernel.shape[1]
    if height % 4 or width % 4:
        y = tf.pad(y, ((0, 0), (0, 4 * down - height), (0, 4 * across - width), (0, 0)))
    y = tf.reshape(y, (batch, down, 4, across, 4, maps))
    products = tf.reshape(_einsum("ijk,bhiwjn->kbhwn", RESULT.reshape(4, 4, 36), y), (36, -1, maps))
    tiles = tf.reshape(tf.matmul(products, kernel, transpose_b=True), (36, batch, down, across, channels))
    x = _einsum("kij,kbhwc->ijbhwc", TILE.reshape(36, 6, 6), tiles)
    # What forwards was read twice is added up here: the last two rows of a tile onto the first two of the next.
    own, rim = tf.split(x, (4, 2), axis=0)
    x = (tf.pad(own, ((0, 0), (0, 0), (0, 0), (0, 1), (0, 0), (0, 0)))
         + tf.pad(rim, ((0, 2), (0, 0), (0, 0), (1, 0), (0, 0), (0, 0))))
    own, rim = tf.split(x, (4, 2), axis=1)
    x = (tf.pad(own, ((0, 0), (0, 0), (0, 0), (0, 0), (0, 1), (0, 0)))
         + tf.pad(rim, ((0, 0), (0, 2), (0, 0), (0, 0), (1, 0), (0, 0))))
    x = tf.reshape(tf.transpose(x, (2, 3, 0, 4, 1, 5)), (batch, 4 * down + 4, 4 * across + 4, channels))
    return _cut(x, {1: (1, height), 2: (1, width)})


# Tracing a step costs half a millisecond an operation, and Python's slices and tf.einsum make four where one does.

def _cut(x, pieces):
    """x without what is outside of {axis: (first, length)}."""
    first, length = [0] * len(x.shape), list(x.shape)
    for axis, (start, count) in pieces.items():
        first[axis], length[axis] = start, count
    return x if length == list(x.shape) else tf.slice(x, first, length)


def _einsum(equation, matrix, x):
    return tf.raw_ops.Einsum(inputs=[tf.constant(matrix), x], equation=equation)


def convolve_pixels(x, kernel):
    """A direct convolution of (B, H, W, 3) with (3, 3, 3, N), for block1_conv1 → (B, H, W, N).

    Its gradient has three channels only, too few for a convolution to be quick: it is one matrix product to
    9 · 3 numbers a pixel, and the sum of those nine, each shifted to its place.
    """
    columns = tf.reshape(tf.transpose(kernel, (3, 0, 1, 2)), (-1, 27))

    @tf.custom_gradient
    def apply(x):
        def gradient(upstream):
            batch, height, width, maps = upstream.shape
            shares = tf.reshape(tf.reshape(upstream, (-1, maps)) @ columns, (batch, height, width, 9, 3))
            shares = tf.pad(shares, ((0, 0), (1, 1), (1, 1), (0, 0), (0, 0)))
            return tf.add_n([_cut(share, {1: (2 - n // 3, height), 2: (2 - n % 3, width)})
                             for n, share in enumerate(tf.unstack(shares, axis=3))])
        return tf.nn.conv2d(x, kernel, 1, "SAME"), gradient
    return apply(x)


def pool(x, reduce):
    """2×2 pooling of (B, H, W, C) as a reshape and a reduction, tf.reduce_max or tf.reduce_mean."""
    batch, height, width, maps = x.shape
    x = _cut(x, {1: (0, height // 2 * 2), 2: (0, width // 2 * 2)})
    return reduce(tf.reshape(x, (batch, height // 2, 2, width // 2, 2, maps)), axis=(2, 4))


# --- VGG19 ------------------------------------------------------------------------------------------------

def network(model, fast=True, skip=True):
    """`load_vgg19`'s model as a function, (B, H, W, 3) → {layer: activations}: the same numbers to float32.

    fast: with the convolutions above, for `tf.function(jit_compile=True)` and pictures of known size; else with the
    model's own layers, on any machine. skip: leave out the convolutions that change nothing, of which the offline
    default has three.
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


@functools.lru_cache(maxsize=1)
def is_available():
    """Whether this machine gains: no GPU, and XLA compiles for its processor, with the right result."""
    if tf.config.list_physical_devices("GPU"):
        return False
    x, kernel = tf.reshape(tf.range(50.0), (1, 5, 5, 2)), tf.reshape(tf.range(54.0), (3, 3, 2, 3))
    try:
        ours = tf.function(convolve, jit_compile=True, autograph=False)(x, transform_kernel(kernel))
    except (tf.errors.OpError, ValueError, NotImplementedError):
        return False
    return np.allclose(ours, tf.nn.conv2d(x, kernel, 1, "SAME"), rtol=1e-3)


# Networks with the same weights share their kernels, 160 MB of them. Each is made for the first picture that is large
# enough to need it: 28 MB at 128 px, 122 MB at 256.
_transformed = weakref.WeakValueDictionary()


def kernel_bytes(model, skip=True):
    """Bytes that the transformed kernels of a network will take, once a picture has been large enough for all."""
    return sum(4 * 36 * layer.kernel.shape[2] * layer.kernel.shape[3] for layer in model.layers
               if _gains(layer) and not (skip and _is_identity(layer)))


def _gains(layer):
    """With the 64 channels of block1_conv2 the maps B and A cost what the products save."""
    return "_conv" in layer.name and not layer.name.startswith("block1")


def _faster(layer):
    if layer.name.endswith("pool"):
        reduce = tf.reduce_max if isinstance(layer, keras.layers.MaxPooling2D) else tf.reduce_mean
        return lambda x: pool(x, reduce)
    if layer.name == "block1_conv1":
        return lambda x: tf.nn.relu(tf.nn.bias_add(convolve_pixels(x, tf.convert_to_tensor(layer.kernel)), layer.bias))
    if not _gains(layer):
        return layer

    @functools.cache
    def transformed():
        """Its own tensor, which the step takes as an argument: XLA does not embed it in every compiled program."""
        with tf.init_scope():                  # the step that asks for it is being traced
            kernel = layer.get_weights()[0]
            key = hashlib.sha256(kernel).digest()
            made = _transformed.get(key)
            if made is None:
                made = _transformed[key] = transform_kernel(kernel)
            return made

    def faster(x):
        if -(-x.shape[1] // 4) * -(-x.shape[2] // 4) <= FEW_TILES:
            return layer(x)
        return tf.nn.relu(tf.nn.bias_add(convolve(x, transformed()), layer.bias))
    return faster


def _is_identity(layer):
    """A convolution whose kernel is the identity, without bias: behind a ReLU it changes nothing."""
    if "_conv" not in layer.name or layer.kernel.shape[2] != layer.kernel.shape[3] or layer.name == "block1_conv2":
        return False
    kernel, bias = layer.get_weights()
    identity = np.zeros_like(kernel)
    identity[1, 1] = np.eye(len(bias))
    return not bias.any() and np.array_equal(kernel, identity)
