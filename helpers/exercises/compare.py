"""Whether two results are the same, and what can be said of a mistake that nobody foresaw."""

from typing import NamedTuple

import numpy as np

ADVICE = {"bitwise_xor": "In Python a power is written **; ^ is another operation.",
          "for ^": "In Python a power is written **; ^ is another operation.",
          "keyword argument": "Keep the function's first line as it was: the check hands over those arguments.",
          "positional argument": "Keep the function's first line as it was: the check hands over those arguments.",
          "is not defined": "Is the name spelt as in the cell above?"}


class Stopped(NamedTuple):
    """What became of a function that raised."""
    kind: str
    words: str


def near(result, truth, tolerance=1e-3):
    """Whether a result equals the truth, each number to a relative tolerance, shape included."""
    result, truth = np.asarray(result, np.float64), np.asarray(truth, np.float64)
    # Where terms cancel, float32 is off by a share of the largest number, not of what is left.
    floor = 1e-5 * np.abs(truth[np.isfinite(truth)]).max(initial=0) + 1e-12
    return result.shape == truth.shape and np.allclose(result, truth, rtol=tolerance, atol=floor, equal_nan=True)


def same(one, other, tolerance):
    if isinstance(one, Stopped) or isinstance(other, Stopped):
        return type(one) is type(other) and one == other
    return near(one, other, tolerance)


def in_words(stopped):
    advice = next((advice for part, advice in ADVICE.items() if part in stopped.words), "")
    return f"Your code stopped with {stopped.kind}: {stopped.words} {advice}".strip()


def describe(given, truths, tolerance):
    """A hint, from what a learner's function and the right one gave for the same cases."""
    if truths[0].any() and same(given[0], truths[0], tolerance):
        return ("Right for one input of the check, not for others: is there a number of your own in it, which should "
                "follow from what is handed over?")
    for result, truth in zip(given, truths, strict=True):
        if isinstance(result, Stopped):
            return in_words(result)
        if result.shape != truth.shape:
            return _of_shapes(result, truth, tolerance)
        if not np.isfinite(result).all():
            return "Your result is not finite: somewhere a number is divided by 0, or 0 by 0."
    mine, true = (np.concatenate([part.ravel() for part in parts]) for parts in (given, truths))
    if all(truth.ndim == 2 and near(result.T, truth, tolerance) for result, truth in zip(given, truths, strict=True)):
        return "Rows and columns are exchanged: transpose."
    return _of_factors(given, truths, tolerance) or _of_values(mine, true, tolerance) or _number(mine, true, tolerance)


def _of_shapes(result, truth, tolerance):
    one = truth.shape == ()
    if near(result.ravel(), truth.ravel(), tolerance):
        packed = "Right, but packed: return the number itself" if one else "The numbers are right"
        return f"{packed}; yours has the shape {result.shape}, not {truth.shape}."
    wanted = "One number is wanted" if one else f"The shape should be {truth.shape}"
    return f"{wanted}; yours has the shape {result.shape}."


def _of_factors(given, truths, tolerance):
    pairs = list(zip(given, truths, strict=True))
    factors = np.array([np.sum(result * truth) / max(np.sum(truth * truth), 1e-300) for result, truth in pairs])
    if not factors.all() or not all(near(result, factor * truth, tolerance)
                                    for factor, (result, truth) in zip(factors, pairs, strict=True)):
        return None
    if len(factors) > 1 or truths[0].size > 1:
        if near(factors, np.full(len(factors), -1)):
            return "All but the sign is right."
        if near(factors, np.full(len(factors), factors[0]), tolerance):
            return f"Yours is always {factors[0]:.4g} times what it should be: look for a factor."
    if truths[0].size > 1:
        return (f"Right but for one factor, here {factors[0]:.4g}, which changes with the input: what divides it?")
    return None


def _of_values(mine, true, tolerance):
    with np.errstate(all="ignore"):
        related = {"Yours is the square of what it should be.": true ** 2,
                   "Yours is the square root of what it should be.": np.sqrt(true),
                   "Yours is upside down: 1 over what it should be.": 1 / true,
                   "Yours is 1 minus what it should be.": 1 - true,
                   "Yours is what it should be minus 1.": true - 1, "Yours is what it should be plus 1.": true + 1,
                   "The values are right, the signs are not all.": np.abs(true)}
    for hint, other in related.items():
        if near(np.abs(mine) if "signs" in hint else mine, other, tolerance):
            return hint
    if (true >= 0).all() and (mine < -1e-9).any():
        return "Yours becomes negative where it should not: do terms of both signs cancel?"
    return None


def _number(mine, true, tolerance):
    first = int(np.argmax(np.abs(mine - true) - tolerance * np.abs(true)))
    return f"Where it should be {true[first]:.5g}, yours is {mine[first]:.5g}."
