"""The checks that answer an exercise: each knows the right answer, and the usual wrong ones by name.

An exercise's stub leaves `...` where the learner's line belongs. `check(name, answer)` says "Right", "Not yet" for an
untouched stub, or what went wrong; it never raises, so that "Run All" goes through.
"""

import numpy as np

CHECKS = {}


class NotQuite(Exception):
    """A wrong answer; the message is the hint."""


class NotYet(Exception):
    """The stub is still as it was."""


def register(name):
    """Names a check: a function of the learner's answer that returns a sentence, or raises NotQuite with a hint."""
    def keep(function):
        if name in CHECKS:
            raise ValueError(f"there is a check {name!r} already")
        CHECKS[name] = function
        return function
    return keep


def check(name, *answer):
    """Answer an exercise: prints one verdict and one sentence."""
    verdict, sentence = judge(name, *answer)
    print(f"{ {'right': '✔ Right.', 'not yet': '… Not yet.', 'wrong': '✘ Not quite.'}[verdict]} {sentence}")


def judge(name, *answer):
    """→ ("right" | "not yet" | "wrong", a sentence)."""
    if name not in CHECKS:
        return "wrong", f"There is no exercise {name!r}; the names are {', '.join(CHECKS)}."
    if any(part is ... or part is None for part in answer):
        return "not yet", "Replace the ... in the cell above and run it again."
    try:
        return "right", CHECKS[name](*answer)
    except NotYet:
        return "not yet", "Replace the ... in the cell above and run it again."
    except NotQuite as hint:
        return "wrong", str(hint)
    except Exception as error:      # the learner's code may raise anything; that too is answered
        return "wrong", f"Your code stopped with {type(error).__name__}: {' '.join(str(error).split())[:200]}"


def value(result):
    """A learner's result as a float64 array; NotYet if the stub's `...` is still in it."""
    if result is ... or result is None:
        raise NotYet
    return np.asarray(result, np.float64)


def near(result, truth, tolerance=1e-3):
    """Whether a result equals the truth to a relative tolerance, shape included."""
    result, truth = np.asarray(result, np.float64), np.asarray(truth, np.float64)
    return result.shape == truth.shape and np.linalg.norm(result - truth) <= tolerance * (np.linalg.norm(truth) + 1e-12)


def compare(result, truth, wrong=None, tolerance=1e-3):
    """Raise NotQuite unless `result` is near `truth`; a value among `wrong`, {hint: value}, is answered by its hint."""
    result = value(result)
    if near(result, truth, tolerance):
        return
    for hint, mistake in (wrong or {}).items():
        if near(result, mistake, tolerance):
            raise NotQuite(hint)
    truth = np.asarray(truth)
    if result.shape != truth.shape:
        raise NotQuite(f"The shape should be {truth.shape}, yours is {result.shape}.")
    raise NotQuite(f"The first value should be {truth.flat[0]:.5g}, yours is {result.flat[0]:.5g}.")


# --- Chapter 00 -------------------------------------------------------------------------------------------

@register("distance")
def _distance(distance):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 4))
    compare(distance(a, b), np.sum((a - b) ** 2), {
        "That is the sum of the differences: positive and negative ones cancel. Square each one first.": np.sum(a - b),
        "You took absolute values, which is a distance too, but not this one: square instead.": np.sum(np.abs(a - b)),
        "That is the mean. Here it is the sum, np.sum.": np.mean((a - b) ** 2),
        "You squared after adding up. Square each difference, then add.": np.sum(a - b) ** 2,
        "You took the square root at the end; this distance is the squared one.": np.sqrt(np.sum((a - b) ** 2)),
        "Each difference is squared, but they are not added up yet: np.sum.": (a - b) ** 2,
    })
    if not near(distance(a, a), 0):
        raise NotQuite("Of two equal arrays it should be 0.")
    return "0 when equal, larger the more they differ. Chapter 02 asks what to feed it."
