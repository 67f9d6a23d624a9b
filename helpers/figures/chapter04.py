"""The plots of chapter 04 alone: numbers with signs, pulls at the pixels, a sheet of images with heads, spectra."""

import numpy as np
from scipy.ndimage import gaussian_filter

from helpers.figures.base import MAP, SIGNED, new, show


def signed(matrices, caption, width=2.3, of_pixels=False):
    """Small matrices side by side, each number written in its cell, colour by sign. matrices: {title: (rows, columns)}.
    Square ones are of maps by maps, others of positions by maps; of_pixels: all are pictures, row by column."""
    rows = max(len(values) for values in matrices.values())
    figure, axes = new(1, len(matrices), (width * len(matrices), 0.45 * rows + 0.8), squeeze=False)
    for axis, (title, values) in zip(axes[0], matrices.items(), strict=True):
        limit = max(np.abs(values).max(), 1e-9)
        axis.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit)
        for (row, column), value in np.ndenumerate(values):
            axis.text(column, row, f"{value:+.3g}" if value else "0", ha="center", va="center",
                      color="white" if abs(value) > 0.7 * limit else "black")
        axis.set(title=title, xticks=range(values.shape[1]), yticks=range(len(values)))
        axis.set_xticklabels(range(1, values.shape[1] + 1))
        axis.set_yticklabels(range(1, len(values) + 1))
        axis.set_xlabel("column" if of_pixels else "map")
        axis.set_ylabel("row" if of_pixels else "map" if len(values) == values.shape[1] else "position")
        axis.spines[:].set_visible(False)
    show(figure, caption)


def pulls(image, maps, caption, columns=3, width=2.9):
    """An image cut into two halves, and how strongly its pixels are pulled. maps: {title: (H, W) ≥ 0}.

    Each map is smoothed over two pixels and drawn as its root, scaled to its own largest value; a dashed line parts
    the halves, and the title ends with the left half's share of the pull.
    """
    count, (height, breadth) = 1 + len(maps), image.shape[:2]
    columns = min(columns, count)
    rows = -(-count // columns)
    figure, axes = new(rows, columns, (columns * width, rows * (width * height / breadth + 0.35)), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    axes.flat[0].imshow(image)
    axes.flat[0].set_title("generated image")
    for axis, (title, values) in zip(axes.flat[1:], maps.items(), strict=False):
        axis.imshow(np.sqrt(gaussian_filter(values, 2)), cmap=MAP, vmin=0)
        axis.set_title(f"{title}: {left_share(values):.0%} left")
    for axis in axes.flat[:count]:
        axis.axvline(breadth // 2 - 0.5, color="white", linestyle="--", linewidth=1.2)
    show(figure, caption, quality=85)


def left_share(values):
    """The share of a map, (H, W) ≥ 0, that lies in its left half."""
    return float(values[:, :values.shape[1] // 2].sum() / values.sum())


def sheet(images, caption, width=2.5):
    """Images in rows and columns with heads. images: {(row, column): (H, W, 3)}, rows and columns in their order."""
    rows, columns = (list(dict.fromkeys(key[part] for key in images)) for part in (0, 1))
    height, breadth = next(iter(images.values())).shape[:2]
    size = (len(columns) * width + 0.3, len(rows) * width * height / breadth + 0.3)
    figure, axes = new(len(rows), len(columns), size, squeeze=False)
    for (row, column), image in images.items():
        axis = axes[rows.index(row), columns.index(column)]
        axis.imshow(np.clip(image, 0, 1))
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
        axis.set_title(column if row == rows[0] else "")
        axis.set_ylabel(row if column == columns[0] else "")
    show(figure, caption, quality=78)


def spectrum(error):
    """Mean power by spatial frequency, over all directions. (H, W, 3) → cycles a pixel, thousandths, 24 of each."""
    power = 1000 * (np.abs(np.fft.fft2(error, axes=(0, 1))) ** 2).mean(axis=2) / error[..., 0].size
    rows, columns = (np.fft.fftfreq(n) for n in error.shape[:2])
    edges = np.linspace(0.01, 0.5, 25)
    ring = np.digitize(np.hypot(rows[:, None], columns), edges)
    return (edges[1:] + edges[:-1]) / 2, np.array([power[ring == k].mean() for k in range(1, len(edges))])
