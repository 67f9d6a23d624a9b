"""Style transfer: the targets computed once, the loss in one compiled step, and the way down. Chapters 04 and 05."""

import difflib
import time

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from helpers import cost, descent, images, losses, steering, winograd
from helpers.descent import Result
from helpers.engine import engine

CONTENT_LAYERS = ("block4_conv2",)
STYLE_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
# Smaller images gain nothing from XLA: at 64 × 43 a step takes 0.15 s with it and 0.09 s without.
FEW_PIXELS = 5000


class StyleTransfer:
    """A content image, a style image, and the loss between them and a generated image.

    content, style: anything `load_image` reads; style may be a list of several, mixed by `blend`.
    content_weight, style_weight, tv_weight: of the relative losses. layer_weights: {style layer: weight}, 1 each
    unless given; only their ratios count. blend: one share a style, equal unless given.
    size: the longer side of the generated image in pixels, None to take the content image as it is;
    style_size: the same for the style images, `size` unless given; style_scale: a factor on it, for larger strokes.
    masks: one a style, white where it acts, anything `load_image` reads: each style then has a loss over its own
    region, and `blend` is what each of them counts. Chapter 07.
    statistic: what is matched in each style layer, a function of TensorFlow's from activations (B, H, W, N) to an
    array, of the same shape for pictures of any size; the Gram matrix unless given. network: a keras.Model in VGG19's
    place, (B, H, W, 3), RGB, 0…1 → {layer: activations}, as `networks` makes them. Chapter 08.
    jit_compile: as in Keras. "auto" has XLA compile the step where that makes it faster; it takes some seconds, which
    a run of a dozen evaluations does not win back: False spares them.
    All weights, `blend` and the masks' `guides` included, may be set at any time, also while a run is under way.
    Source: Gatys et al. 2015, eq. 7, with the relative losses of chapter 04.
    """

    def __init__(self, content, style, *, content_weight=1.0, style_weight=10.0, tv_weight=0.5,
                 content_layers=CONTENT_LAYERS, style_layers=STYLE_LAYERS, layer_weights=None, blend=None,
                 pooling="max", weights="auto", size=256, style_size=None, jit_compile="auto",
                 statistic=losses.gram_matrix, network=None, masks=None, style_scale=1.0):
        self.content_layers, self.style_layers = (
            (layers,) if isinstance(layers, str) else tuple(layers) for layers in (content_layers, style_layers))
        if not (self.content_layers and self.style_layers):
            raise ValueError("content_layers and style_layers name one layer at least: a weight of 0 switches it off.")
        self.content_weight, self.style_weight, self.tv_weight = content_weight, style_weight, tv_weight
        self.layer_weights = dict(layer_weights or {})
        styles = style if isinstance(style, (list, tuple)) else [style]
        self.blend = [1 / len(styles)] * len(styles) if blend is None else list(blend)
        if jit_compile not in (True, False, "auto"):
            raise ValueError(f"jit_compile is True, False or \"auto\", not {jit_compile!r}.")

        for name, side in {"size": size, "style_size": style_size}.items():
            if side is not None and not (isinstance(side, (int, np.integer)) and side >= 32):
                raise ValueError(f"{name} is a whole number of pixels from 32 up, or None, not {side!r}.")
        self.content = images.load_image(content, size)
        self.styles = [images.load_image(s, steering.scaled(style_size or size, style_scale)) for s in styles]
        for name, picture in [("content", self.content)] + [("style", s) for s in self.styles]:
            if min(picture.shape[:2]) < 32:
                raise images.ImageError(f"the {name} image is {picture.shape[1]} × {picture.shape[0]} pixels: "
                                        "VGG19 needs 32 on each side.")
        if jit_compile == "auto":
            jit_compile = self.content[..., 0].size >= FEW_PIXELS and winograd.is_available()
        self.engine = engine(self.content_layers, self.style_layers, pooling, str(weights), jit_compile,
                             statistic=statistic, network=network)
        cost.warn_of_memory(*self.content.shape[:2], self.engine.bytes_per_pixel)
        features = self.engine.network(tf.constant(self.content[None]))
        self._content_targets = [features[name] for name in self.content_layers]
        self.guides = steering.channels(masks, len(styles), self.content.shape[:2],
                                        [features[name] for name in self.style_layers], statistic)
        self.style_targets = []                # a list for each style image, in it one for each style layer
        for image in self.styles:
            features = self.engine.network(tf.constant(image[None]))
            self.style_targets.append([statistic(features[name]) for name in self.style_layers])
        self._checked()

    def evaluate(self, image):
        """(H, W, 3) → (loss, terms, gradient): float, {name: float}, float32 (H, W, 3).

        terms: the unweighted relative losses "content", "style", "tv", and each style layer's own by its name.
        """
        image = np.asarray(image, np.float32)
        if image.shape != self.content.shape:
            raise ValueError(f"the generated image has the content image's shape {self.content.shape}, this one has "
                             f"{image.shape}: start(image) fits it.")
        started, (weights, each, blend) = time.perf_counter(), self._checked()
        targets, regions = steering.asked(self.style_targets, blend, self.guides)
        loss, terms, gradient = self.engine.step(tf.constant(image[None]), self._content_targets, targets,
                                                 tf.constant(weights), tf.constant(each), regions)
        names = ("content", "style", "tv", *self.style_layers)
        result = float(loss), dict(zip(names, terms.numpy().tolist(), strict=True)), gradient.numpy()[0]
        self.engine.seconds.setdefault(image.shape[:2], []).append(time.perf_counter() - started)
        return result

    def _checked(self):
        """The weights as arrays: of the three terms; of the style layers and of the styles, each adding up to 1."""
        unknown = [name for name in self.layer_weights if name not in self.style_layers]
        if unknown:
            near = difflib.get_close_matches(unknown[0], self.style_layers, 1) or [", ".join(self.style_layers)]
            raise ValueError(f"layer_weights names {unknown[0]!r}, no style layer here: did you mean {near[0]}?")
        if len(self.blend) != len(self.styles):
            raise ValueError(f"blend has {len(self.blend)} shares for {len(self.styles)} style images: give one each.")
        given = {"content_weight": self.content_weight, "style_weight": self.style_weight, "tv_weight": self.tv_weight,
                 "layer_weights": [self.layer_weights.get(name, 1.0) for name in self.style_layers],
                 "blend": self.blend}
        for name, value in given.items():
            with np.errstate(over="ignore"):              # told below, in words
                given[name] = value = np.asarray(value, np.float32)
            if not (np.isfinite(value).all() and (value >= 0).all()):
                raise ValueError(f"{name} is a number from 0 up, or a list of them, not {value.tolist()}.")
        *terms, each, blend = given.values()
        return np.array(terms, np.float32), each / max(each.sum(), 1e-12), blend / max(blend.sum(), 1e-12)

    def start(self, kind="content", seed=0):
        """The image to begin with, (H, W, 3): "content", "noise" (uniform, seeded), "style", or a picture."""
        if not isinstance(kind, str):
            return images.resize(images.load_image(kind), shape=self.content.shape[:2])
        if kind == "content":
            return self.content.copy()
        if kind == "noise":
            return np.random.default_rng(seed).uniform(size=self.content.shape).astype(np.float32)
        if kind == "style":
            return images.resize(self.styles[0], shape=self.content.shape[:2])
        raise ValueError(f"a start is \"content\", \"noise\", \"style\" or a picture, not {kind!r}.")

    def run(self, steps=100, method="lbfgs", callback=None, start="content", seed=0, progress=True, **options):
        """Descend for `steps` evaluations; → Result(image, history). `options` go to the method of `descent`.

        callback(evaluation, image, record) → True stops. A change of weights on the way restarts L-BFGS's memory,
        since that describes another loss, and nothing else.
        """
        if method not in descent.METHODS:
            raise ValueError(f"a method is one of {', '.join(descent.METHODS)}, not {method!r}.")
        if not (isinstance(steps, (int, np.integer)) and steps >= 0):
            raise ValueError(f"steps is a whole number from 0 up, not {steps!r}.")
        part, history, stopped = Result(self.start(start, seed)), [], False
        quiet = {} if progress else {"disable": True}            # else the variable TQDM_DISABLE decides
        with tqdm(total=steps, unit="evaluation", **quiet) as bar:
            while len(history) < steps and not stopped:
                done, setting, changed = len(history), self._setting(), False
                seconds = history[-1]["seconds"] if history else 0.0

                def watch(n, image, record, done=done, seconds=seconds, setting=setting):
                    nonlocal changed
                    record["evaluation"], record["seconds"] = done + n, seconds + record["seconds"]
                    bar.set_postfix(loss=f"{record['loss']:.3f}", refresh=False)
                    bar.update()
                    if callback is not None and callback(done + n, image, record):
                        return True
                    changed = method == "lbfgs" and self._setting() != setting
                    return changed

                part = descent.METHODS[method](self.evaluate, part.image, steps - done, watch, **options)
                history = history + part.history
                stopped = part.stopped and not changed
                if not changed and not stopped:
                    break                      # all steps are done, or L-BFGS finds no way further down
        return Result(part.image, history, stopped, part.interrupted, part.diverged)

    def _setting(self):
        return (self.content_weight, self.style_weight, self.tv_weight, tuple(self.layer_weights.items()),
                tuple(self.blend), tuple(guide.ref() for guide in self.guides))


