"""The checks of chapter 02, continued: the update step, and a picture that pixels and the network judge differently."""

from functools import cache

import numpy as np

from helpers.exercises.engine import NotQuite, expect, family, must_be_a_function, register, value

NEAR, FAR = 0.02, 0.4       # relative distances: at most in pixels, at least in block4_conv2


@register
def update(answer):
    """Exercise 02.3: picture − size · gradient / its root mean square, kept in 0…1."""
    rng = np.random.default_rng(11)
    lengths = {"rms": lambda g: np.sqrt(np.mean(g ** 2)), "none": lambda g: 1, "norm": np.linalg.norm,
               "square": lambda g: np.mean(g ** 2), "abs": lambda g: np.mean(np.abs(g)), "std": np.std,
               "max": lambda g: np.abs(g).max(), "each": lambda g: np.abs(g), "sum": lambda g: np.abs(g).sum()}
    bounds = {"both": lambda x: np.clip(x, 0, 1), "none": lambda x: x, "signed": lambda x: np.clip(x, -1, 1),
              "below": lambda x: np.maximum(x, 0), "above": lambda x: np.minimum(x, 1)}

    def build(picture, gradient, size, sign=-1, length="rms", step="size", bound="both"):
        with np.errstate(all="ignore"):
            move = sign * gradient / lengths[length](gradient)
        return bounds[bound](picture + {"size": size, "one": 1, "root": np.sqrt(size)}[step] * move)

    def clipped_gradient(picture, gradient, size):
        return picture - size * np.clip(gradient / np.sqrt(np.mean(gradient ** 2)), 0, 1)
    expect(answer, build, {
        **family(
            build,
            sign={-1: "", 1: "Yours goes up: the gradient points to where the distance grows, so subtract."},
            length={"rms": "", "none": "The gradient comes in as it is, however large or small: divide it by its root "
                                       "mean square first.",
                    "norm": "You divided by the norm, the root of the sum of squares; take the root of their mean.",
                    "square": "You divided by the mean square: take its root.",
                    "abs": "You divided by the mean of the absolute values; take the root mean square.",
                    "std": "np.std takes the mean off first; take the root of the mean square as it is.",
                    "max": "You divided by the largest value; take the root mean square.",
                    "each": "You divided each number by itself, so that all pixels move alike: one number for all.",
                    "sum": "You divided by the sum of the absolute values; take the root mean square."},
            step={"size": "", "one": "`size` is missing: it says how far the pixels move.",
                  "root": "`size` is no square: take it as it is."},
            bound={"both": "", "none": "Keep the picture between 0 and 1: np.clip.",
                   "signed": "A picture lies between 0 and 1, not between −1 and 1.",
                   "below": "Above 1 there is no colour: clip at both ends, 0 and 1.",
                   "above": "Below 0 there is no colour: clip at both ends, 0 and 1."}),
        "Clip the new picture, not the gradient: half of all pixels have to go up.":
            (clipped_gradient, lambda p, g, s: p - s * np.clip(g, 0, 1), lambda p, g, s: p - np.clip(s * g, 0, 1)),
        "That is the step alone; subtract it from the picture.":
            (lambda p, g, s: s * g / np.sqrt(np.mean(g ** 2)), lambda p, g, s: -s * g / np.sqrt(np.mean(g ** 2)),
             lambda p, g, s: np.clip(s * g / np.sqrt(np.mean(g ** 2)), 0, 1), lambda p, g, s: s * g),
        "Only the signs are left of your gradient: where the distance falls faster, the pixel should move farther.":
            (lambda p, g, s: np.clip(p - s * np.sign(g), 0, 1), lambda p, g, s: p - s * np.sign(g)),
        "Divide by the gradient's root mean square, not by the picture's.":
            (lambda p, g, s: np.clip(p - s * g / np.sqrt(np.mean(p ** 2)), 0, 1),),
        "Multiply by `size`, do not divide by it.":
            (lambda p, g, s: np.clip(p - g / np.sqrt(np.mean(g ** 2)) / s, 0, 1),),
        "That is the picture, unmoved.": lambda p, g, s: p},
        [(rng.uniform(size=shape), scale * (rng.normal(size=shape) + 0.4), size)
         for shape, scale, size in (((4, 5, 3), 0.01, 0.2), ((3, 6, 3), 3.0, 0.05))])
    return "Sixty such steps rebuild a picture. What chapter 05's ways down do better is to choose size and direction."


@register
def hated(answer):
    """Exercise 02.7: a picture → another one, at most 0.02 away in pixels and at least 0.4 away in block4_conv2."""
    must_be_a_function(answer)
    for photo, activations in _photographs():
        _near_and_far(value(answer(photo.copy())), photo, activations)
    return "For pixels a small change, for block4_conv2 nearly another picture: what it fires on are patterns."


@cache
def _network():
    """block4_conv2 of (1, H, W, 3) → (rows, columns, maps)."""
    from helpers import vgg  # here: the checks themselves shall load without TensorFlow
    model = vgg.load_vgg19(["block4_conv2"], pooling="avg")
    return lambda picture: model(picture[None].astype(np.float32))["block4_conv2"][0].numpy()


@cache
def _photographs():
    from helpers import images
    photos = [images.load_image(f"{name}.jpg", 128) for name in ("coffee", "cat")]
    return [(photo, _network()(photo)) for photo in photos]


def _distance(one, other):
    return float(np.sum((one - other) ** 2) / np.sum(other ** 2))


def _near_and_far(made, photo, activations):
    """Raise NotQuite unless `made` is near to the photograph in pixels and far from it in block4_conv2."""
    if made.shape != photo.shape:
        raise NotQuite(f"The picture keeps its shape, here {photo.shape}; yours has {made.shape}.")
    if not np.isfinite(made).all():
        raise NotQuite("Your picture has pixels that are no finite numbers.")
    if made.min() < -1e-6 or made.max() > 1 + 1e-6:
        raise NotQuite("A picture has values from 0 to 1; yours leaves them: np.clip(…, 0, 1).")
    if np.abs(made - photo).max() < 1e-6:
        raise NotQuite("That is the photograph itself: 0 away for both.")
    pixels, deep = _distance(made, photo), _distance(_network()(made), activations)
    told = f"In pixels {pixels:.3f}, in block4_conv2 {deep:.2f}."
    if pixels <= NEAR and deep >= FAR:
        return
    if pixels > NEAR and deep >= FAR:
        raise NotQuite(f"The layer minds it, but so do pixels: make the change weaker, or another one. {told}")
    if pixels > NEAR:
        raise NotQuite("The other way round: this is far in pixels and near for the layer, as light, place and colour "
                       f"are in section 2. {told}")
    change = made - photo
    if np.corrcoef(made.ravel(), photo.ravel())[0, 1] > 0.999:
        raise NotQuite(f"The layer forgives the light: lighter or darker is the same cup. {told}")
    if np.abs(np.diff(made, axis=1)).mean() < 0.98 * np.abs(np.diff(photo, axis=1)).mean():
        raise NotQuite("Taking edges away costs pixels too much before the layer minds. Add something instead: on what "
                       f"do its maps fire? {told}")
    middle = change.mean(axis=2) - change.mean()
    if np.sum(middle[:, 1:] * middle[:, :-1]) < 0.2 * np.sum(middle ** 2):
        raise NotQuite("A change from pixel to pixel is nearly averaged out on the way to the layer. Try a pattern "
                       f"that is some pixels wide. {told}")
    raise NotQuite(f"Near for both: the layer hardly minds this change. Which patterns do its maps fire on? {told}")
