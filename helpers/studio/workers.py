"""The threads that own nothing: one builds networks, one descends at the fine size. Chapter 06.

Each gets what it needs when it starts, and posts what it found; `owner` decides what becomes of it.
"""

import functools
import math
import threading

import numpy as np
import psutil

from helpers import cost, images, steering, transfer
from helpers.studio.settings import COARSE, PICTURES, SIZES
from helpers.transfer import STYLE_LAYERS

NO_END = 2 ** 31         # the goal may move while it paints, so the owner decides
BESIDE = np.tile([1.0, 0.0], (2, 1)), np.tile([0.0, 1.0], (2, 1))      # masks; where the line is, `weigh` says


class Run:
    """A descent at the fine size. Posts "evaluated", run, image, record; at the end "ended", run, error or None."""

    def __init__(self, made, image, method, post):
        self.stop, self.best = threading.Event(), None       # best: (loss, image), kept by the owner

        def work():
            def watch(_, image, record):
                post("evaluated", self, image, record)
                return self.stop.is_set()
            try:
                diverged = made.run(NO_END, method, watch, start=image, progress=False).diverged
                post("ended", self, ValueError(diverged) if diverged else None)
            except Exception as error:         # the page must say it, and the picture so far stays
                post("ended", self, error)
        threading.Thread(target=work, daemon=True, name="studio descent").start()


class Networks:
    """The StyleTransfers of the present pictures, one for each size. Posts "built", key, transfer, error or None."""

    def __init__(self, post):
        self.post, self.building, self._built = post, None, {}

    def get(self, settings, size):
        """The StyleTransfer of this size for the pictures that are set, or None."""
        key, made = self._built.get(size, (None, None))
        return made if key == _key(settings, size) else None

    def missing(self, settings):
        return [size for size in sizes(settings) if self.get(settings, size) is None]

    def any(self):
        return bool(self._built)

    def build(self, settings, size, sources):
        """A StyleTransfer, compiled, in a thread of its own; the memory of the old ones is given back first."""
        self._built = {s: found for s, found in self._built.items() if s in sizes(settings) and s != size}
        self.building = key = _key(settings, size)
        content = sources[settings.content]
        styles = [sources[name] for name in (settings.style, settings.second) if name]

        def work():
            try:
                side = size
                if size < settings.size:     # the network needs 32 pixels on each side, also of a panorama
                    shapes = [images.load_image(image, settings.size).shape[:2] for image in (content, *styles)]
                    side = max(size, *(math.ceil(32 * max(shape) / min(shape)) for shape in shapes))
                masks = BESIDE if settings.parted else None
                made = transfer.StyleTransfer(content, styles, pooling=settings.pooling, size=side, masks=masks)
                for _ in range(2 if size <= COARSE else 1):          # compiles; then shows the pace
                    made.evaluate(made.content)
                self.post("built", key, made)
            except Exception as error:                               # raised again by the owner
                self.post("built", key, None, error)
        threading.Thread(target=work, daemon=True, name="studio builder").start()

    def take(self, settings, key, made):
        """What a builder has posted → whether it is still wanted."""
        self.building = None
        wanted = key in [_key(settings, size) for size in sizes(settings)]
        if wanted and made is not None:
            self._built[key[-1]] = key, made
        return wanted

    def pace(self, settings):
        """Seconds of an evaluation at the size that is set; None before there are two."""
        made = self.get(settings, settings.size)
        times = made.engine.seconds.get(made.content.shape[:2], [])[1:] if made else []
        return float(np.median(times[-8:])) if len(times) > 1 else None

    def expected(self, settings, height, width):
        """cost.Estimate of the evaluations that are set, at height × width; None while nothing has been measured."""
        for size in reversed(sizes(settings)):
            _, made = self._built.get(size, (None, None))
            if made is not None and len(made.engine.seconds.get(made.content.shape[:2], [])) > 1:
                return cost.estimate(made, height, width, settings.steps)
        return None

    def refuse_too_large(self, settings, height, width):
        """Better no picture than a machine that swaps; unknown while the network has not been loaded yet."""
        expected, own = self.expected(settings, height, width), psutil.Process().memory_info().rss
        if expected is None or expected.memory <= (free := cost.free_memory() + own):
            return
        fit = [size for size in SIZES if self.expected(
            settings, *(round(side * size / settings.size) for side in (height, width))).memory <= free]
        way = f"choose {fit[-1]} px" if fit else "close other programs"
        raise ValueError(f"{settings.size} px need {expected.memory / 1e9:.1f} GB of memory and "
                         f"{free / 1e9:.1f} GB are free: {way}.")


def sizes(settings):
    """The sizes that are painted at, the coarse one first."""
    return (COARSE, settings.size) if settings.size > COARSE else (settings.size,)


def weigh(made, settings, firm=1.0):
    """Hand the weights that are set to a StyleTransfer that nobody evaluates; content counts `firm` times."""
    made.content_weight, made.style_weight = firm * settings.content_weight, settings.style_weight
    made.tv_weight, made.blend = settings.tv_weight, [1 - settings.blend, settings.blend] if settings.second else [1.0]
    made.layer_weights = dict(zip(STYLE_LAYERS, settings.layer_weights, strict=True))
    if settings.parted:
        made.guides = _parted(settings.split, tuple(tuple(guide.shape[1:]) for guide in made.guides))


# Kept, so that a line that was not moved is the same line: a new one makes L-BFGS forget what it has learnt.
_parted = functools.lru_cache(maxsize=4)(steering.split)


def _key(settings, size):
    return (*(getattr(settings, name) for name in PICTURES), settings.pooling, settings.parted, size)
