"""Style transfer: the targets computed once, the loss in one compiled step, and the way down. Chapters 04 and 05."""

import functools
import time
import warnings
from typing import NamedTuple

import numpy as np
import psutil
import tensorflow as tf
from tqdm import tqdm

from helpers import descent, images, losses, vgg, winograd
from helpers.descent import Result

CONTENT_LAYERS = ("block4_conv2",)
STYLE_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
# Measured on two machines: an evaluation costs as much besides its pixels as so many pixels more, for kernels are read
# and tiles filled up; and at its peak a run holds its activations so many times.
EXTRA_PIXELS, COPIES = 4000, 3.1
# Smaller pictures gain nothing from XLA: at 64 × 43 a step takes 0.15 s with it and 0.09 s without.
FEW_PIXELS = 5000


class Estimate(NamedTuple):
    """What a run will take on this machine: seconds, and the whole process's peak memory in bytes."""
    seconds: float
    memory: float


class StyleTransfer:
    """A content image, a style image, and the loss between them and a generated image.

    content, style: anything `load_image` reads; style may be a list of several, mixed by `blend`.
    content_weight, style_weight, tv_weight: of the relative losses. layer_weights: {style layer: weight}, 1 each
    unless given; only their ratios count. blend: one share a style, equal unless given.
    size: the longer side of the generated image in pixels, None to take the content image as it is;
    style_size: the same for the style images, `size` unless given.
    jit_compile: as in Keras. "auto" has XLA compile the step where that makes it faster; it takes some seconds, which
    a run of a dozen evaluations does not win back: False spares them.
    All weights, `blend` included, may be set at any time, also while a run is under way.
    Source: Gatys et al. 2015, eq. 7, with the relative losses of chapter 04.
    """

    def __init__(self, content, style, *, content_weight=1.0, style_weight=10.0, tv_weight=0.5,
                 content_layers=CONTENT_LAYERS, style_layers=STYLE_LAYERS, layer_weights=None, blend=None,
                 pooling="max", weights="auto", size=256, style_size=None, jit_compile="auto"):
        self.content_layers, self.style_layers = tuple(content_layers), tuple(style_layers)
        self.content_weight, self.style_weight, self.tv_weight = content_weight, style_weight, tv_weight
        self.layer_weights = dict(layer_weights or {})
        styles = style if isinstance(style, (list, tuple)) else [style]
        self.blend = blend or [1 / len(styles)] * len(styles)
        if jit_compile not in (True, False, "auto"):
            raise ValueError(f"jit_compile is True, False or \"auto\", not {jit_compile!r}.")

        self.content = images.load_image(content, size)
        self.styles = [images.load_image(s, style_size or size) for s in styles]
        for name, picture in [("content", self.content)] + [("style", s) for s in self.styles]:
            if min(picture.shape[:2]) < 32:
                raise images.ImageError(f"the {name} image is {picture.shape[1]} × {picture.shape[0]} pixels: "
                                        "VGG19 needs 32 on each side.")
        if jit_compile == "auto":
            jit_compile = self.content[..., 0].size >= FEW_PIXELS and winograd.is_available()
        self._model, self._step, self._bytes, self._clock = _engine(self.content_layers, self.style_layers, pooling,
                                                                    str(weights), jit_compile)
        self._memory = psutil.Process().memory_info().rss
        self._warn_of_memory()
        features = self._model(tf.constant(self.content[None]))
        self._content_targets = [features[name] for name in self.content_layers]
        self._style_grams = []
        for picture in self.styles:
            features = self._model(tf.constant(picture[None]))
            self._style_grams.append([losses.gram_matrix(features[name]) for name in self.style_layers])

    def evaluate(self, image):
        """(H, W, 3) → (loss, terms, gradient): float, {name: float}, float32 (H, W, 3).

        terms: the unweighted relative losses "content", "style", "tv", and each style layer's own by its name.
        """
        started = time.perf_counter()
        blend = np.asarray(self.blend, np.float32) / max(sum(self.blend), 1e-12)
        grams = [sum(b * gram for b, gram in zip(blend, layer, strict=True))
                 for layer in zip(*self._style_grams, strict=True)]
        each = np.array([self.layer_weights.get(name, 1.0) for name in self.style_layers], np.float32)
        weights = np.array([self.content_weight, self.style_weight, self.tv_weight], np.float32)
        loss, terms, gradient = self._step(tf.constant(image[None]), self._content_targets, grams,
                                           tf.constant(weights), tf.constant(each / max(each.sum(), 1e-12)))
        names = ("content", "style", "tv", *self.style_layers)
        result = float(loss), dict(zip(names, terms.numpy().tolist(), strict=True)), gradient.numpy()[0]
        self._clock.setdefault(image.shape[:2], []).append(time.perf_counter() - started)
        return result

    def estimate(self, height, width, steps):
        """What `steps` evaluations of a picture of height × width pixels will take → Estimate(seconds, memory).

        The first call evaluates the content image twice, unless a run has done so: once to compile, once for the
        pace. Time and memory grow with the pixels: seconds = compilation + steps · pace · (pixels + p) / (own + p).
        """
        own, own_pixels, pixels = self.content.shape[:2], self.content[..., 0].size, height * width
        while len(self._clock.get(own, [])) < 2:
            self.evaluate(self.content)
        pace = np.median(self._clock[own][1:]) * (pixels + EXTRA_PIXELS) / (own_pixels + EXTRA_PIXELS)
        compilation = max(0.0, *(seconds[0] - np.median(seconds[1:] or seconds) for seconds in self._clock.values()))
        return Estimate(steps * pace + (0.0 if (height, width) in self._clock else compilation),
                        self._memory + COPIES * self._bytes * pixels)

    def _warn_of_memory(self):
        height, width = self.content.shape[:2]
        needed, free = COPIES * self._bytes * height * width, psutil.virtual_memory().available
        if needed > free:
            fits = int(max(height, width) * (0.8 * free / needed) ** 0.5)
            warnings.warn(f"{width} × {height} pixels need {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are "
                          f"free: take size={fits}, or close other programs.", stacklevel=3)

    def start(self, kind="content", seed=0):
        """The picture to begin with, (H, W, 3): "content", "noise" (uniform, seeded), "style", or a picture."""
        if not isinstance(kind, str):
            return images.resize(images.load_image(kind), shape=self.content.shape[:2])
        if kind == "content":
            return self.content.copy()
        if kind == "noise":
            return np.random.default_rng(seed).uniform(size=self.content.shape).astype(np.float32)
        if kind == "style":
            return images.resize(self.styles[0], shape=self.content.shape[:2])
        raise ValueError(f"a start is \"content\", \"noise\", \"style\" or a picture, not {kind!r}.")

    def run(self, steps=100, method="lbfgs", callback=None, start="content", seed=0, progress=True, preview=None,
            **options):
        """Descend for `steps` evaluations; → Result(image, history). `options` go to the method of `descent`.

        callback(evaluation, image, record) → True stops. preview(image) is shown each picture before its evaluation,
        that much sooner. A change of weights on the way restarts L-BFGS's memory, since that describes another loss,
        and nothing else.
        """
        if method not in descent.METHODS:
            raise ValueError(f"a method is one of {', '.join(descent.METHODS)}, not {method!r}.")
        def evaluate(image):
            if preview is not None:
                preview(image)
            return self.evaluate(image)

        image, history, stopped = self.start(start, seed), [], False
        quiet = {} if progress else {"disable": True}            # else the variable TQDM_DISABLE decides
        with tqdm(total=steps, unit="evaluation", **quiet) as bar:
            while len(history) < steps and not stopped:
                done, setting, changed = len(history), self._setting(), False
                seconds = history[-1]["seconds"] if history else 0.0

                def watch(n, picture, record, done=done, seconds=seconds, setting=setting):
                    nonlocal changed
                    record["evaluation"], record["seconds"] = done + n, seconds + record["seconds"]
                    bar.set_postfix(loss=f"{record['loss']:.3f}", refresh=False)
                    bar.update()
                    if callback is not None and callback(done + n, picture, record):
                        return True
                    changed = method == "lbfgs" and self._setting() != setting
                    return changed

                part = descent.METHODS[method](evaluate, image, steps - done, watch, **options)
                image, history = part.image, history + part.history
                stopped = part.stopped and not changed
                if not changed and not stopped:
                    break                      # all steps are done, or L-BFGS finds no way further down
        return Result(image, history, stopped)

    def _setting(self):
        return (self.content_weight, self.style_weight, self.tv_weight,
                tuple(self.layer_weights.items()), tuple(self.blend))


