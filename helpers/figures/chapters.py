"""The plots that one chapter alone uses, in the chapters' order."""

import matplotlib
import numpy as np
from matplotlib import ticker

from helpers.figures.base import COLOURS, MAP, OUTSIDE, SIGNED, new, plain_numbers, show

# --- Chapter 01: what a CNN sees ---------------------------------------------------------------------------

def network(image, shapes, caption):
    """VGG19 to scale. shapes: {layer: (rows, columns, maps)}; a layer is as high as it has rows, and 8 maps thick
    as a pixel is wide."""
    figure, axis = new(size=(10, 3))
    height, width = image.shape[:2]
    axis.imshow(image, extent=(0, width, -height / 2, height / 2))
    x, label, block = width + 5, width - 65, None
    for name, (rows, columns, maps) in shapes.items():
        if name[:6] != block:
            x, block = max(x + 26, label + 96), name[:6]      # labels are wider than the first two blocks
            label = x
            axis.text(x, rows / 2 + 8, f"{block}\n{rows}×{columns}\n{maps} maps", fontsize=8, va="bottom")
        axis.add_patch(matplotlib.patches.Rectangle((x, -rows / 2), maps / 8, rows, edgecolor="black",
                                                    facecolor=COLOURS[int(block[5])], alpha=0.75))
        x += maps / 8 + 6
    left, right, below = x - 6 - maps / 8, x - 6, -rows / 2 - 14             # under the last box
    arrow = {"arrowstyle": "<->", "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", (width + 20, -height / 2), (width + 20, height / 2), arrowprops=arrow)
    axis.text(width + 10, 0, "rows", fontsize=8, ha="center", va="center", rotation=90)
    axis.annotate("", (left, below), (right, below), arrowprops=arrow)
    axis.text((left + right) / 2, below - 8, "maps, not columns", fontsize=8, ha="center", va="top")
    axis.set(xlim=(0, x + 20), ylim=(-height / 2 - 5, height / 2 + 80), aspect="equal")
    axis.axis("off")
    show(figure, caption, quality=90)


def by_layer(series, caption, title, y, size=(8, 3.2)):
    """A line for each of series: {label: {layer: value}}, in the order of the layers; dotted lines part the blocks."""
    figure, axis = new(size=size)
    for label, values in series.items():
        axis.plot(list(values.values()), label=label, markersize=4)
    names = list(next(iter(series.values())))
    axis.set_xticks(range(len(names)), [n.replace("block", "b").replace("_conv", "_c") for n in names], rotation=60)
    for i in range(1, len(names)):
        if names[i][:6] != names[i - 1][:6]:
            axis.axvline(i - 0.5, color="0.7", linestyle=":")
    axis.set(title=title, ylabel=y, ylim=(0, None))
    axis.legend(**OUTSIDE)
    show(figure, caption)


def products(patch, kernel, caption):
    """The 27 products behind one activation: patch, kernel (3, 3, 3) and their products, a row for each channel."""
    figure, axes = new(3, 3, (6, 5.2))
    parts = {"patch": patch, "× kernel": kernel, "= products": patch * kernel}
    for column, (title, values) in enumerate(parts.items()):
        limit = np.abs(values).max()
        for channel, axis in enumerate(axes[:, column]):
            axis.imshow(values[..., channel], cmap=SIGNED, vmin=-limit, vmax=limit)
            for (row, col), number in np.ndenumerate(values[..., channel]):
                text = f"{number:.{'0f' if abs(number) >= 10 else '2g'}}"
                axis.text(col, row, text, ha="center", va="center", fontsize=8,
                          color="white" if abs(number) > 0.7 * limit else "black")
            axis.set(xticks=[], yticks=[], title=title if channel == 0 else "")
            axis.spines[:].set_visible(False)
    for axis, name in zip(axes[:, 0], "RGB", strict=True):
        axis.set_ylabel(name)
    show(figure, caption)


