"""Where each style acts, and how large: masks, their guidance channels, the Gram matrix of a region. Chapter 07.

For `transfer`. Source: Gatys, Ecker, Bethge, Hertzmann, Shechtman 2017, "Controlling Perceptual Factors in Neural Style
Transfer".
"""

import numpy as np
import tensorflow as tf

from helpers import images, losses


def scaled(size, factor):
    """A style image's longer side in pixels, `factor` times `size`; None, as it is, for None without a factor."""
    if factor == 1:
        return size
    if size is None or not 0 < factor < np.inf:
        raise ValueError(f"style_scale is a factor above 0 on size or style_size, not {factor!r} on {size}.")
    return round(size * factor)


def channels(masks, count, shape, features, statistic=losses.gram_matrix):
    """The guidance channels T_r: [float32 (R, H_l, W_l) for each layer], or [] for None.

    masks: None, or one for each of the `count` styles: anything `load_image` reads, of any size; an array (H, W) in
    0…1 for one. What counts is its brightness, white = here. shape: (H, W) of the generated image. features: of one
    picture of this shape, [(1, H_l, W_l, N_l) for each layer]. Raises ValueError where they do not fit each other.
    """
    if masks is None:
        return []
    if len(masks) != count:
        raise ValueError(f"there are {len(masks)} masks for {count} style images: give one each.")
    if statistic is not losses.gram_matrix:
        raise ValueError("masks weigh Gram matrices: leave them out, or leave `statistic` as it is.")
    regions = [images.resize(images.load_image(mask), shape=shape).mean(axis=2) for mask in masks]
    for number, region in enumerate(regions, 1):
        if not region.any():
            raise ValueError(f"mask {number} is black everywhere: white is where its style is to act.")
    return [guidance(np.stack(regions), layer.shape[1:3]) for layer in features]


def guidance(masks, shape):
    """Masks as the guidance channels of one layer: shrunk to its positions, then T = mask / √Σ mask², so Σ T² = 1.

    masks: (R, H, W) ≥ 0; shape: (H_l, W_l). Returns (R, H_l, W_l). A position's value is the mean of what lies under
    it. A mask of ones becomes 1/√M everywhere, with M positions.
    """
    shrunk = tf.image.resize(tf.constant(masks)[..., None], shape, method="area")[..., 0]
    return shrunk / tf.sqrt(tf.reduce_sum(shrunk ** 2, (1, 2), keepdims=True))


def split(share, shapes):
    """A line across the image: the first style to its left, the second to its right → the guidance channels of both.

    share: of the width that lies left of the line, above 0 and below 1. shapes: (H_l, W_l) of each layer. Returns
    [float32 (2, H_l, W_l) for each layer], to be set as `guides`: what masks that end at the line would give.
    """
    guides = []
    for height, width in shapes:
        left = np.clip(share * width - np.arange(width), 0, 1).astype(np.float32)
        halves = np.repeat(np.stack([left, 1 - left])[:, None], height, axis=1)
        guides.append(guidance(halves, (height, width)))
    return guides


def guided_gram(features, guides):
    """The Gram matrix of each region: G_r = F_rᵀ F_r with F_r = T_r ∘ F.

    features: (1, H, W, N); guides: (R, H, W) with Σ T_r² = 1. Returns (R, N, N), each a mean over its own region: a
    mask of ones gives `gram_matrix`.
    """
    weighted = features * guides[..., None]
    flat = tf.reshape(weighted, (tf.shape(guides)[0], -1, features.shape[-1]))
    return tf.matmul(flat, flat, transpose_a=True)


def style_loss(features, targets, guides, shares):
    """One layer's relative style loss over regions: Σ λ_r ‖G_r − A_r‖² / ‖A_r‖².

    features: (1, H, W, N); targets: (R, N, N), one style for each region; guides: (R, H, W); shares: λ_r, (R,), adding
    up to 1. Returns a scalar: 0 = each region in its style, 1 = as far as a blank.
    """
    apart = tf.reduce_sum((guided_gram(features, guides) - targets) ** 2, (1, 2))
    return tf.reduce_sum(shares * apart / tf.reduce_sum(targets ** 2, (1, 2)))


def asked(style_targets, shares, guides):
    """What the step is given → (targets, regions), from the targets of each style, [[one a layer] for each style].

    Without masks the styles are mixed to one target a layer, Σ b A, and regions is empty. With masks each keeps its
    own, (R, N, N) a layer, and regions is (shares, a layer's guides, …).
    """
    layers = zip(*style_targets, strict=True)
    if guides:
        return [tf.concat(layer, 0) for layer in layers], (tf.constant(shares), *guides)
    return [sum(b * target for b, target in zip(shares, layer, strict=True)) for layer in layers], ()
