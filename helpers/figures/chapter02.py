"""Chapters 02 and 03: images with a circle on each, tables of distances with frames and thumbnails; where pictures that
were made of one thing agree."""

import matplotlib
import numpy as np
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from helpers import images
from helpers.figures.base import MAP, new, show


def circled(panels, centre, radius, caption, width=2.9):
    """Images and maps of one size side by side, one circle drawn on each.

    panels: {title: (H, W, 3) in 0…1, or (H, W) ≥ 0}; centre: (row, column) and radius, in pixels.
    """
    height, breadth = next(iter(panels.values())).shape[:2]
    figure, axes = new(1, len(panels), (len(panels) * width, width * height / breadth + 0.35), squeeze=False)
    for axis, (title, image) in zip(axes.flat, panels.items(), strict=True):
        axis.imshow(image, cmap=MAP)
        for colour, line in (("black", 3.5), ("white", 1.5)):      # one of the two shows on any image
            axis.add_patch(matplotlib.patches.Circle(centre[::-1], radius, fill=False, edgecolor=colour,
                                                     linewidth=line))
        axis.set_title(title)
        axis.axis("off")
    show(figure, caption, quality=85)


def distances(values, rows, columns, caption, title, frames=(), thumbnails=(), size=(4.9, 4.2)):
    """A table of distances as colours, each number in its cell, some cells framed.

    values: (rows, columns). rows, columns: the names. frames: [(row, column), …].
    thumbnails: [image (H, W, 3), …], one for each name; rows and columns are the same then.
    """
    figure, axis = new(size=size)
    axis.imshow(values, cmap=MAP)
    middle = (values.min() + values.max()) / 2
    for (i, j), value in np.ndenumerate(values):
        axis.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8,
                  color="black" if value > middle else "white")
    for i, j in frames:
        for colour, line in (("black", 4), ("white", 2)):
            axis.add_patch(matplotlib.patches.Rectangle((j - 0.45, i - 0.45), 0.9, 0.9, fill=False, edgecolor=colour,
                                                        linewidth=line))
    axis.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(rows)), rows)
    if thumbnails:
        axis.tick_params(length=0, pad=42)                         # room between the table and the names
    for n, image in enumerate(thumbnails):
        thumbnail = OffsetImage(images.resize(image, max_side=40), zoom=0.8)
        for at, shift in (((-0.5, n), (-21, 0)), ((n, len(rows) - 0.5), (0, -20))):
            axis.add_artist(AnnotationBbox(thumbnail, at, xybox=shift, boxcoords="offset points", frameon=False,
                                           annotation_clip=False))
    axis.set_title(title)
    axis.spines[:].set_visible(False)
    show(figure, caption, quality=90 if thumbnails else None)


def agreement(pictures, caption, width=2.45):
    """Where pictures of one thing agree: above their mean, below how far apart they are, on one scale for all.

    pictures: {title: (n, H, W, 3) in 0…1}. How far apart: the standard deviation over n, root mean square over the
    three colours.
    """
    apart = {title: np.sqrt(stack.var(axis=0, ddof=1).mean(axis=-1)) for title, stack in pictures.items()}
    height, breadth = next(iter(apart.values())).shape
    figure, axes = new(2, len(pictures), (len(pictures) * width + 0.6, 2 * width * height / breadth + 0.6),
                       squeeze=False)
    for (above, below), (title, stack) in zip(axes.T, pictures.items(), strict=True):
        above.imshow(stack.mean(axis=0))
        above.set_title(title)
        drawn = below.imshow(apart[title], cmap=MAP, vmin=0, vmax=np.quantile(list(apart.values()), 0.99))
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    axes[0, 0].set_ylabel("their mean")
    axes[1, 0].set_ylabel("how far apart")
    figure.colorbar(drawn, ax=axes[1], label="in 0…1")
    show(figure, caption, quality=85)
