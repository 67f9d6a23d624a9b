"""One picture of the studio, from its first evaluation on. Chapter 06."""

import time

import numpy as np

from helpers import images

STAGES = 48              # kept at most: then every other one is dropped
KEPT = 8                 # pictures put aside


class Picture:
    """The image so far, how it came about, and how far it is to go."""

    def __init__(self, goal=0):
        self.image, self.history, self.stages, self.changes = None, (), (), ()
        self.evaluation, self.goal = 0, goal       # of the fine size; coarse records carry the number before
        self.complete = False                      # it was finished once
        self._shown, self._stride, self._moment = 0, 1, time.perf_counter()

    @property
    def finished(self):
        return 0 < self.goal <= self.evaluation

    def go_on(self):
        """The time until now was a pause."""
        self._moment = time.perf_counter()

    def record(self, image, record, size):
        """A new image, (H, W, 3), read-only from now on, and its line of the history."""
        image.flags.writeable = False
        now, before = time.perf_counter(), self.history[-1]["seconds"] if self.history else 0.0
        record = {**record, "evaluation": self.evaluation, "size": size, "seconds": before + now - self._moment}
        self.image, self._moment, self.history = image, now, (*self.history, record)
        if self._shown % self._stride == 0:
            small = images.resize(image, max_side=256) if max(image.shape) > 256 else image
            self.stages = (*self.stages, (self.evaluation, np.uint8(np.round(small * 255))))
            if len(self.stages) > STAGES:
                self.stages, self._stride = self.stages[::2], 2 * self._stride
        self._shown += 1


def kept_with(kept, settings, picture, place=None):
    """The list of pictures put aside, (settings, picture) each, the last one on top, with one more at `place`.

    Where they become too many, the oldest that was never finished goes; a finished one only among its like.
    """
    place = len(kept) if place is None else place
    kept = [*kept[:place], (settings, picture), *kept[place:]]
    if len(kept) > KEPT:
        unfinished = [k for k, (_, other) in enumerate(kept) if not other.complete and other is not picture]
        del kept[(unfinished or [0])[0]]
    return kept
