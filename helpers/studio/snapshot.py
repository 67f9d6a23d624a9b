"""What the studio's painter shows of itself. Chapter 06."""

import dataclasses
from typing import Any

from helpers.studio.settings import Settings


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """All that is to be seen at one moment. Images are float32 (H, W, 3), 0…1, and read-only."""
    number: int                  # grows with every snapshot
    settings: Settings
    names: dict                  # {"content", "style", "own": (picture, …)}: what may be chosen
    image: Any                   # what is to be seen now; the content image before the first evaluation
    original: Any                # the content image at the size that is set
    history: tuple               # one {"evaluation", "seconds", "loss", term: …, "size": longer side} an evaluation
    stages: tuple                # (evaluation, uint8 (h, w, 3)), at most 48
    changes: tuple               # evaluations at which a control was moved
    evaluation: int              # fine evaluations so far; the coarse ones carry the number of the fine one before
    goal: int
    painting: bool
    phase: str                   # "", "loading", "compiling", "coarse" or "fine": what is being done
    earlier: int                 # pictures that can be brought back
    expected: Any                # cost.Estimate of the evaluations that are set; None while the network is not loaded
    pace: float | None           # seconds of an evaluation at this size; None before there are two
    ready: bool                  # a network has been loaded
    error: str
    note: str
