"""The plots of chapter 08 alone."""

import numpy as np

from helpers.figures.base import COLOURS, MAP, new, show


def histogram_pair(first, second, caption):
    """Two maps, (1, H, W, 1) in 0…1, A and B, each beside its histogram; a dashed line at the mean."""
    figure, axes = new(2, 2, (6.4, 4.2), width_ratios=(1, 2))
    for row, name, values in zip(axes, "AB", (first, second), strict=True):
        row[0].imshow(values[0, ..., 0], cmap=MAP, vmin=0, vmax=1)
        row[0].set(title=f"map {name}", xticks=[], yticks=[])
        row[1].hist(values.ravel(), bins=np.linspace(-0.05, 1.05, 23), color=COLOURS[0],
                    weights=np.full(values.size, 1 / values.size))
        row[1].axvline(values.mean(), color=COLOURS[1], linestyle="--", label=f"mean {values.mean():.2f}")
        row[1].set(xlabel="value", ylabel="share of the positions", ylim=(0, 1.05),
                   title=f"{name}: mean square {np.mean(values ** 2):.2f}")
        row[1].legend(frameon=False)
    show(figure, caption)
