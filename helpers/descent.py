"""Ways down: gradient descent, Adam and L-BFGS on the pixels of a picture. Chapter 05.

All three have one signature:

    method(evaluate, image, steps, callback=None, **options) → Result

evaluate(image) → (loss, terms, gradient): float, {name: float}, float32 (H, W, 3). It is called once a step.
callback(evaluation, image, record), after each evaluation; evaluation counts from 1, record is the new line of
the history; if it returns True, the descent stops. Pixels stay in 0…1. An interrupt of the kernel stops
the descent too and keeps the picture, and so does a loss that becomes no number, with a warning.
"""

import time
import warnings
from dataclasses import dataclass, field

import numpy as np

from helpers import lbfgsb


@dataclass
class Result:
    """A picture, float32 (H, W, 3), and how it came about: one {"evaluation", "seconds", "loss", term: …} a step."""
    image: np.ndarray
    history: list = field(default_factory=list)
    stopped: bool = False          # by the callback, an interrupt, or a loss that is no number
    interrupted: bool = False      # by an interrupt of the kernel
    diverged: str = ""             # what to change, where the loss became no number; the image is the last good one


class _Stopped(Exception):
    """The callback returned True."""


class _Done(_Stopped):
    """All steps were done."""


class _Recorder:
    """Evaluates, keeps the history, asks the callback; remembers the best image and the last good one."""

    def __init__(self, evaluate, callback, way_out=""):
        self.evaluate, self.callback, self.way_out = evaluate, callback, way_out
        self.history, self.best, self.last, self.diverged, self.start = [], None, None, "", time.perf_counter()

    def __call__(self, image):
        loss, terms, gradient = self.evaluate(image)
        if not (np.isfinite(loss) and np.isfinite(gradient).all()):
            bad = [name for name, value in terms.items() if not np.isfinite(value)]
            way = (f"{bad[-1]} is no number from the start, leave it out or take another picture"
                   if bad and not self.history else f"lower the weights of the loss{self.way_out}")
            self.diverged = f"The loss or its gradient is no number at evaluation {len(self.history) + 1}: {way}."
            warnings.warn(self.diverged, stacklevel=4)
            raise _Stopped
        self.last = image
        record = {"evaluation": len(self.history) + 1, "seconds": time.perf_counter() - self.start,
                  "loss": loss, **terms}
        self.history.append(record)
        if self.best is None or loss < self.best[0]:
            self.best = loss, image.copy()
        if self.callback is not None and self.callback(record["evaluation"], image, record):
            raise _Stopped
        return loss, gradient


def gradient_descent(evaluate, image, steps, callback=None, learning_rate=1.0, decay=0.96, decay_steps=100):
    """x ← x − η·∇L, η = learning_rate · decay^(step / decay_steps). Chapter 05.

    learning_rate is in units of the pixels' 0…1 per unit of gradient. Returns a Result with the last picture.
    """
    def update(x, gradient, step):
        return x - learning_rate * decay ** (step / decay_steps) * gradient
    return _first_order(evaluate, image, steps, callback, update)


def adam(evaluate, image, steps, callback=None, learning_rate=0.02, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Steps of about `learning_rate` a pixel, whatever the gradient's size. Kingma, Ba 2015. Chapter 05.

    learning_rate: in pixel units, 0.02 is 5 of 255. Returns a Result with the last picture.
    """
    first, second = np.zeros_like(image), np.zeros_like(image)

    def update(x, gradient, step):
        nonlocal first, second
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient ** 2
        mean = first / (1 - beta1 ** (step + 1))
        spread = np.sqrt(second / (1 - beta2 ** (step + 1)))
        return x - learning_rate * mean / (spread + epsilon)
    return _first_order(evaluate, image, steps, callback, update)


def _first_order(evaluate, image, steps, callback, update):
    recorder = _Recorder(evaluate, callback, ", or take a smaller learning_rate")
    x, end = np.array(image, np.float32), None
    try:
        for step in range(steps):
            _, gradient = recorder(x)
            # The last evaluation's image is the one returned: the history ends with its loss.
            if step < steps - 1:
                x = np.clip(update(x, gradient, step), 0, 1).astype(np.float32)
    except (_Stopped, KeyboardInterrupt) as caught:
        end = type(caught)                 # not itself: its frames would hold all arrays until the next collection
    return Result(recorder.last if recorder.diverged and recorder.history else x, recorder.history, end is not None,
                  end is KeyboardInterrupt, recorder.diverged)


def lbfgs(evaluate, image, steps, callback=None, memory=20):
    """Limited-memory BFGS with the bounds 0…1 (Byrd, Lu, Nocedal, Zhu 1995), by SciPy. Chapter 05.

    It learns the loss's curvature from its last `memory` steps, and never restarts within one call. steps counts
    evaluations, those of the line search included. Returns a Result with the best image evaluated.
    """
    recorder, end = _Recorder(evaluate, callback), None

    def ask(x):
        if len(recorder.history) == steps:
            raise _Done
        loss, gradient = recorder(x.reshape(np.shape(image)).astype(np.float32))
        return loss, gradient.reshape(-1).astype(np.float64)
    try:
        lbfgsb.minimize(ask, np.clip(np.asarray(image, np.float64), 0, 1).ravel(), memory)
    except (_Stopped, KeyboardInterrupt) as caught:
        end = type(caught)                 # not itself, as above
    best = recorder.best[1] if recorder.best else np.array(image, np.float32)
    return Result(best, recorder.history, end not in (None, _Done), end is KeyboardInterrupt, recorder.diverged)


METHODS = {"lbfgs": lbfgs, "adam": adam, "gradient_descent": gradient_descent}
