"""What the picture should come near to: content, style, smoothness. Chapters 02, 03 and 04.

The relative losses are the ones optimised: 0 = reached, 1 = as far as a blank, whatever the picture's size, the
layer's width or the weight file. The paper's own sums stand beside them.
"""

import tensorflow as tf

EPSILON = 1 / 255      # total variation rounds its corner at a step too small to see


def content_loss(features, target):
    """Relative squared distance of activations: ‖F − P‖² / ‖P‖².

    features, target: (…, H, W, N), of one layer. Returns a scalar: 0 = the same content, 1 = as far as a blank.
    Chapter 02.
    """
    return tf.reduce_sum(tf.square(features - target)) / tf.reduce_sum(tf.square(target))


def gram_matrix(features):
    """Inner products of the feature maps of one layer, averaged over positions.

    features: (B, H, W, N) activations. Returns (B, N, N): entry [b, i, j] is the mean over the H·W
    positions of map i times map j. Symmetric, positive semi-definite, of rank at most min(N, H·W),
    and blind to where in the picture anything is. Source: Gatys et al. 2015, eq. 3, divided by M_l. Chapter 03.
    """
    shape = tf.shape(features)
    positions = shape[1] * shape[2]
    flat = tf.reshape(features, (shape[0], positions, features.shape[-1]))
    return tf.matmul(flat, flat, transpose_a=True) / tf.cast(positions, features.dtype)


def style_loss(grams, targets, weights=None):
    """Relative squared distances of Gram matrices, added over the layers: Σ w_l ‖G − A‖² / ‖A‖².

    grams, targets: lists of (…, N_l, N_l), one a layer. weights: one a layer, 1 / number of layers unless given.
    Returns a scalar: 0 = the same style, 1 = as far as a blank. Chapter 03.
    """
    if weights is None:
        weights = [1 / len(grams)] * len(grams)
    return sum(w * tf.reduce_sum(tf.square(g - a)) / tf.reduce_sum(tf.square(a))
               for g, a, w in zip(grams, targets, weights, strict=True))


def total_variation(image):
    """The mean length of the picture's gradient: how much neighbouring pixels differ.

    image: (…, H, W, C), 0…1. Returns a scalar: 0 for a plain area, about 0.03 for a photograph of 256 px, 0.4 for
    noise. Each difference is √(dx² + dy² + ε²) − ε, so that the slope exists at 0 too. Source: Rudin, Osher,
    Fatemi 1992; a mean instead of a sum, hence free of the picture's size. Chapter 04.
    """
    dx = image[..., :-1, 1:, :] - image[..., :-1, :-1, :]
    dy = image[..., 1:, :-1, :] - image[..., :-1, :-1, :]
    return tf.reduce_mean(tf.sqrt(dx * dx + dy * dy + EPSILON ** 2)) - EPSILON


def paper_content_loss(features, target):
    """½ Σ (F − P)². Gatys et al. 2015, eq. 1. Chapter 02."""
    return 0.5 * tf.reduce_sum(tf.square(features - target))


def paper_style_loss(grams, targets, weights=None):
    """Σ w_l E_l with E_l = Σ (G − A)² / (4 N_l² M_l²). Gatys et al. 2015, eq. 4 and 5. Chapter 03.

    grams, targets: lists of (…, N_l, N_l) from `gram_matrix`. They are means over positions, the paper's are sums:
    its M_l² has cancelled here, and the two pictures may differ in size. weights: 1 / number of layers unless given.
    """
    if weights is None:
        weights = [1 / len(grams)] * len(grams)
    return sum(w * tf.reduce_sum(tf.square(g - a)) / (4.0 * g.shape[-1] ** 2)
               for g, a, w in zip(grams, targets, weights, strict=True))


def paper_ratio(content_target, style_targets, content_weight=1.0, style_weight=10.0, layer_weights=None):
    """The paper's α/β and w_l that optimise the same thing as a setting of relative weights. Chapter 04.

    content_target: P, the content picture's (…, H, W, N). style_targets: list of A, (…, N_l, N_l), from
    `gram_matrix`. Returns (α/β, [w_l]) with Σ w_l = 1, since
    content_weight · ‖F−P‖²/‖P‖² = α · ½ Σ(F−P)² gives α = 2 · content_weight / ‖P‖², and
    style_weight · w · ‖G−A‖²/‖A‖² = β w_l · Σ(G−A)²/(4N²) gives β w_l = 4 N² · style_weight · w / ‖A‖².
    """
    if layer_weights is None:
        layer_weights = [1 / len(style_targets)] * len(style_targets)
    alpha = 2 * content_weight / float(tf.reduce_sum(tf.square(content_target)))
    betas = [4 * a.shape[-1] ** 2 * style_weight * w / float(tf.reduce_sum(tf.square(a)))
             for a, w in zip(style_targets, layer_weights, strict=True)]
    return alpha / sum(betas), [b / sum(betas) for b in betas]
