"""What all plots share, and the plots that several chapters use."""

import base64
import io

import numpy as np
from IPython.display import Markdown, display
from matplotlib import cycler, ticker
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

MAP = "cividis"                      # for values ≥ 0; readable by the colour-blind and in grey
SIGNED = "PuOr"                      # for values around 0
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]      # Okabe and Ito 2008
# Markers and line styles change with the colours: a plot must be readable in grey. Both parts are 28 entries long.
LINES = (4 * (cycler(color=COLOURS) + cycler(marker=list("osv^D*P")))
         + 7 * cycler(linestyle=["-", "--", "-.", ":"]))
plt.rcParams.update({"axes.prop_cycle": LINES, "figure.dpi": 90, "font.size": 10,
                     "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10,
                     "image.interpolation": "nearest"})
OUTSIDE = {"frameon": False, "fontsize": 8, "loc": "center left", "bbox_to_anchor": (1, 0.5)}   # a legend's place


def new(rows=1, columns=1, size=(7, 3), **options):
    """A figure and its axes, (rows, columns) squeezed; outside pyplot, so that no figure is shown twice or leaks."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def show(figure, caption, quality=None):
    """Display a figure as a picture with its caption below; the caption is stored as `alt` too.

    quality: 1–95 stores it as a JPEG, which keeps photographs small; plots stay PNG.
    """
    data, kind = io.BytesIO(), "jpeg" if quality else "png"
    options = {"pil_kwargs": {"quality": quality}} if quality else {}
    figure.savefig(data, format=kind, dpi=90, facecolor="white", **options)
    # As text: what a slider has drawn travels in a widget's state, where bytes would not arrive as a picture.
    display({f"image/{kind}": base64.b64encode(data.getvalue()).decode(), "text/plain": caption}, raw=True,
            metadata={f"image/{kind}": {"alt": caption}})
    display(Markdown(f"*{caption}*"))


def grid(images, caption, columns=None, width=2.0):
    """Images side by side. images: {title: (H, W, 3) in 0…1, or (H, W) drawn with the map of values ≥ 0}."""
    columns = min(columns or len(images), len(images))
    rows = -(-len(images) // columns)
    height, breadth = next(iter(images.values())).shape[:2]
    figure, axes = new(rows, columns, (columns * width, rows * (width * height / breadth + 0.35)), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, (title, image) in zip(axes.flat, images.items(), strict=False):
        if image.ndim == 2:
            axis.imshow(image, cmap=MAP)
        else:
            axis.imshow(np.clip(image, 0, 1))
        axis.set_title(title)
    show(figure, caption, quality=85)


class Between(ticker.LogFormatter):
    """Labels between the powers of ten where there is room for them: 0.6 rather than 6e-01."""

    def __call__(self, x, pos=None):
        return f"{x:g}" if super().__call__(x, pos) else ""


def plain_numbers(axis):
    """On a logarithmic axis, 0.1 rather than 10⁻¹, and never a single number."""
    axis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(Between(minor_thresholds=(1.5, 0.5)))


def curves(series, caption, title, x="evaluation", y="loss", log=True, size=(6.5, 3), mark=None):
    """Lines over one axis. series: {label: (x values, y values)}; log: False, True for y, "both" for x too; mark:
    (x value, what happened there)."""
    figure, axis = new(size=size)
    for label, (xs, ys) in series.items():
        axis.plot(xs, ys, label=label, markersize=5, markevery=max(1, len(xs) // 8))
    axis.set(xlabel=x, ylabel=y, title=title, yscale="log" if log else "linear")
    if log:
        plain_numbers(axis.yaxis)
    if log == "both":
        axis.set_xscale("log")
        plain_numbers(axis.xaxis)
    if mark is not None:
        axis.axvline(mark[0], color="0.5", linestyle=":", linewidth=1)
        axis.annotate(mark[1], (mark[0], 1), xycoords=("data", "axes fraction"), xytext=(4, -10),
                      textcoords="offset points", fontsize=8)
    axis.legend(frameon=False)
    show(figure, caption)


def number(value):
    """Three significant digits of a float, 1,910 rather than 1.91e+03; anything else as it is."""
    if not isinstance(value, (float, np.floating)):
        return str(value)
    rounded = f"{value:.3g}"
    return f"{float(rounded):,.0f}" if "e+0" in rounded else rounded


def table(rows, columns, caption=None):
    """A table of text and numbers. rows: {label: values}; floats get three significant digits."""
    lines = ["| |" + "|".join(columns) + "|", "|---|" + "---:|" * len(columns)]
    lines += [f"|{label}|" + "|".join(map(number, values)) + "|" for label, values in rows.items()]
    display(Markdown("\n".join(lines) + (f"\n\n*{caption}*" if caption else "")))
