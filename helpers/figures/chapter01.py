"""The plots of chapter 01 alone that need more than one panel of one kind."""

import matplotlib
import numpy as np

from helpers.figures.base import COLOURS, MAP, new, show


def _frame(axis, box, colour=COLOURS[1]):
    """An outline of (top, left, bottom, right), in pixels, with a white rim that shows on any image."""
    top, left, bottom, right = box
    for line_colour, line in (("white", 4), (colour, 2)):
        axis.add_patch(matplotlib.patches.Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False,
                                                    edgecolor=line_colour, linewidth=line))


def field(image, gradient, box, layer, caption):
    """What a unit sees: the image with its box, and the box's surroundings enlarged, as image and as gradient.

    image: (H, W, 3); gradient: (H, W) ≥ 0; box: (top, left, bottom, right) in pixels.
    """
    top, left, bottom, right = box
    rim = max(2, (right - left) // 6)
    figure, axes = new(1, 3, (8.4, 2.8))
    axes[0].imshow(image)
    axes[1].imshow(image)
    axes[2].imshow(np.sqrt(gradient / gradient.max()), cmap=MAP)
    for axis in axes:
        _frame(axis, box)
        axis.axis("off")
    for axis in axes[1:]:
        axis.set(xlim=(max(left - rim, 0) - 0.5, min(right + rim, image.shape[1]) - 0.5),
                 ylim=(min(bottom + rim, image.shape[0]) - 0.5, max(top - rim, 0) - 0.5))
    for axis, title in zip(axes, (f"the box of one unit of {layer}", "the box, enlarged",
                                  "its gradient there (square root)"), strict=True):
        axis.set_title(title)
    show(figure, caption, quality=85)


def likes(made, photo, box, patches, caption, width=2.45):
    """What excites one map: the photograph with the box of the best patch, the made image, and patches enlarged.

    made, photo: (H, W, 3); box: (top, left, bottom, right) in the photo's pixels; patches: {title: (H, W, 3)}, four.
    """
    figure, axes = new(2, 3, (3 * width, 2 * (width + 0.3)))
    panels = {"where it fires most": photo, "made for the map": made} | patches
    for axis, (title, image) in zip(axes.flat, panels.items(), strict=True):
        axis.imshow(image)
        axis.set_title(title)
        axis.axis("off")
    _frame(axes.flat[0], box)
    show(figure, caption, quality=75)
