"""The plots of chapter 07 alone: results on the content–style plane, and the colours of pictures."""

import numpy as np
from matplotlib.patches import Ellipse

from helpers import colours
from helpers.figures.base import COLOURS, new, show


def undominated(costs):
    """Which results nobody beats: no other is as near in both distances and nearer in one. (n, 2) → n of True, False.
    """
    costs = np.asarray(costs)
    beaten = [(costs <= one).all(axis=1) & (costs < one).any(axis=1) for one in costs]
    return ~np.any(beaten, axis=1)


def plane(series, caption, title):
    """Results by their two distances. series: {label: {mark: (content, style)}}, a line for each label.

    Filled: undominated among all of them; hollow: some other result has both for less. The marks stand at the first
    and at the last point of each line.
    """
    figure, axis = new(size=(7.5, 4.2))
    free = iter(undominated([point for points in series.values() for point in points.values()]))
    for number, (label, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        axis.plot(*np.transpose(list(points.values())), color=colour, marker="", linestyle=":", linewidth=1)
        for place, (mark, point) in enumerate(points.items()):
            axis.plot(*point, color=colour, marker="osv^D*P"[number], markersize=8, linestyle="",
                      markerfacecolor=colour if next(free) else "white", label=label if place == 0 else None)
            if place in (0, len(points) - 1):
                axis.annotate(mark, point, xytext=(7, 4), textcoords="offset points", fontsize=8)
    axis.set(xlabel="distance to the photograph", ylabel="distance to the style, all five layers", title=title,
             ylim=(0, None))
    axis.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    show(figure, caption)


def clouds(pictures, caption, width=2.3):
    """The colours of pictures without their brightness, I and Q of YIQ, each pixel a dot in its own colour.

    pictures: {title: (H, W, 3) in 0…1}. The black line is the ellipse of two standard deviations around the mean.
    """
    figure, axes = new(1, len(pictures), (width * len(pictures) + 0.3, width + 0.5), squeeze=False, sharex=True,
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