def mosaic(tiles, columns):
    """Many small maps or images of one size as one, each pixel enlarged so that all come out near 90 pixels high
    at least; between them NaN for maps, white for images. tiles: [(H, W[, 3])]."""
    zoom, gap = -(-90 // tiles[0].shape[0]), np.nan if tiles[0].ndim == 2 else 1
    tiles = [np.pad(tile.repeat(zoom, 0).repeat(zoom, 1), [(4, 4), (4, 4)] + [(0, 0)] * (tile.ndim - 2),
                    constant_values=gap) for tile in tiles]
    return np.concatenate([np.concatenate(tiles[i:i + columns], axis=1)
                           for i in range(0, len(tiles) - columns + 1, columns)])


def boxes(panels, caption, width=3.2):
    """Panels side by side. panels: {title: (image or map, {label: (top, left, bottom, right) in its pixels})}."""
    height, breadth = next(iter(panels.values()))[0].shape[:2]
    legend = max(len(frames) for _, frames in panels.values()) > 1
    high = width * height / breadth + 0.3 + 0.6 * legend
    figure, axes = new(1, len(panels), (width * len(panels), high), squeeze=False)
    for axis, (title, (image, frames)) in zip(axes[0], panels.items(), strict=True):
        axis.imshow(image, cmap=MAP)
        for i, (label, (top, left, bottom, right)) in enumerate(frames.items()):
            for colour, line in (("white", 3), (COLOURS[i % 6], 1.5)):      # the white rim shows on any image
                axis.add_patch(matplotlib.patches.Rectangle(
                    (left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=colour, linewidth=line,
                    label=label if line < 3 else None))
        if legend:
            axis.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, fontsize=8)
        axis.set(title=title, xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
        axis.axis("off")
    show(figure, caption, quality=85)


# --- Chapter 03 -------------------------------------------------------------------------------------------

def categories(series, names, caption, title, x, y, size=(6.5, 3.2)):
    """A line for each of series, {label: values}, over names at equal steps."""
    figure, axis = new(size=size)
    for label, values in series.items():
        axis.plot(values, label=label)
    axis.set_xticks(range(len(names)), names)
    axis.set(title=title, xlabel=x, ylabel=y, ylim=(0, None))
    axis.legend(**OUTSIDE)
    show(figure, caption)


# --- Chapter 04: the total loss ------------------------------------------------------------------------------

def shares(rows, caption, title):
    """Stacked bars, each 1 long. rows: {label: {part: amount}}, the same parts in all rows."""
    names = list(next(iter(rows.values())))
    figure, axis = new(size=(8, 0.42 * len(rows) + 1.2))
    for row, parts in enumerate(rows.values()):
        left, total = 0.0, sum(parts.values())
        for i, name in enumerate(names):
            # Hatches differ too: the bars must be readable in grey.
            axis.barh(row, parts[name] / total, left=left, color=COLOURS[i], alpha=0.75, edgecolor="white",
                      hatch=["", "///", "...", "xx", "\\\\\\"][i % 5], label=name if row == 0 else None)
            left += parts[name] / total
    axis.set_yticks(range(len(rows)), list(rows))
    axis.invert_yaxis()
    axis.set(xlim=(0, 1), xlabel="share", title=title)
    axis.legend(**OUTSIDE)
    show(figure, caption)


def profiles(rows, caption):
    """Rows of pixels as images, each with its profile below. rows: {title: (n,) in 0…1}."""
    figure, axes = new(2, len(rows), (2.6 * len(rows), 2.4), height_ratios=(1, 2), squeeze=False)
    for (strip, profile), (title, row) in zip(axes.T, rows.items(), strict=True):
        strip.imshow(np.tile(row, (10, 1)), cmap="gray", vmin=0, vmax=1, aspect="auto")
        strip.set(title=title, xticks=[], yticks=[])
        strip.spines[["top", "right"]].set_visible(True)       # a white end needs a frame
        profile.step(range(len(row)), row, where="mid", marker="")
        profile.set(xlabel="pixel", ylabel="brightness", ylim=(-0.1, 1.1))
    show(figure, caption)


def step_errors(series, caption, title):
    """Error against step size, both logarithmic. series: {label: (steps, errors)}."""
    figure, axis = new(size=(6.5, 3))
    for label, (steps, errors) in series.items():
        axis.loglog(steps, errors, label=label)
    axis.axhline(1e-3, color="0.6", linestyle=":")
    axis.annotate("0.001: the check asks for less", (steps[0], 1e-3), ha="right", va="bottom", color="0.4", fontsize=8)
    axis.set(xlabel="step h, in pixel values of 0…1", ylabel="relative error", title=title)
    axis.legend(frameon=False)
    show(figure, caption)


# --- Chapter 05: gradient descent ----------------------------------------------------------------------------

def bowl(loss, paths, caption, size=(7, 3.1)):
    """The ways down over a loss of two pixels, its contours below. loss: function of (…, 2); paths: {label: (n, 2)}."""
    figure, axes = new(1, len(paths), size, squeeze=False, sharey=True)
    first, second = np.meshgrid(np.linspace(-0.1, 1.1, 80), np.linspace(-0.1, 1.1, 80))
    heights = loss(np.stack([first, second], axis=-1))
    for axis, (label, path) in zip(axes[0], paths.items(), strict=True):
        axis.contour(first, second, heights, levels=heights.max() * np.geomspace(1e-3, 1, 10), cmap=MAP, linewidths=0.7)
        axis.plot(*np.asarray(path).T, marker="o", markersize=3, linewidth=1, color=COLOURS[1])
        axis.plot(*path[0], marker="s", markersize=7, color=COLOURS[6], linestyle="", label="start")
        axis.plot(first.flat[heights.argmin()], second.flat[heights.argmin()], marker="*", markersize=12,
                  color=COLOURS[2], linestyle="", label="lowest loss", zorder=1)
        axis.set(title=label, xlim=(-0.1, 1.1), ylim=(-0.1, 1.1), aspect="equal", xlabel="pixel 1")
    axes[0, 0].set_ylabel("pixel 2")
    axes[0, -1].legend(**OUTSIDE)
    show(figure, caption)


def race(histories, caption, mark=None):
    """Loss by evaluation and by second, logarithmic axes. histories: {label: [record, …]}; mark: a loss to draw."""
    figure, axes = new(1, 2, (8.5, 3.2), sharey=True)
    for axis, unit in zip(axes, ("evaluation", "seconds"), strict=True):
        for label, history in histories.items():
            axis.loglog([r[unit] for r in history], [r["loss"] for r in history], label=label, marker="")
        if mark is not None:
            axis.axhline(mark, color="0.4", linestyle=":", marker="", label="where gradient descent ends")
        axis.set(xlabel=unit, title=f"loss by {unit.removesuffix('s')}")
        plain_numbers(axis.yaxis)
        axis.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    axes[0].set_ylabel("loss")
    axes[1].legend(**OUTSIDE)
    show(figure, caption)


def cases(patients, caption, columns=4, width=2.2):
    """Images, each with its loss curve below. patients: {label: (image, [loss, …])}; all curves share an axis."""
    columns = min(columns, len(patients))
    rows = -(-len(patients) // columns)
    height, breadth = next(iter(patients.values()))[0].shape[:2]
    high = width * height / breadth
    figure, axes = new(2 * rows, columns, (columns * width, rows * (high + 1.6)), squeeze=False,
                       height_ratios=[high, 1.2] * rows)
    losses = np.concatenate([values for _, values in patients.values()])
    for axis in axes.flat:
        axis.axis("off")
    for i, (label, (image, values)) in enumerate(patients.items()):
        above, below = axes[2 * (i // columns):2 * (i // columns) + 2, i % columns]
        above.imshow(np.clip(image, 0, 1))
        above.set_title(label)
        below.axis("on")
        below.semilogy(range(1, len(values) + 1), values, marker="")
        below.set(xlabel="evaluation", ylabel="loss" if i % columns == 0 else "",
                  ylim=(losses.min() / 1.5, losses.max() * 1.5))
        plain_numbers(below.yaxis)
    show(figure, caption, quality=85)
