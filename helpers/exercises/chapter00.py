"""The check of chapter 00."""

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
