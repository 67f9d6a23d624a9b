"""The recipes of three official tutorials against ours, for `make bench`: their numbers, written anew, on our weights.

All start from the content picture and go down losses of their own, so one judge decides: the relative loss of the
picture that a recipe ends with, clipped to 0…1, with StyleTransfer's default weights. Ours is StyleTransfer.run with
its defaults, on the same two pictures, until its loss is as low. What is done once before the first step, compilation
and the targets, is counted on neither side. Every convolution is computed on both.
"""

import importlib.util
import sys
import time
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from test_winograd import stock_keras

from helpers import descent, images, losses, vgg, weights, winograd
from helpers.engine import engine
from helpers.transfer import STYLE_LAYERS, StyleTransfer

COLUMNS = ["recipe", "pixels", "steps", "a step, s", "in all, s", "its picture: content", "style", "relative loss",
           "at the start", "ours to that loss: evaluations", "in all, s", "the first, compiling, s", "ours ÷ recipe"]
TIMED = 40
DEVIATION = 57          # of a usual picture's pixels, 0…255


class Recipe(NamedTuple):
    """What a recipe made of which images, float32 (H, W, 3), 0…1, its own as it was left, and how long it took."""
    name: str
    content: np.ndarray
    style: np.ndarray
    image: np.ndarray
    steps: int
    seconds: float


def against_ours(recipe, repeats=3):
    """One row of COLUMNS."""
    made = StyleTransfer(recipe.content, recipe.style, size=None)
    made.engine = engine(made.content_layers, made.style_layers, fast=winograd.is_available(), skip=False)
    started = time.perf_counter()
    start, first = made.evaluate(made.start())[0], time.perf_counter() - started
    judged, terms, _ = made.evaluate(np.clip(recipe.image, 0, 1))
    runs = [made.run(callback=lambda n, image, record: record["loss"] <= judged, progress=False)
            for _ in range(repeats)]
    height, width, _ = recipe.content.shape
    row = [recipe.name, f"{width} × {height}", recipe.steps, recipe.seconds / recipe.steps, recipe.seconds,
           terms["content"], terms["style"], judged, start]
    if not all(run.stopped for run in runs):
        return [*row, f"not within {len(runs[0].history)}", "–", first, "–"]
    seconds = np.array([run.history[-1]["seconds"] for run in runs])
    ratios = recipe.seconds / seconds
    return [*row, len(runs[0].history), float(np.median(seconds)), first,
            f"1/{np.median(ratios):.3g} (1/{ratios.max():.3g}–1/{ratios.min():.3g})"]


def unit(model):
    """How large its activations are: DEVIATION where the network was trained on pixels of 0…255, which is what the
    numbers of Keras' and TensorFlow's recipes are made for; 1 where on pixels of unit variance, PyTorch's case."""
    return 1 if model.source == weights.OFFLINE_WORDS else DEVIATION


def compiled_step(network, loss, fast):
    """x → (loss, gradient); loss(x, the network's activations)."""
    @tf.function(jit_compile=fast, autograph=False)
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x, network(x))
        return value, tape.gradient(value, x)
    return step


def descend(step, start, optimizer, steps, after=lambda x: x):
    """→ (the loss of each step, the picture behind the last, seconds a step)."""
    x, found, started = tf.Variable(start), [], time.perf_counter()
    for _ in range(steps):
        loss, gradient = step(tf.convert_to_tensor(x))
        optimizer.apply_gradients([(gradient, x)])
        x.assign(after(x))
        found.append(float(loss))
    return found, x.numpy(), (time.perf_counter() - started) / steps


def timed_then_walked(stock, faster, start, make_optimizer, steps, after=lambda x: x):
    """A recipe's time is taken on its first steps; the whole way, the same descent, is left to the faster step.

    → (the loss of each step, the last picture, seconds a step of `stock`).
    """
    values = [float(step(start)[0]) for step in (stock, faster)]                  # compiled; one loss
    assert abs(values[1] / values[0] - 1) < 1e-4, values
    begun, _, pace = descend(stock, start, make_optimizer(), TIMED, after)
    whole, image, _ = descend(faster, start, make_optimizer(), steps, after)
    assert abs(begun[-1] / whole[TIMED - 1] - 1) < 0.02, (begun[-1], whole[TIMED - 1])
    return whole, image, pace


