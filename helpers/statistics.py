"""What else style could be: statistics of activations in the Gram matrix's place, and a measure that asks no network.

A statistic is a plain function from the activations of one layer, (B, H, W, N), to what is matched, of the same shape
for pictures of any size: `StyleTransfer(…, statistic=means)`. Chapter 08.
"""

import numpy as np
import tensorflow as tf
from scipy.ndimage import gaussian_filter

LEVELS = 64              # parts into which a sorted row of values is divided


# --- in the Gram matrix's place

def means(features):
    """The mean of each map, (B, N): what is matched where the Gram matrix's kernel (xᵀy)² is replaced by xᵀy."""
    return tf.reduce_mean(features, axis=(1, 2))


def means_and_spreads(features):
    """Mean and standard deviation of each map, (B, 2, N): AdaIN's two numbers. Huang, Belongie 2017; Li et al. 2017."""
    mean, variance = tf.nn.moments(features, axes=(1, 2))
    # A map that is silent everywhere has no slope at a root of 0.
    return tf.stack([mean, tf.sqrt(variance + 1e-6)], axis=1)


def histograms(features):
    """The values of each map in ascending order, averaged in LEVELS equal parts, (B, N, LEVELS).

    Its squared distance is the squared Wasserstein distance of the maps' histograms. After Risser et al. 2017.
    """
    shape = tf.shape(features)
    rows = tf.transpose(tf.reshape(features, (shape[0], -1, features.shape[-1])), (0, 2, 1))
    return tf.sort(rows, axis=-1) @ _parts(shape[1] * shape[2])


def sliced(features, seed=0):
    """Histograms along N random directions of the maps' space, (B, N, LEVELS): the sliced Wasserstein distance.

    It sees how maps go together, as the Gram matrix does, and the whole distribution, as histograms do. The directions
    are the same wherever `seed` is. Source: Heitz et al. 2021, with parts in place of pictures of one size.
    """
    maps = features.shape[-1]
    directions = np.random.default_rng(seed).normal(size=(maps, maps)).astype(np.float32)
    return histograms(features @ (directions / np.linalg.norm(directions, axis=0)))


def _parts(positions):
    """(M, LEVELS): averages a sorted row of M values in LEVELS equal parts, whatever M is."""
    positions = tf.cast(positions, tf.float32)
    start = tf.range(positions)[:, None] / positions
    first = np.arange(LEVELS, dtype=np.float32)[None] / LEVELS
    overlap = tf.minimum(start + 1 / positions, first + 1 / LEVELS) - tf.maximum(start, first)
    return LEVELS * tf.maximum(overlap, 0)


# --- nearest neighbours: no statistic, but a target for every position

def itself(features):
    """The activations as they are: everything is matched, and where it is too. For `repaint`."""
    return features


def repaint(transfer, image):
    """Set the targets of a StyleTransfer with `statistic=itself`: at each position the style's feature that is most
    like the image's own, by cosine, each picture's mean feature taken off first.

    image: (H, W, 3). After NNST (Kolkin et al. 2022), without its several scales and its layers in one column.
    """
    features, style = (transfer.engine.network(tf.constant(x[None])) for x in (image, transfer.styles[0]))
    transfer.style_targets = [[nearest(features[name], style[name]) for name in transfer.style_layers]]


def nearest(features, style):
    """(1, H, W, N) and (1, h, w, N) → (1, H, W, N): every feature replaced by the most similar one of `style`."""
    maps = features.shape[-1]
    flat, pool = tf.reshape(features, (-1, maps)), tf.reshape(style, (-1, maps))
    ours, theirs = (tf.math.l2_normalize(x - tf.reduce_mean(x, axis=0), axis=1) for x in (flat, pool))
    # In portions: all pairs at once are the square of the positions.
    chosen = [tf.argmax(tf.matmul(ours[i:i + 2048], theirs, transpose_b=True), axis=1)
              for i in range(0, len(ours), 2048)]
    return tf.reshape(tf.gather(pool, tf.concat(chosen, axis=0)), features.shape)


# --- numbers

def mmd2(x, y, kernel):
    """Maximum mean discrepancy, squared, of two samples: mean k(x, x′) + mean k(y, y′) − 2 mean k(x, y).

    x, y: (M, N) and (M′, N), a row for each position. kernel: (M, N), (M′, N) → (M, M′). Gretton et al. 2012.
    """
    return np.mean(kernel(x, x)) + np.mean(kernel(y, y)) - 2 * np.mean(kernel(x, y))


def patch_distance(image, target, size=7, seed=0):
    """How far the small patches of one picture are from those of another, by their pixels alone.

    image, target: (H, W, 3), 0…1. Each size × size patch of the target is a point; along random directions, as long
    as the target's own points spread there, the sorted values of both pictures are subtracted (sliced Wasserstein),
    squared, and divided by the sum of both variances; averaged over three scales. 0 = the same patches wherever they
    are, 1 = as far as a plain area. No network is asked, so that it takes no network's side. After Rabin et al. 2012.
    """
    distances = []
    for shrink in (1, 2, 4):
        ours, theirs = (_patches(x, shrink, size) for x in (image, target))
        spreads, axes = np.linalg.eigh(np.cov(theirs, rowvar=False))
        # Fine detail is weak in a picture: without this, only large areas would count.
        directions = axes / np.sqrt(spreads + 1e-4 * spreads[-1]) @ np.random.default_rng(seed).normal(
            size=(len(spreads), 128))
        ours, theirs = (np.quantile(x @ directions, (np.arange(LEVELS) + 0.5) / LEVELS, axis=0)
                        for x in (ours, theirs))
        distances.append(np.mean(np.mean((ours - theirs) ** 2, axis=0) / (ours.var(axis=0) + theirs.var(axis=0))))
    return float(np.mean(distances))


def _patches(image, shrink, size):
    """All patches of a picture made smaller, a row each."""
    height, width = (side // shrink * shrink for side in image.shape[:2])
    small = image[:height, :width].reshape(height // shrink, shrink, width // shrink, shrink, 3).mean(axis=(1, 3))
    return np.lib.stride_tricks.sliding_window_view(small, (size, size), axis=(0, 1)).reshape(-1, 3 * size * size)


def coherence(image):
    """How much neighbouring slopes of brightness agree in direction: 0 = not at all, 1 = lines everywhere.

    image: (H, W, 3), 0…1. The two eigenvalues of the structure tensor, averaged over some two pixels around each
    place: their difference by their sum. About 0.2 for noise. After Bigün, Granlund 1987.
    """
    grey = image.mean(axis=2)
    down, across = (gaussian_filter(grey, 0.7, order=order) for order in ((1, 0), (0, 1)))
    yy, xx, xy = (gaussian_filter(product, 2) for product in (down * down, across * across, down * across))
    return float(np.sum(np.sqrt((xx - yy) ** 2 + 4 * xy ** 2)) / np.sum(xx + yy))
