"""The chapters' plots and sliders. Each picture is shown with one sentence that says what it shows: its caption, and
its alt text.

base: what all plots share, and the plots of several chapters. chapters, chapter01 …: plots that one chapter alone uses.
sliders: `interact`, which calls a function in a running kernel, and `Live`. frames: `scrub`, which needs no kernel.
atlas: what runs give that may go on until they have arrived.
predictions: `predict`, asked before a figure and answered after it.
"""

from helpers.figures import atlas
from helpers.figures.base import COLOURS, MAP, SIGNED, curves, grid, new, plain_numbers, show, table
from helpers.figures.chapter01 import best_patches, field, likes, named_maps, one_map
from helpers.figures.chapter02 import agreement, circled, distances
from helpers.figures.chapter03 import entry, lit, matrices, toy
from helpers.figures.chapter04 import left_share, pulls, sheet, signed, spectrum
from helpers.figures.chapter05 import along_axes, beliefs, boxed
from helpers.figures.chapter07 import clouds, plane, undominated
from helpers.figures.chapter08 import histogram_pair
from helpers.figures.chapters import (
    bowl,
    boxes,
    by_layer,
    cases,
    categories,
    mosaic,
    network,
    products,
    profiles,
    race,
    shares,
    step_errors,
)
from helpers.figures.frames import scrub
from helpers.figures.predictions import predict
from helpers.figures.sliders import Live, interact

__all__ = ["COLOURS", "MAP", "SIGNED", "Live", "agreement", "along_axes", "atlas", "beliefs", "best_patches", "bowl",
           "boxed", "boxes", "by_layer", "cases", "categories", "circled", "clouds", "curves", "distances", "entry",
           "field", "grid", "histogram_pair", "interact", "left_share", "likes", "lit", "matrices", "mosaic",
           "named_maps", "network", "new", "one_map", "plain_numbers", "plane", "predict", "products", "profiles",
           "pulls", "race", "scrub", "shares", "sheet", "show", "signed", "spectrum", "step_errors", "table", "toy",
           "undominated"]
