"""Chapter 03: where maps fire, and Gram matrices."""

import matplotlib
import numpy as np

from helpers import images
from helpers.figures.base import COLOURS, MAP, new, show
from helpers.figures.chapter01 import best_patches
from helpers.figures.chapters import mosaic


def lit(image, strength):
    """An image in its own colours where a map is strong, pale grey elsewhere.

    image: (H, W, 3); strength: (rows, columns) ≥ 0. Returns (H, W, 3).
    """
    light = np.sqrt(np.clip(strength / max(np.quantile(strength, 0.98), 1e-9), 0, 1))
    light = images.resize(np.repeat(light[..., None], 3, axis=2).astype(np.float32), shape=image.shape[:2])
    pale = 0.75 + 0.2 * image.mean(axis=2, keepdims=True)
    return image * light + pale * (1 - light)


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


def toy(maps, caption):
    """Two small maps, their positions as points with mean and covariance, and their Gram matrix, number by number.

    maps: (2, rows, columns). The ellipse is the covariance: all directions in which the points spread, to one standard
    deviation. The caption is completed by the matrix' rank and the covariance.
    """
    points = maps.reshape(2, -1)
    gram, mean, spread = points @ points.T / points.shape[1], points.mean(axis=1), np.cov(points, bias=True)
    figure, axes = new(1, 4, (9.6, 2.9), width_ratios=(1, 1, 1.5, 1))
    for axis, (title, values) in zip(axes[[0, 1, 3]], {"$F_1$": maps[0], "$F_2$": maps[1], "$G$": gram}.items(),
                                     strict=True):
        axis.imshow(values, cmap=MAP, vmin=0, vmax=2 * max(values.max(), 1))      # its dark half: numbers are white
        for (row, column), number in np.ndenumerate(values):
            axis.text(column, row, f"{number:.3g}", ha="center", va="center", color="white", fontsize=11)
        axis.set(title=title, xticks=[], yticks=[])
    axes[2].plot(*points, linestyle="", markersize=8)
    for at in np.unique(points, axis=1).T:
        here = np.flatnonzero((at == points.T).all(axis=1)) + 1
        label = f"k = {', '.join(map(str, here))}" if points.shape[1] <= 4 else f"{len(here)} times" * (len(here) > 1)
        axes[2].annotate(label, at, xytext=(6, 5), textcoords="offset points", fontsize=8)
    values, directions = np.linalg.eigh(spread)
    circle = np.array([np.cos(angle := np.linspace(0, 2 * np.pi, 60)), np.sin(angle)])
    ellipse = mean[:, None] + directions @ (np.sqrt(np.maximum(values, 0))[:, None] * circle)
    axes[2].plot(*ellipse, color=COLOURS[1], marker="", linestyle="-", linewidth=1)
    axes[2].plot(*mean, marker="X", markersize=10, linestyle="", color=COLOURS[1])
    axes[2].set(title="each position a point; cross: the mean", xlabel="$F_1$", ylabel="$F_2$",
                xlim=(min(0, points[0].min()) - 0.5, max(4.4, points[0].max() + 0.5)),
                ylim=(min(0, points[1].min()) - 0.5, max(4, points[1].max()) + 0.5))
    rank = np.linalg.matrix_rank(gram)
    show(figure, f"{caption} Rank of G {rank}; mean ({mean[0]:.3g}, {mean[1]:.3g}); covariance ({spread[0, 0]:.3g}, "
                 f"{spread[0, 1]:.3g}; {spread[1, 0]:.3g}, {spread[1, 1]:.3g}).")


def entry(image, maps, chosen, side, caption):
    """One entry of a Gram matrix, framed, and what its two maps like and share in the image.

    image: (H, W, 3); maps: {number: (rows, columns)}, those of the matrix; chosen: two of the numbers; side: of the
    patches, in pixels.
    """
    numbers = list(maps)
    flat = np.array([values.ravel() for values in maps.values()])
    gram = flat @ flat.T / flat.shape[1]
    figure, axes = new(1, 4, (10, 3.3))
    axes[0].imshow(np.sqrt(gram), cmap=MAP)
    for colour, line in (("black", 4), ("white", 2)):
        axes[0].add_patch(matplotlib.patches.Rectangle(
            (numbers.index(chosen[1]) - 0.5, numbers.index(chosen[0]) - 0.5), 1, 1, fill=False, edgecolor=colour,
            linewidth=line))
    ticks = range(len(numbers))
    axes[0].set_xticks(ticks, numbers, rotation=90)
    axes[0].set_yticks(ticks, numbers)
    value = gram[numbers.index(chosen[0]), numbers.index(chosen[1])]
    axes[0].set(title=f"G[{chosen[0]}, {chosen[1]}] = {value:.3g}", xlabel="map j", ylabel="map i")
    for axis, number in zip(axes[1:3], chosen, strict=True):
        axis.imshow(mosaic(best_patches(image, maps[number], side), columns=3))
        axis.set_title(f"what map {number} likes best")
    axes[3].imshow(lit(image, maps[chosen[0]] * maps[chosen[1]]))
    axes[3].set_title("where both fire")
    for axis in axes[1:]:
        axis.axis("off")
    show(figure, caption, quality=85)
