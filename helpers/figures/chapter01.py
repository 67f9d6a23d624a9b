"""Chapter 01: maps beside the patches that they like best, and what a unit sees."""

import matplotlib
import numpy as np

from helpers.figures.base import COLOURS, MAP, new, show
from helpers.figures.chapters import mosaic


def _frame(axis, box, colour=COLOURS[1]):
    """An outline of (top, left, bottom, right), in pixels, with a white rim that shows on any image."""
    top, left, bottom, right = box
    for line_colour, line in (("white", 4), (colour, 2)):
        axis.add_patch(matplotlib.patches.Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False,
                                                    edgecolor=line_colour, linewidth=line))


def best_boxes(image, response, side, count=6):
    """The boxes (top, left, bottom, right) of side × side pixels around the largest activations of one map.

    image: (H, W, 3); response: (rows, columns). Returns up to count {box: activation}, the largest first, each in
    another place. A box that would not lie wholly in the image is left out.
    """
    step = 2 ** int(np.log2(image.shape[0] / response.shape[0]))       # a pooling drops an odd row
    reach = -(-side // (2 * step))                                     # half a box, in positions
    left = np.full(response.shape, -1.0)
    left[reach:-reach, reach:-reach] = response[reach:-reach, reach:-reach]
    boxes = {}
    while len(boxes) < count and left.max() > -1:
        row, column = np.unravel_index(left.argmax(), left.shape)
        top, start = (int(position * step + step // 2 - side // 2) for position in (row, column))
        boxes[top, start, top + side, start + side] = float(left[row, column])
        left[max(0, row - reach):row + reach + 1, max(0, column - reach):column + reach + 1] = -1      # to go elsewhere
    return boxes


def best_patches(image, response, side, count=6):
    """The patches in the `best_boxes` of one map: [(side, side, 3), …]."""
    return [image[top:bottom, left:right] for top, left, bottom, right in best_boxes(image, response, side, count)]


def one_map(image, values, side, caption, width=3.3):
    """One map, where it fires most in the image, and these patches enlarged.

    image: (H, W, 3); values: (rows, columns) ≥ 0; side: of a patch, in the image's pixels.
    """
    boxes = list(best_boxes(image, values, side))
    boxes = boxes[:len(boxes) // 3 * 3]                                # whole rows of patches
    figure, axes = new(1, 3, (3 * width, width * image.shape[0] / image.shape[1] + 0.4))
    axes[0].imshow(np.sqrt(values), cmap=MAP)
    axes[1].imshow(image)
    for number, box in enumerate(boxes, start=1):
        _frame(axes[1], box)
        axes[1].annotate(str(number), (box[3], box[0]), fontsize=9, weight="bold", color="white",
                         bbox={"facecolor": COLOURS[1], "edgecolor": "none", "pad": 1})
    axes[2].imshow(mosaic([image[top:bottom, left:right] for top, left, bottom, right in boxes], columns=3))
    titles = ("the map", f"its {len(boxes)} best places, to scale", f"these patches, {side} pixels wide, enlarged")
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title)
        axis.axis("off")
    show(figure, caption, quality=65)


def named_maps(photos, maps, side, caption, width=2.45):
    """Maps for the first photograph, each above the patches that it likes best in four of the photographs.

    photos: {name: (H, W, 3)}; maps: {title: {name: (rows, columns) ≥ 0}}; side: of a patch, in pixels.
    """
    height, breadth = next(iter(photos.values())).shape[:2]
    size = len(maps) * width, width * (height / breadth + 1) + 0.4
    figure, axes = new(2, len(maps), size, squeeze=False)
    for (above, below), (title, values) in zip(axes.T, maps.items(), strict=True):
        above.imshow(np.sqrt(next(iter(values.values()))), cmap=MAP)
        above.set_title(title)
        best = [(activation, name, box) for name, photo in photos.items()
                for box, activation in best_boxes(photo, values[name], side, 1).items()]
        patches = [photos[name][box[0]:box[2], box[1]:box[3]] for _, name, box in sorted(best, reverse=True)[:4]]
        below.imshow(mosaic(patches, columns=2))
        above.axis("off")
        below.axis("off")
    show(figure, caption, quality=60)


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
    show(figure, caption, quality=70)


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
    show(figure, caption, quality=65)
