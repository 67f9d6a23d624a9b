"""The plots of chapter 07 alone: results on the content–style plane, and the colours of pictures."""

import numpy as np
from matplotlib.patches import Ellipse

from helpers import colours
from helpers.figures.base import COLOURS, OUTSIDE, new, plain_numbers, show


def undominated(costs):
    """Which results nobody beats: no other is as near in both distances and nearer in one. (n, 2) → n of True, False.
    """
    costs = np.asarray(costs)
    beaten = [(costs <= one).all(axis=1) & (costs < one).any(axis=1) for one in costs]
    return ~np.any(beaten, axis=1)


def plane(series, caption, title):
    """Results by their two distances, a line for each of series: {label: [(content, style), …]}, seven at most.

    Filled: undominated among all of them; hollow: some other result has both for less.
    """
    figure, axis = new(size=(7, 3.8))
    free = iter(undominated([point for points in series.values() for point in points]))
    for (label, points), colour, marker in zip(series.items(), COLOURS, "osv^D*P", strict=False):
        axis.plot(*np.transpose(points), color=colour, marker="", linestyle=":", linewidth=1)
        axis.plot([], color=colour, marker=marker, markersize=8, linestyle="", label=label)
        for point in points:
            axis.plot(*point, color=colour, marker=marker, markersize=8, linestyle="",
                      markerfacecolor=colour if next(free) else "white")
    axis.set(xlabel="distance to the photograph", ylabel="distance to the style, all five layers", title=title,
             xscale="log", ylim=(0, None))
    plain_numbers(axis.xaxis)
    axis.legend(**OUTSIDE)
    show(figure, caption)


def clouds(pictures, caption, width=2.3):
    """The colours of pictures without their brightness, I and Q of YIQ, each pixel a dot in its own colour.

    pictures: {title: (H, W, 3) in 0…1}. The black line is the ellipse of two standard deviations around the mean.
    """
    figure, axes = new(1, len(pictures), (width * len(pictures) + 0.3, 0.78 * width + 0.55), squeeze=False, sharex=True,
                       sharey=True)
    for axis, (title, picture) in zip(axes[0], pictures.items(), strict=True):
        pixels = np.random.default_rng(0).permutation(np.clip(picture, 0, 1).reshape(-1, 3))[:3000]
        points = colours.chroma(pixels)
        axis.scatter(*points.T, s=3, c=pixels, linewidths=0)
        spreads, directions = np.linalg.eigh(np.cov(points.T))
        axis.add_patch(Ellipse(points.mean(axis=0), *(4 * np.sqrt(spreads)), fill=False, linewidth=1.2,
                               angle=np.degrees(np.arctan2(directions[1, 0], directions[0, 0]))))
        axis.set(title=title, xlim=(-0.45, 0.45), ylim=(-0.35, 0.35), aspect="equal", xlabel="I: blue … orange",
                 facecolor="0.85")
    axes[0, 0].set_ylabel("Q: green … purple")
    show(figure, caption, quality=85)
