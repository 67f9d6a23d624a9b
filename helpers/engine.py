"""The network, and the loss with its gradient in one compiled step: what transfers with the same layers share.

For `transfer`. Chapter 04.
"""

import contextlib
import ctypes
import functools
import math
import signal
import sys
import threading
from typing import Any, NamedTuple

import psutil
import tensorflow as tf

from helpers import compiled, losses, steering, vgg, winograd
from helpers import weights as sources


class Engine(NamedTuple):
    """What all transfers with the same layers and weights share."""
    network: Any                # (B, H, W, 3) → {layer: activations}, not compiled
    step: Any                   # the loss, its terms and its gradient, compiled once for each size
    traces: Any                 # () → how often the step has been traced, for whoever doubts the line above
    bytes_per_pixel: float      # of activations
    resident: int               # bytes that the process holds with the network and all its kernels
    source: str                 # one line about the weights
    seconds: dict               # {(height, width): [of each evaluation]}, to be filled


# glibc's way to hand free memory back to the system; other systems do without.
_trim = getattr(ctypes.CDLL(None) if sys.platform == "linux" else None, "malloc_trim", lambda keep: 0)
_building = threading.Lock()    # two threads at once would load the network twice


def engine(content_layers, style_layers, pooling="max", weights="auto", fast=True, skip=True,
           statistic=losses.gram_matrix, network=None):
    """The Engine for one choice of layers, the last two are kept. fast: Winograd's convolutions, compiled by XLA.
    skip: leave out convolutions that change nothing. statistic, network: as for StyleTransfer."""
    with _building:
        identity = sources.identity(weights) if network is None else None          # may fetch: that can be interrupted
        with interrupts_wait():
            return _engine(content_layers, style_layers, pooling, weights, identity, fast, skip, statistic, network)


@contextlib.contextmanager
def interrupts_wait():
    """An interrupt of the kernel waits until the end. Raised in Python code that TensorFlow has called, as while it
    traces, it ends the whole process now and then, and the picture with it."""
    before, came = signal.getsignal(signal.SIGINT), []
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield                                  # only the main thread is ever interrupted
        return
    signal.signal(signal.SIGINT, lambda *arguments: came.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            before(*came[0])


def _whole(function):
    def call(*arguments):
        with interrupts_wait():
            return function(*arguments)
    return call


def _tidied(step, traces):
    """The step. It hands back what its compilation has freed, 110 MB that the heap would keep. traces: Engine's."""
    def call(*arguments):
        before = traces()
        result = step(*arguments)
        if traces() != before:
            _trim(0)
        return result
    return call


@tf.custom_gradient
def _gram_matrix(features):
    """`losses.gram_matrix` of activations of known size, its gradient F (U + Uᵀ) / M in one product.

    Left to TensorFlow, each of the two factors has a product of its own, and both wait in memory for their sum: 21 MB
    more at 256 px.
    """
    def gradient(upstream):
        batch, height, width, maps = features.shape
        both = (upstream + tf.linalg.matrix_transpose(upstream)) / (height * width)
        return tf.reshape(tf.matmul(tf.reshape(features, (batch, -1, maps)), both), features.shape)
    return losses.gram_matrix(features), gradient


@functools.lru_cache(maxsize=2)
def _engine(content_layers, style_layers, pooling, weights, identity, fast, skip, statistic, given):
    """identity: of the file behind `weights`; another file is another engine.

    Images, targets and weights are arguments of the step: neither a slider nor another picture of the same size
    compiles it anew.
    """
    model = given or vgg.load_vgg19(content_layers + style_layers, pooling, weights)
    unknown = [name for name in content_layers + style_layers if name not in model.output]
    if unknown:
        raise ValueError(f"this network has no layer {unknown[0]!r} among its outputs: they are "
                         f"{', '.join(model.output)}.")
    fast = fast and given is None              # the fast convolutions know VGG19's shape, and no other
    network = given or winograd.network(model, fast, skip)
    measure = _gram_matrix if fast and statistic is losses.gram_matrix else statistic

    @tf.function(jit_compile=fast, reduce_retracing=not fast, autograph=False)
    def step(image, content_targets, style_targets, weights, layer_weights, regions=()):
        with tf.GradientTape() as tape:
            tape.watch(image)
            features = network(image)
            content = sum(losses.content_loss(features[name], target)
                          for name, target in zip(content_layers, content_targets, strict=True)) / len(content_layers)
            if regions:                        # as `steering.asked` gives them
                layers = [steering.style_loss(features[name], targets, guides, regions[0]) for name, targets, guides
                          in zip(style_layers, style_targets, regions[1:], strict=True)]
            else:
                layers = [losses.style_loss([measure(features[name])], [target])
                          for name, target in zip(style_layers, style_targets, strict=True)]
            style = tf.reduce_sum(layer_weights * tf.stack(layers))
            tv = losses.total_variation(image)
            loss = tf.reduce_sum(weights * tf.stack([content, style, tv]))
        return loss, tf.stack([content, style, tv, *layers]), tape.gradient(loss, image)

    traces = step.experimental_get_tracing_count
    if fast and statistic is losses.gram_matrix:          # what another function does has no name to keep it by
        step = compiled.kept(step, (content_layers, style_layers, pooling, model.source, skip))
    floats, scale = 0, 1                       # each pooling leaves a quarter of the positions
    for layer in model.layers[2:]:
        scale *= math.prod(getattr(layer, "strides", (1,)))
        floats += getattr(layer, "filters", 0) / scale
    # The targets are computed once for each picture, of any size: that is not worth a compilation.
    resident = psutil.Process().memory_info().rss + (winograd.kernel_bytes(model, skip) if fast else 0)
    return Engine(_whole(given or winograd.network(model, fast=False)), _whole(_tidied(step, traces)), traces,
                  4 * floats, resident, model.source, {})
