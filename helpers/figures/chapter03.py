"""Chapter 03: maps with the patches that they like best, and Gram matrices."""

import numpy as np

from helpers import images
from helpers.figures.base import COLOURS, MAP, new, show


def lit(image, strength):
    """An image in its own colours where a map is strong, pale grey elsewhere.

    image: (H, W, 3); strength: (rows, columns) ≥ 0. Returns (H, W, 3).
    """
    light = np.sqrt(np.clip(strength / max(np.quantile(strength, 0.98), 1e-9), 0, 1))
    light = images.resize(np.repeat(light[..., None], 3, axis=2).astype(np.float32), shape=image.shape[:2])
    pale = 0.75 + 0.2 * image.mean(axis=2, keepdims=True)
    return image * light + pale * (1 - light)


def best_patches(image, response, side, count=6):
    """The patches of side × side pixels around the largest activations of one map, each in another place.

    image: (H, W, 3); response: (rows, columns). Returns count images, the largest activation first. A patch that
    would not lie wholly in the image is left out.
    """
    step = image.shape[0] // response.shape[0]
    reach = -(-side // (2 * step))                                     # half a patch, in positions
    left = np.full(response.shape, -1.0)
    left[reach:-reach, reach:-reach] = response[reach:-reach, reach:-reach]
    patches = []
    for _ in range(count):
        row, column = np.unravel_index(left.argmax(), left.shape)
        top, start = (position * step + step // 2 - side // 2 for position in (row, column))
        patches.append(image[top:top + side, start:start + side])
        left[max(0, row - reach):row + reach + 1, max(0, column - reach):column + reach + 1] = -1      # to go elsewhere
    return patches


def matrices(grams, caption, width=2.9):
    """Gram matrices side by side, each divided by its own largest entry, on one scale. grams: {title: (n, n) ≥ 0}."""
    figure, axes = new(1, len(grams), (len(grams) * width + 0.9, width + 0.4), squeeze=False)
    for axis, (title, values) in zip(axes.flat, grams.items(), strict=True):
        drawn = axis.imshow(np.sqrt(values / values.max()), cmap=MAP, vmin=0, vmax=1)
        axis.set(title=title, xlabel="map j", xticks=range(0, len(values), 8), yticks=range(0, len(values), 8))
    axes.flat[0].set_ylabel("map i")
    bar = figure.colorbar(drawn, ax=axes, label="entry ÷ the largest entry", shrink=0.85)
    bar.set_ticks(np.sqrt([0, 0.01, 0.1, 0.25, 0.5, 1]), labels=["0", "0.01", "0.1", "0.25", "0.5", "1"])
    show(figure, caption)


def cloud(points, caption, title):
    """Each position as a point: how strongly map 1 fires there, and map 2. points: (positions, 2). Marks their mean."""
    figure, axis = new(size=(3.5, 3.9))
    axis.plot(*points.T, linestyle="", markersize=9)
    for k, point in enumerate(points, start=1):
        axis.annotate(f"k = {k}", point, xytext=(7, -14), textcoords="offset points")
    axis.plot(*points.mean(axis=0), marker="X", markersize=11, linestyle="", color=COLOURS[1])
    axis.annotate("mean", points.mean(axis=0), xytext=(9, -4), textcoords="offset points", color=COLOURS[1])
    axis.set(xlabel="map 1", ylabel="map 2", title=title, xlim=(-0.3, points[:, 0].max() + 0.7),
             ylim=(-0.5, points[:, 1].max() + 0.5), aspect="equal")
    show(figure, caption)