def stylize(content, style, *, sizes=None, steps=100, method="lbfgs", callback=None, start="content", seed=0,
            progress=True, **options):
    """The content image painted in the style image's manner: float32 (H, W, 3), 0…1. One call for everything.

    sizes: None, or several to paint from coarse to fine. `options` are StyleTransfer's. For the history as well, use
    StyleTransfer(…).run(…) or coarse_to_fine(…).
    """
    if sizes is not None:
        return coarse_to_fine(content, style, sizes, steps, method, callback, start, seed, progress, **options).image
    return StyleTransfer(content, style, **options).run(steps, method, callback, start, seed, progress).image


def coarse_to_fine(content, style, sizes=(128, 256), steps=100, method="lbfgs", callback=None, start="content", seed=0,
                   progress=True, **options):
    """Paint a small picture, enlarge it, go on: → Result(image, history), each record with its "size" in pixels.

    sizes: the longer side at each stage; steps: evaluations at each, one number or one a stage. Chapter 05.
    """
    content = images.load_image(content, max(sizes))
    style = [images.load_image(s) for s in (style if isinstance(style, (list, tuple)) else [style])]
    image, history, stopped = start, [], False
    for size, count in zip(sizes, np.broadcast_to(steps, len(sizes)).tolist(), strict=True):
        done, seconds = len(history), history[-1]["seconds"] if history else 0.0

        def watch(n, picture, record, done=done, seconds=seconds, size=size):
            record.update(evaluation=done + n, seconds=seconds + record["seconds"], size=size)
            return callback is not None and callback(done + n, picture, record)

        part = StyleTransfer(content, style, size=size, **options).run(count, method, watch, image, seed, progress)
        image, history, stopped = part.image, history + part.history, part.stopped
        if stopped:
            break
    return Result(image, history, stopped)


