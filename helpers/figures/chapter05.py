"""The plots of chapter 05 alone: over a bowl of two pixels, what a descent does and what L-BFGS believes."""

import numpy as np
from matplotlib.patches import Rectangle

from helpers.figures.base import COLOURS, MAP, OUTSIDE, new, plain_numbers, show

START, BOTTOM = ({"marker": "s", "markersize": 7, "color": COLOURS[6], "linestyle": ""},
                 {"marker": "*", "markersize": 12, "color": COLOURS[2], "linestyle": "", "zorder": 1})


def along_axes(loss, path, factors, caption, title=""):
    """A way down over a loss of two pixels, and beside it how far each pixel still has to go, by step.

    loss: function of (…, 2); path: (n, 2). factors: for each pixel what one step multiplies its distance by; that is
    drawn as a line under the points.
    """
    figure, (above, errors) = new(1, 2, (8.6, 3.2))
    lowest = _contours(above, loss, (-0.1, 1.1))
    above.plot(*path.T, marker="o", markersize=3, linewidth=1, color=COLOURS[1])
    above.plot(*path[0], **START)
    above.plot(*lowest, **BOTTOM)
    above.set(title=title, ylabel="pixel 2")
    steps = np.arange(len(path))
    for pixel, (factor, marker) in enumerate(zip(factors, "os", strict=True)):
        distance = np.abs(path[:, pixel] - lowest[pixel])
        errors.plot(steps, np.maximum(distance, 1e-6), marker=marker, linestyle="", color=COLOURS[pixel],
                    label=f"pixel {pixel + 1}, as walked")
        errors.plot(steps, np.maximum(distance[0] * abs(factor) ** steps, 1e-6), marker="", color=COLOURS[pixel],
                    linestyle=["-", "--"][pixel], label=f"first distance · {abs(factor):.3g} to the power k")
    errors.set(yscale="log", ylim=(1e-4, 10), xlabel="step k", ylabel="distance from the bottom")
    plain_numbers(errors.yaxis)
    errors.legend(**OUTSIDE)
    show(figure, caption)


def beliefs(loss, panels, caption):
    """What a method believes of a loss of two pixels. panels: {title: (place, bottom, curvature)}, at most four.

    place: where it stands; bottom: where it believes the lowest place to be; curvature: (2, 2), the bend that it
    believes in. Drawn are the line of equal loss through the place as it is, and the ellipse that is believed.
    """
    figure, axes = new(1, len(panels), (2.5 * len(panels) + 1.6, 3.1), squeeze=False, sharey=True)
    turn = np.linspace(0, 2 * np.pi, 200)
    for axis, (title, (place, bottom, curvature)) in zip(axes[0], panels.items(), strict=True):
        lowest = _contours(axis, loss, (-0.1, 1.1), faint=True)
        axis.contour(*_plane(loss, (-0.6, 1.8)), levels=[max(float(loss(place)), 1e-9)], colors="0.35", linewidths=2)
        # All d with dᵀ C d as large as at the place: a circle, bent by the inverse root of C.
        values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
        gap = place - bottom
        radii = np.sqrt(max(gap @ curvature @ gap, 0) / np.maximum(values, 1e-9))
        axis.plot(*(bottom[:, None] + vectors @ (radii[:, None] * [np.cos(turn), np.sin(turn)])), marker="",
                  linestyle="--", color=COLOURS[1], label="believed line of equal loss")
        axis.plot(*np.array([place, bottom]).T, marker="", linestyle=":", color=COLOURS[1])
        axis.plot(*place, marker="o", markersize=6, color=COLOURS[6], linestyle="", label="where it stands")
        axis.plot(*bottom, marker="X", markersize=8, color=COLOURS[1], linestyle="", label="believed bottom")
        axis.plot(*lowest, **BOTTOM, label="the bottom")
        axis.plot([], marker="", color="0.35", linewidth=2, label="line of equal loss")
        axis.set(title=title, xlim=(-0.1, 1.1), ylim=(-0.1, 1.1))
    axes[0, 0].set_ylabel("pixel 2")
    axes[0, -1].legend(**OUTSIDE)
    show(figure, caption)


def boxed(loss, walks, caption):
    """Descents over a loss whose bottom lies outside of 0…1. walks: {title: (n, 2)}, the places a method believes in.

    Dotted lines lead from each place outside the box to the clipped one, which alone the network sees.
    """
    figure, axes = new(1, len(walks), (3.6 * len(walks) + 1.6, 3.4), squeeze=False, sharey=True)
    for axis, (title, places) in zip(axes[0], walks.items(), strict=True):
        lowest = _contours(axis, loss, (-0.1, 1.9))
        axis.add_patch(Rectangle((0, 0), 1, 1, fill=False, linewidth=2, edgecolor=COLOURS[0], label="0…1: pixels"))
        for place in places:
            axis.plot(*np.array([place, np.clip(place, 0, 1)]).T, marker="", linestyle=":", color="0.3", linewidth=1)
        axis.plot(*np.asarray(places).T, marker="o", markersize=4, linewidth=1, color=COLOURS[1],
                  label="where the method believes it stands")
        axis.plot(*places[0], **START, label="start")
        axis.plot(*np.clip(places[-1], 0, 1), marker="P", markersize=9, color=COLOURS[3], linestyle="",
                  label="the picture at the end")
        axis.plot(*lowest, **BOTTOM, label="lowest loss, out of reach")
        axis.set(title=title, xlim=(-0.1, 1.9), ylim=(-0.1, 1.9))
    axes[0, 0].set_ylabel("pixel 2")
    axes[0, -1].legend(**OUTSIDE)
    show(figure, caption)


def _plane(loss, limits, count=161):
    """→ the coordinates of a square plane, and the loss there: three of (count, count)."""
    first, second = np.meshgrid(*[np.linspace(*limits, count)] * 2)
    return first, second, loss(np.stack([first, second], axis=-1))


def _contours(axis, loss, limits, faint=False):
    """Draw a loss's contours; → its lowest place on the plane, (2,)."""
    first, second, heights = _plane(loss, limits)
    axis.contour(first, second, heights, levels=heights.max() * np.geomspace(1e-3, 1, 10), cmap=MAP, linewidths=0.7,
                 alpha=0.4 if faint else 1)
    axis.set(aspect="equal", xlabel="pixel 1", xlim=limits, ylim=limits)
    return np.array([first.flat[heights.argmin()], second.flat[heights.argmin()]])