# --- Keras' example -----------------------------------------------------------------------------------------------

def keras_example(steps=600, height=96, width=128):
    """Three pictures a step, sums of squares, block5_conv2, gradient descent 100 × 0.96^(step/100), pixels unbounded.
    The recipe has 4,000 steps; here are its first 600.

    → (Recipe, rows): and ours on the recipe's own loss, with two of the pictures computed once, by L-BFGS.
    """
    content_layer, norm = "block5_conv2", 4.0 * 3 ** 2 * (height * width) ** 2
    model = vgg.load_vgg19([*STYLE_LAYERS, content_layer])
    scale, offset = DEVIATION / unit(model), np.array(model.get_layer("preprocess").offset, np.float32)
    photo, painting = (images.resize(images.load_image(name), shape=(height, width))
                       for name in ("china.jpg", "swirls.jpg"))
    content, style = tf.constant(photo[None] * 255 + offset), tf.constant(painting[None] * 255 + offset)
    stock, fast = (lambda x, network=network: {name: scale * f for name, f in network((x - offset) / 255).items()}
                   for network in (stock_keras(model, "max"), winograd.network(model, True, False)))

    def gram(x):
        flat = tf.reshape(x, (-1, x.shape[-1]))
        return tf.matmul(flat, flat, transpose_a=True)

    def total(x, features, content_target, grams):
        dy = tf.square(x[:, :-1, :-1] - x[:, 1:, :-1])
        dx = tf.square(x[:, :-1, :-1] - x[:, :-1, 1:])
        loss = 1e-6 * tf.reduce_sum((dx + dy) ** 1.25)
        loss += 2.5e-8 * tf.reduce_sum(tf.square(features[content_layer] - content_target))
        for name, target in zip(STYLE_LAYERS, grams, strict=True):
            loss += 1e-6 / 5 / norm * tf.reduce_sum(tf.square(gram(features[name]) - target))
        return loss

    def of_three(x, features):
        return total(x, {name: f[2] for name, f in features.items()}, features[content_layer][0],
                     [gram(features[name][1]) for name in STYLE_LAYERS])

    content_target = stock(content)[content_layer][0]
    grams = [gram(stock(style)[name][0]) for name in STYLE_LAYERS]
    three_at_once = compiled_step(lambda x: stock(tf.concat([content, style, x], axis=0)), of_three, fast=False)
    ours = compiled_step(fast, lambda x, features: total(x, {name: f[0] for name, f in features.items()},
                                                         content_target, grams), fast=True)

    def optimizer():
        return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(100.0, 100, 0.96))
    whole, image, pace = timed_then_walked(three_at_once, ours, content, optimizer, steps)
    recipe = Recipe("Keras' example", photo, painting, (image[0] - offset) / 255, steps, steps * pace)

    def evaluate(image):
        loss, gradient = ours(tf.constant(image[None] * 255 + offset))
        return float(loss), {}, gradient.numpy()[0] * 255
    history = descent.lbfgs(evaluate, photo, 150).history
    passed = next((record for record in history if record["loss"] <= whole[-1]), None)
    return recipe, [
        ["the recipe", whole[0], recipe.seconds, steps, whole[-1], ""],
        ["ours, to the same loss", "", passed["seconds"] if passed else "–", passed["evaluation"] if passed else "–",
         passed["loss"] if passed else "–", f"1/{recipe.seconds / passed['seconds']:.0f}" if passed else "–"],
        ["ours, at its end", "", history[-1]["seconds"], len(history), min(r["loss"] for r in history), ""]]


# --- TensorFlow's tutorial ----------------------------------------------------------------------------------------

