"""The checks of chapter 03, continued: another cloud with the same Gram matrix, and a style of one's own."""

import numpy as np

from helpers.exercises.engine import NotQuite, expect, must_be_a_function, near, register, value


def gram(points):
    """(positions, maps) → (maps, maps), averaged over positions."""
    return points.T @ points / len(points)


@register
def twin(answer):
    """Exercise 03.4: points (positions, maps) → others with the same Gram matrix, whose mean has another length."""
    must_be_a_function(answer)
    rng = np.random.default_rng(9)
    for points in (rng.uniform(size=(7, 3)) + [0, 0.5, 1], rng.uniform(size=(4, 2)) * [1, 3]):
        made = value(answer(points.copy()))
        _other_points(made, points)
    return "Other points, one Gram matrix: no style loss can tell the two apart."


def _other_points(made, points):
    """Raise NotQuite unless `made` has the Gram matrix of `points` and a mean of another length."""
    maps, length = points.shape[1], np.linalg.norm
    if made.ndim != 2 or made.shape[1] != maps or not len(made):
        if made.shape == (maps, len(points)) and near(gram(made.T), gram(points)):
            raise NotQuite("Transpose: one row for each position, one column for each map.")
        raise NotQuite(f"The shape should be (positions, {maps}), one column for each map; yours is {made.shape}.")
    if not np.isfinite(made).all():
        raise NotQuite("Your points are not finite: somewhere a number is divided by 0, or the root of something "
                       "negative is taken.")
    if not near(gram(made), gram(points)):
        raise NotQuite(_another_matrix(made, points))
    if near(sorted(made.tolist()), sorted(points.tolist())):
        raise NotQuite("Those are the same points, at most in another order: the cloud has not changed.")
    if near(made.mean(0), points.mean(0)):
        raise NotQuite("The Gram matrix has stayed, and so has the mean. Mix the positions so that the mean moves.")
    if near(length(made.mean(0)), length(points.mean(0))):
        raise NotQuite("The Gram matrix has stayed, but the mean has only turned round: its length is the same.")


def _another_matrix(made, points):
    """Why the Gram matrices differ, in one sentence."""
    mine, wanted = gram(made), gram(points)
    each_alone = np.sort(made, axis=0), np.sort(points, axis=0)
    if near(mine, wanted * len(points) / len(made)) or near(mine, wanted / len(made)):
        return ("G is a mean over positions. Yours fits as a sum: multiply by the root of the number of positions "
                "that you return.")
    if near(*each_alone):
        return "Each map kept its own numbers, but what stood at one place has come apart: move all maps alike."
    if near(made, points - points.mean(0)):
        return "You took the means off: what stays is the covariance, and not the Gram matrix."
    if near(np.sort(np.diag(mine)), np.sort(np.diag(wanted))) and near(np.sort(made, axis=1), np.sort(points, axis=1)):
        return "You exchanged maps; the matrix has exchanged its rows and columns with them. Mix positions instead."
    if near(np.diag(mine), np.diag(wanted)):
        return "The diagonal has stayed, but not the pairs: keep what occurs together."
    if near(np.linalg.eigvalsh(mine), np.linalg.eigvalsh(wanted)):
        return "You mixed the maps: Q has to stand on the left, Q @ points, where it mixes positions."
    factor = np.sum(mine * wanted) / np.sum(wanted ** 2)
    if near(mine, factor * wanted):
        return f"Your Gram matrix is {factor:.4g} times the one wanted: points times s give G times s²."
    return "The Gram matrix has changed. Which matrices Q leave (Q F)ᵀ (Q F) = Fᵀ QᵀQ F as it is?"


