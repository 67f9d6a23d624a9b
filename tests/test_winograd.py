"""The fast convolution against TensorFlow's, and the fast network against Keras' own VGG19."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import engine, losses, transfer, vgg, winograd

RNG = np.random.default_rng(0)


def relative(a, b):
    return np.linalg.norm(np.asarray(a) - np.asarray(b)) / np.linalg.norm(b)


def random(*shape):
    return tf.constant(RNG.normal(size=shape).astype(np.float32))


def with_gradient(function, x, upstream):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y, tape.gradient(y, x, upstream)


def assert_same(shape, channels, maps):
    x, kernel, upstream = random(*shape, channels), random(3, 3, channels, maps), random(*shape, maps)
    ours = with_gradient(lambda x: winograd.convolve(x, winograd.transform_kernel(kernel)), x, upstream)
    theirs = with_gradient(lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"), x, upstream)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert relative(a, b) < 1e-5


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (4, 4), (5, 4), (7, 9), (8, 16), (13, 6), (1, 17)])
@pytest.mark.parametrize("batch", [1, 3])
def test_any_size_forwards_and_backwards(size, batch):
    assert_same((batch, *size), 3, 5)


@pytest.mark.parametrize("channels, maps", [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256),
                                            (256, 512), (512, 512)])
def test_every_channel_count_of_vgg19(channels, maps):
    assert_same((1, 9, 6), channels, maps)


def test_first_convolution_and_its_gradient():
    x, kernel, upstream = random(2, 9, 7, 3), random(3, 3, 3, 8), random(2, 9, 7, 8)
    ours = with_gradient(lambda x: winograd.convolve_pixels(x, kernel), x, upstream)
    theirs = with_gradient(lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"), x, upstream)
    for a, b in zip(ours, theirs, strict=True):
        assert relative(a, b) < 1e-5


@pytest.mark.parametrize("ours, theirs", [(tf.reduce_max, tf.nn.max_pool2d), (tf.reduce_mean, tf.nn.avg_pool2d)])
@pytest.mark.parametrize("size", [(8, 6), (9, 7), (2, 3)])
def test_pooling_and_its_gradient(ours, theirs, size):
    x, upstream = random(2, *size, 4), random(2, size[0] // 2, size[1] // 2, 4)
    for a, b in zip(with_gradient(lambda x: winograd.pool(x, ours), x, upstream),
                    with_gradient(lambda x: theirs(x, 2, 2, "VALID"), x, upstream), strict=True):
        assert relative(a, b) < 1e-6


def test_the_gram_matrix_has_its_gradient_in_one_product():
    x, upstream = random(2, 9, 7, 8), random(2, 8, 8)
    for ours, theirs in zip(with_gradient(engine._gram_matrix, x, upstream),
                            with_gradient(losses.gram_matrix, x, upstream), strict=True):
        assert relative(ours, theirs) < 1e-6

    def products(gram):
        graph = tf.function(lambda x: with_gradient(gram, x, upstream), autograph=False).get_concrete_function(x).graph
        return sum("MatMul" in operation.type for operation in graph.get_operations())
    assert products(engine._gram_matrix) == 2 < products(losses.gram_matrix)


def test_every_map_is_the_one_of_the_definition():
    """In one dimension and exact arithmetic: A[(G g) · (Bᵗʳ d)] is the correlation of six numbers with three."""
    d, g = RNG.integers(-5, 5, 6), RNG.integers(-5, 5, 3)
    ours = winograd.A @ ((winograd.G.astype(float) @ g) * (winograd.B @ d))
    assert np.allclose(ours, np.correlate(d, g, "valid"), atol=1e-5)


def stock_keras(model, pooling):
    """Keras' own VGG19, its layers and its gradients, with the weights and the preprocessing of `model`."""
    stock = keras.applications.VGG19(include_top=False, weights=None)
    deepest = model.layers[-1].name
    stock = keras.Model(stock.input, stock.get_layer(deepest).output)
    if pooling == "avg":
        def average(layer):
            if isinstance(layer, keras.layers.MaxPooling2D):
                return keras.layers.AveragePooling2D(2, name=layer.name)
            return type(layer).from_config(layer.get_config())
        stock = keras.models.clone_model(stock, clone_function=average)
    for layer in stock.layers:
        if layer.weights:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    stock.trainable = False
    outputs = keras.Model(stock.input, {name: stock.get_layer(name).output for name in model.output})
    preprocess = model.get_layer("preprocess")
    return lambda x: outputs(preprocess(x))