def tensorflow_tutorial(steps=1000, height=192, width=256):
    """Means of squares, block5_conv2 × 10⁴, five style layers × 10⁻²/5, variation × 30; Adam 0.02, then clipped."""
    content_layer = "block5_conv2"
    model = vgg.load_vgg19([*STYLE_LAYERS, content_layer])
    scale = DEVIATION / unit(model)
    # The convolutions that the offline default may skip change no number: the way walked skips them, the time does not.
    stock, fast = (lambda x, network=network: {name: scale * f for name, f in network(x).items()}
                   for network in (stock_keras(model, "max"), winograd.network(model)))
    photo = images.resize(images.load_image("china.jpg"), shape=(height, width))
    painting = images.load_image("swirls.jpg", width)
    content_target = stock(tf.constant(photo[None]))[content_layer]
    features = stock(tf.constant(painting[None]))
    grams = [losses.gram_matrix(features[name]) for name in STYLE_LAYERS]

    def total(x, features):
        loss = 1e4 * tf.reduce_mean(tf.square(features[content_layer] - content_target))
        for name, target in zip(STYLE_LAYERS, grams, strict=True):
            loss += 1e-2 / 5 * tf.reduce_mean(tf.square(losses.gram_matrix(features[name]) - target))
        return loss + 30 * tf.reduce_sum(tf.image.total_variation(x))

    _, image, pace = timed_then_walked(
        compiled_step(stock, total, fast=False), compiled_step(fast, total, fast=True),
        tf.constant(photo[None]), lambda: keras.optimizers.Adam(0.02, beta_1=0.99, epsilon=0.1), steps,
        lambda x: tf.clip_by_value(x, 0.0, 1.0))
    return Recipe("TensorFlow's tutorial", photo, painting, image[0], steps, steps * pace)


# --- PyTorch's tutorial -------------------------------------------------------------------------------------------

def torch_network(model):
    """The network in PyTorch, channels last: the picture (1, 3, H, W), 0…1 → (layer, before its ReLU, after), in turn.

    A pooling has no ReLU: the same twice. None without PyTorch.
    """
    if importlib.util.find_spec("torch") is None:
        return None
    sys.modules.setdefault("triton", None)     # torch.optim would load it: its LLVM beside XLA's ends the process
    import torch
    convolutions = {}
    for layer in model.layers:
        if "_conv" in layer.name:
            kernel, bias = layer.get_weights()
            kernel = torch.tensor(kernel.transpose(3, 2, 0, 1).copy()).contiguous(memory_format=torch.channels_last)
            convolutions[layer.name] = kernel, torch.tensor(bias)
    mean = -torch.tensor(np.array(model.get_layer("preprocess").offset, np.float32)).reshape(1, 3, 1, 1)

    def network(image):
        x = image.contiguous(memory_format=torch.channels_last) * 255 - mean
        for layer in model.layers[2:]:
            if layer.name.endswith("pool"):
                x = before = torch.nn.functional.max_pool2d(x, 2)
            else:
                before = torch.nn.functional.conv2d(x, *convolutions[layer.name], padding=1)
                x = torch.relu(before)
            yield layer.name, before, x
    return network


def pytorch_tutorial(steps=300, height=96, width=128):
    """conv_4, and conv_1 to conv_5 × 10⁶, before the ReLU, mean squared errors; torch's L-BFGS, clamped in its closure.

    L-BFGS ends the round of twenty that it has begun. None without PyTorch.
    """
    style_layers = "block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "block3_conv1"
    model = vgg.load_vgg19(style_layers)
    network = torch_network(model)
    if network is None:
        return None
    import torch
    photo, painting = (images.resize(images.load_image(name), shape=(height, width))
                       for name in ("china.jpg", "swirls.jpg"))

    def activations(image):
        return {name: before / unit(model) for name, before, _ in network(image) if name in style_layers}

    def gram(features):
        flat = features.reshape(features.shape[1], -1)
        return flat @ flat.T / features.numel()

    x, style = (torch.tensor(image.transpose(2, 0, 1)[None].copy()) for image in (photo, painting))
    with torch.no_grad():
        content_target = activations(x)["block2_conv2"]
        grams = {name: gram(features) for name, features in activations(style).items()}
    x.requires_grad_(True)
    optimizer, evaluations, mse = torch.optim.LBFGS([x]), 0, torch.nn.functional.mse_loss

    def closure():
        nonlocal evaluations
        evaluations += 1
        with torch.no_grad():
            x.clamp_(0, 1)
        optimizer.zero_grad()
        features = activations(x)
        loss = mse(features["block2_conv2"], content_target)
        loss = loss + 1e6 * sum(mse(gram(features[name]), target) for name, target in grams.items())
        loss.backward()
        return loss
    started = time.perf_counter()
    while evaluations < steps:
        optimizer.step(closure)
    seconds = time.perf_counter() - started
    image = x.detach().numpy()[0].transpose(1, 2, 0)
    return Recipe("PyTorch's tutorial", photo, painting, image, evaluations, seconds)