def stylize(content, style, *, sizes=None, steps=100, method="lbfgs", callback=None, start="content", seed=0,
            progress=True, **options):
    """The content image painted in the style image's manner: float32 (H, W, 3), 0…1. One call for everything.

    sizes: None, or several to paint from coarse to fine. One size keeps faces and outlines under a fine skin of
    strokes; (128, 256) paints larger and bolder strokes, in which small faces dissolve. So one size is the default.
    `options` are StyleTransfer's. For the history as well, and for the image so far after an interrupt, use
    StyleTransfer(…).run(…) or coarse_to_fine(…); here an interrupt is passed on, so that one is enough to end a loop
    over many images.
    """
    if sizes is not None:
        result = coarse_to_fine(content, style, sizes, steps, method, callback, start, seed, progress, **options)
    else:
        result = StyleTransfer(content, style, **options).run(steps, method, callback, start, seed, progress)
    if result.interrupted:
        raise KeyboardInterrupt(f"after {len(result.history)} evaluations")
    return result.image


def coarse_to_fine(content, style, sizes=(128, 256), steps=100, method="lbfgs", callback=None, start="content", seed=0,
                   progress=True, **options):
    """Paint a small image, enlarge it, go on: → Result(image, history), each record with its "size" in pixels.

    sizes: the longer side at each stage; steps: evaluations at each, one number or one a stage. Chapter 05.
    """
    if np.ndim(sizes) != 1 or not len(sizes) or np.shape(steps) not in ((), np.shape(sizes)):
        raise ValueError("sizes is a list of one size at least, steps one number or one for each of them.")
    content = images.load_image(content, max(sizes))
    style = [images.load_image(s) for s in (style if isinstance(style, (list, tuple)) else [style])]
    part, history = Result(start), []
    for size, count in zip(sizes, np.broadcast_to(steps, len(sizes)).tolist(), strict=True):
        done, seconds = len(history), history[-1]["seconds"] if history else 0.0

        def watch(n, image, record, done=done, seconds=seconds, size=size):
            record.update(evaluation=done + n, seconds=seconds + record["seconds"], size=size)
            return callback is not None and callback(done + n, image, record)

        part = StyleTransfer(content, style, size=size, **options).run(count, method, watch, part.image, seed, progress)
        history = history + part.history
        if part.stopped:
            break
    return Result(part.image, history, part.stopped, part.interrupted, part.diverged)