@register
def own_style(answer):
    """Exercise 03.7: two lists of Gram matrices and a share → (1 − share) · A + share · B, layer by layer."""
    must_be_a_function(answer)
    rng = np.random.default_rng(10)
    styles = [[gram(rng.uniform(size=(20, maps))) for maps in (3, 5, 2)] for _ in range(2)]
    shapes = [matrix.shape for matrix in styles[0]]

    def in_one_row(function):
        def row(*case):
            made = function(*case)
            if not isinstance(made, (list, tuple)):
                return value(made)
            if len(made) != 3:
                raise NotQuite(f"One Gram matrix a layer: with 3 layers a list of 3 is wanted, yours has {len(made)}. "
                               "(The sign + puts two lists one behind the other.)")
            made = [value(matrix) for matrix in made]
            if [matrix.shape for matrix in made] != shapes:
                raise NotQuite(f"Each matrix keeps its shape, here {shapes}; yours have "
                               f"{[matrix.shape for matrix in made]}.")
            return np.concatenate([matrix.ravel() for matrix in made])
        return row

    def each(formula):
        return in_one_row(lambda first, second, share: [formula(a, b, share)
                                                        for a, b in zip(first, second, strict=True)])
    expect(in_one_row(answer), each(lambda a, b, t: (1 - t) * a + t * b), {
        "The wrong way round: at share 0 it is the first style, at share 1 the second.":
            each(lambda a, b, t: t * a + (1 - t) * b),
        "The share is ignored: a quarter and a half should give two styles.":
            (each(lambda a, b, t: (a + b) / 2), each(lambda a, b, t: a + b)),
        "The first style stays whole while the second is added: give it the share that is left, 1 − share.":
            each(lambda a, b, t: a + t * b),
        "The second style comes in whole: multiply it by its share, too.": each(lambda a, b, t: (1 - t) * a + b),
        "Both get the same share: the first gets what the second does not, 1 − share.":
            (each(lambda a, b, t: t * (a + b)), each(lambda a, b, t: (1 - t) * (a + b))),
        "That moves away from the second style: the difference is B − A.": each(lambda a, b, t: a + t * (a - b)),
        "A mixture is a sum of two parts; you multiplied.":
            (each(lambda a, b, t: a * b), each(lambda a, b, t: a ** (1 - t) * b ** t), each(lambda a, b, t: a @ b),
             each(lambda a, b, t: np.sqrt(a * b)), each(lambda a, b, t: (1 - t) * a * t * b)),
        "That is one of the two styles, unchanged; every matrix should be a mixture of both.":
            (each(lambda a, b, t: a), each(lambda a, b, t: b), each(lambda a, b, t: b if t >= 0.5 else a),
             each(lambda a, b, t: b if t > 0.5 else a)),
        "That is one style's part alone; add the other's.":
            (each(lambda a, b, t: (1 - t) * a), each(lambda a, b, t: t * b), each(lambda a, b, t: t * (b - a))),
        "Some layers are from one style and some from the other; mix each layer.":
            (in_one_row(lambda f, s, t: [f[0], *s[1:]]), in_one_row(lambda f, s, t: [*f[:2], s[2]])),
        "A list times a number makes no sense to Python: go through the layers, and multiply each matrix.":
            (in_one_row(lambda f, s, t: (1 - t) * f + t * s), in_one_row(lambda f, s, t: t * s + (1 - t) * f),
             in_one_row(lambda f, s, t: f * (1 - t) + s * t), in_one_row(lambda f, s, t: f + t * (s - f))),
        "The layers have matrices of different sizes, which is no one array: keep a list, layer by layer.":
            (in_one_row(lambda f, s, t: (1 - t) * np.array(f) + t * np.array(s)),
             in_one_row(lambda f, s, t: (1 - t) * np.asarray(f)), in_one_row(lambda f, s, t: np.mean(f)),
             in_one_row(lambda f, s, t: np.average([f, s], axis=0))),
        "The squares of the shares do not add up to 1: take the shares as they are.":
            (each(lambda a, b, t: (1 - t) ** 2 * a + t ** 2 * b),
             each(lambda a, b, t: np.sqrt(1 - t) * a + np.sqrt(t) * b))},
        [(*styles, share) for share in (0.25, 0.5)])
    return "A style that nobody has painted. It is the Gram matrix of both clouds put together, in these shares."