@functools.lru_cache(maxsize=8)
def _engine(content_layers, style_layers, pooling, weights, fast, skip=True):
    """For one choice of layers: the network, loss and gradient in one compiled step, bytes of activations a pixel,
    and {size: [seconds of each evaluation]}, to be filled.

    Pictures, targets and weights are arguments of the step: neither a slider nor another picture of the same size
    compiles it anew. fast: Winograd's convolutions, compiled by XLA. skip: leave out convolutions that
    change nothing.
    """
    model = vgg.load_vgg19(content_layers + style_layers, pooling, weights)
    network = winograd.network(model, fast, skip)

    @tf.function(jit_compile=fast, reduce_retracing=not fast, autograph=False)
    def step(image, content_targets, style_targets, weights, layer_weights):
        with tf.GradientTape() as tape:
            tape.watch(image)
            features = network(image)
            content = sum(losses.content_loss(features[name], target)
                          for name, target in zip(content_layers, content_targets, strict=True)) / len(content_layers)
            layers = [losses.style_loss([losses.gram_matrix(features[name])], [target])
                      for name, target in zip(style_layers, style_targets, strict=True)]
            style = tf.reduce_sum(layer_weights * tf.stack(layers))
            tv = losses.total_variation(image)
            loss = tf.reduce_sum(weights * tf.stack([content, style, tv]))
        return loss, tf.stack([content, style, tv, *layers]), tape.gradient(loss, image)

    floats, scale = 0, 1                       # each pooling leaves a quarter of the positions
    for layer in model.layers[2:]:
        scale *= 4 if layer.name.endswith("pool") else 1
        floats += getattr(layer, "filters", 0) / scale
    # The targets are computed once for each picture, of any size: that is not worth a compilation.
    return winograd.network(model, fast=False), step, 4 * floats, {}