@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_step_equals_stock_keras(pooling):
    """Loss to 1e-5 and gradient to 1e-4 against stock Keras, for the plain path, the fast one, and both with skips."""
    layers = transfer.CONTENT_LAYERS + transfer.STYLE_LAYERS
    model = vgg.load_vgg19(layers, pooling)
    x = tf.constant(RNG.uniform(size=(1, 67, 45, 3)).astype(np.float32))
    upstream = {name: random(*feature.shape) for name, feature in model(x).items()}

    def loss(network):
        return lambda x: sum(tf.reduce_sum(feature * upstream[name]) / tf.size(feature, out_type=tf.float32) ** 0.5
                             for name, feature in network(x).items())

    expected, gradient = with_gradient(loss(stock_keras(model, pooling)), x, tf.constant(1.0))
    for fast, skip in ((False, False), (False, True), (True, False), (True, True)):
        value, ours = with_gradient(loss(winograd.network(model, fast, skip)), x, tf.constant(1.0))
        assert abs(value - expected) < 1e-5 * abs(expected) + 1e-3, (fast, skip)
        assert relative(ours, gradient) < 1e-4, (fast, skip)


def test_compiled_equals_plain():
    if not winograd.is_available():
        pytest.skip("no XLA for this processor, or a GPU: the plain path is the only one")
    model = vgg.load_vgg19(["block2_conv2", "block1_conv1"])
    x = tf.constant(RNG.uniform(size=(1, 37, 50, 3)).astype(np.float32))
    plain = model(x)
    fast = tf.function(winograd.network(model), jit_compile=True, autograph=False)(x)
    for name in plain:
        assert relative(fast[name], plain[name]) < 1e-5, name


def test_only_what_changes_nothing_is_left_out():
    model = vgg.load_vgg19(["block5_conv4", "block3_conv1"])
    layers = [layer for layer in model.layers if winograd._is_identity(layer)]
    picture = RNG.uniform(size=(1, 40, 40, 3)).astype(np.float32)
    features = vgg.load_vgg19(vgg.LAYERS)(picture)
    for layer in layers:
        before = vgg.LAYERS[vgg.LAYERS.index(layer.name) - 1]
        assert np.array_equal(features[before], features[layer.name])
    assert not winograd._is_identity(model.get_layer("block3_conv2"))
    layer = keras.layers.Conv2D(4, 3, name="block5_conv3")
    layer.build((None, 8, 8, 4))
    kernel = layer.get_weights()[0]
    identity = np.zeros_like(kernel)
    identity[1, 1] = np.eye(4)
    for weights, bias, nothing in ((identity, 0, True), (identity, 0.1, False), (kernel, 0, False)):
        layer.set_weights([weights, np.full(4, bias)])
        assert winograd._is_identity(layer) == nothing


def test_networks_share_their_kernels():
    one, two = (winograd._faster(vgg.load_vgg19(["block2_conv1"], pooling).get_layer("block2_conv1"))
                for pooling in ("max", "avg"))
    one(tf.zeros((1, 40, 40, 64)))
    made = {key: id(kernel) for key, kernel in winograd._transformed.items()}
    two(tf.zeros((1, 40, 40, 64)))
    assert made and made == {key: id(kernel) for key, kernel in winograd._transformed.items()}


def test_the_plain_network_follows_new_kernels():
    """However a kernel is set, the gradient is that of the kernel: of Keras' own layers."""
    model = vgg.load_vgg19(["block1_conv2"])
    layer, x = model.get_layer("block1_conv2"), tf.constant(RNG.uniform(size=(1, 9, 8, 3)).astype(np.float32))
    upstream = random(1, 9, 8, 64)
    for seed in (1, 2):
        layer.kernel.assign(0.05 * tf.random.stateless_normal(layer.kernel.shape, (seed, 0)))
        below = vgg.load_vgg19(["block1_conv1"])

        def by_hand(x, below=below):
            return tf.nn.relu(tf.nn.conv2d(below(x)["block1_conv1"], layer.kernel, 1, "SAME") + layer.bias)
        network = winograd.network(model, fast=False)
        expected = with_gradient(by_hand, x, upstream)[1]
        assert relative(with_gradient(lambda x, n=network: n(x)["block1_conv2"], x, upstream)[1], expected) < 1e-5


def test_one_compiled_step_takes_a_large_picture_and_then_a_small_one():
    """The small one takes direct convolutions where the large one took Winograd's."""
    if not winograd.is_available():
        pytest.skip("no XLA for this processor, or a GPU: the plain path is the only one")
    model = vgg.load_vgg19(["block3_conv2"])
    network = winograd.network(model)

    @tf.function(jit_compile=True, autograph=False)
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(network(x)["block3_conv2"])
        return tape.gradient(loss, x)
    for shape in ((1, 96, 96, 3), (1, 40, 32, 3)):
        x = tf.constant(RNG.uniform(size=shape).astype(np.float32))
        expected = with_gradient(lambda x: model(x)["block3_conv2"], x, tf.ones_like(model(x)["block3_conv2"]))[1]
        assert relative(step(x), expected) < 1e-2, "rounding may turn a maximum or a ReLU here and there"
