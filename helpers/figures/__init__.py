"""The chapters' plots and sliders. Each picture is shown with one sentence that says what it shows: its caption, and
its alt text.

base: what all plots share, and the plots of several chapters. chapters: plots that one chapter alone uses.
sliders: `interact`, which calls a function in a running kernel, and `Live`. frames: `scrub`, which needs no kernel.
"""

from helpers.figures.base import COLOURS, MAP, SIGNED, curves, grid, heat, new, plain_numbers, show, table
from helpers.figures.chapters import (
    bowl,
    boxes,
    by_layer,
    cases,
    categories,
    lit,
    maps,
    matrices,
    mosaic,
    network,
    products,
    profiles,
    race,
    shares,
    step_errors,
)
from helpers.figures.frames import scrub
from helpers.figures.sliders import Live, interact

__all__ = ["COLOURS", "MAP", "SIGNED", "Live", "bowl", "boxes", "by_layer", "cases", "categories", "curves", "grid",
           "heat", "interact", "lit", "maps", "matrices", "mosaic", "network", "new", "plain_numbers", "products",
           "profiles", "race", "scrub", "shares", "show", "step_errors", "table"]
