"""The checks of chapter 00."""

import numpy as np

from helpers.exercises.engine import expect, register


@register
def distance(answer):
    """Exercise 00.1: the sum of the squared differences of two arrays."""
    rng = np.random.default_rng(0)
    a, b, c, d = (rng.normal(size=shape) for shape in ((3, 4), (3, 4), (2, 5), (2, 5)))

    def right(a, b):
        return np.sum((a - b) ** 2)
    expect(answer, right, {
        "Positive and negative differences cancel when they are added up. Square each one first.":
            (lambda a, b: np.sum(a - b), lambda a, b: np.sum(b - a), lambda a, b: np.abs(np.sum(a - b)),
             lambda a, b: np.mean(a - b)),
        "You took absolute values, which is a distance too, but not this one: square instead.":
            (lambda a, b: np.sum(np.abs(a - b)), lambda a, b: np.mean(np.abs(a - b))),
        "That is the mean. Here it is the sum.":
            (lambda a, b: np.mean((a - b) ** 2), lambda a, b: np.sum((a - b) ** 2) / len(a)),
        "That is the variance: it takes the mean off the differences first.":
            (lambda a, b: np.var(a - b), lambda a, b: np.std(a - b)),
        "You squared after adding up. Square each difference, then add.":
            (lambda a, b: np.sum(a - b) ** 2, lambda a, b: np.sum(np.abs(a - b)) ** 2),
        "You took the square root at the end; this distance is the squared one.":
            (lambda a, b: np.sqrt(np.sum((a - b) ** 2)), lambda a, b: np.sqrt(np.mean((a - b) ** 2))),
        "Each difference is squared, but they are not added up yet.": lambda a, b: (a - b) ** 2,
        "Those are the differences alone: square them, then add them up.":
            (lambda a, b: a - b, lambda a, b: b - a, lambda a, b: np.abs(a - b)),
        "You added along one axis only. np.sum without an axis adds all numbers.":
            (lambda a, b: np.sum((a - b) ** 2, axis=0), lambda a, b: np.sum((a - b) ** 2, axis=1)),
        "Take the difference first, then square it: a² − b² is another thing than (a − b)².":
            (lambda a, b: np.sum(a ** 2 - b ** 2), lambda a, b: np.sum(a - b ** 2), lambda a, b: np.sum(a ** 2 - b),
             lambda a, b: a ** 2 - b ** 2, lambda a, b: np.linalg.norm(a) - np.linalg.norm(b),
             lambda a, b: abs(np.linalg.norm(a) - np.linalg.norm(b)), lambda a, b: np.abs(np.sum(a ** 2 - b ** 2))),
        "You add the two arrays; how far apart they are is their difference.":
            (lambda a, b: np.sum((a + b) ** 2), lambda a, b: np.sum(a ** 2 + b ** 2)),
        "That is their product. How far apart they are is their difference.":
            (lambda a, b: np.sum(a * b), lambda a, b: np.sum((a * b) ** 2)),
        "Times 2 is not squared: that is ** 2.": (lambda a, b: np.sum((a - b) * 2), lambda a, b: (a - b) * 2),
        "No half here: the sum as it is.": lambda a, b: np.sum((a - b) ** 2) / 2,
        "You divide by the size of one of the arrays. That makes it relative, which is for chapter 02.":
            (lambda a, b: np.sum((a - b) ** 2) / np.sum(b ** 2), lambda a, b: np.sum((a - b) ** 2) / np.sum(a ** 2)),
        "That is the largest difference alone; every one counts.":
            (lambda a, b: np.max((a - b) ** 2), lambda a, b: np.max(np.abs(a - b))),
        "@ is a matrix product. Square entry by entry: ** 2.":
            (lambda a, b: (a - b) @ (a - b), lambda a, b: np.dot(a - b, a - b), lambda a, b: (a - b).T @ (a - b),
             lambda a, b: np.sum((a - b).T @ (a - b)))},
        [(a, b), (c, d)])
    return "0 when equal, larger the more they differ. Chapter 02 asks what to feed it."


@register
def cross_fade(answer):
    """Exercise 00.2: (1 − share) · photo + share · painting."""
    rng = np.random.default_rng(1)

    def right(p, a, share):
        return (1 - share) * p + share * a
    expect(answer, right, {
        "The wrong way round: at share 0 only the photograph is there, at share 1 only the painting.":
            lambda p, a, share: share * p + (1 - share) * a,
        "The photograph stays as bright as it was while the painting is added: give it the share that is left.":
            (lambda p, a, share: p + share * a, lambda p, a, share: np.clip(p + share * a, 0, 1)),
        "The painting comes in whole: it has to be multiplied by its share, too.":
            (lambda p, a, share: (1 - share) * p + a, lambda p, a, share: np.clip((1 - share) * p + a, 0, 1)),
        "Your sum ignores the share: 0.3 and 0.8 should make two pictures.":
            (lambda p, a, share: (p + a) / 2, lambda p, a, share: p + a, lambda p, a, share: np.clip(p + a, 0, 1)),
        "Both get the same share: the photograph gets what the painting does not, 1 − share.":
            (lambda p, a, share: share * (p + a), lambda p, a, share: share * p + share * a,
             lambda p, a, share: (1 - share) * (p + a)),
        "That moves away from the painting: the difference is the painting minus the photograph.":
            lambda p, a, share: p + share * (p - a),
        "That is the painting's part alone; add what is left of the photograph.": lambda p, a, share: share * a,
        "That is the photograph's part alone; add the painting's.": lambda p, a, share: (1 - share) * p,
        "Add the two parts; you multiplied them.":
            (lambda p, a, share: (1 - share) * p * share * a, lambda p, a, share: p * a,
             lambda p, a, share: p ** (1 - share) * a ** share),
        "That is one of the two pictures; every pixel should be a mixture of both.":
            (lambda p, a, share: p, lambda p, a, share: a, lambda p, a, share: a if share > 0.5 else p,
             lambda p, a, share: p if share > 0.5 else a),
        "That takes one of the two for each number, the brighter or the darker one; mix them.":
            (lambda p, a, share: np.maximum(p, a), lambda p, a, share: np.minimum(p, a)),
        "That is the part that the painting changes; add it to the photograph.": lambda p, a, share: share * (a - p),
        "That puts the two side by side or one above the other: the shape stays that of one picture.":
            (lambda p, a, share: np.concatenate([p, a]), lambda p, a, share: np.concatenate([p, a], 1),
             lambda p, a, share: np.hstack([(1 - share) * p, share * a])),
        "share is a number from 0 to 1, not in percent.":
            (lambda p, a, share: (100 - share) * p + share * a,
             lambda p, a, share: ((100 - share) * p + share * a) / 100),
        "No squares here: the two parts are added as they are.":
            (lambda p, a, share: (1 - share) * p ** 2 + share * a ** 2,
             lambda p, a, share: (1 - share) ** 2 * p + share ** 2 * a)},
        [(*rng.uniform(size=(2, 4, 5, 3)), share) for share in (0.3, 0.8)])
    return "A cross-fade. Look at it beside the transfer: is it a painting of the palace?"
