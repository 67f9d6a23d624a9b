"""The engine of the checks: it runs what a learner wrote beside the right answer and the usual wrong ones.

A check of a function is a call of `expect(answer, right, wrong, cases)`: all are run on the same cases, and an answer
that comes out as a wrong one does is answered by that one's hint. A check of numbers is a call of `values`.
"""

import inspect
import itertools

import numpy as np

from helpers.exercises.compare import Stopped, describe, in_words, near, same

CHECKS = {}
STUB = "Replace the ... in the cell above and run it again."


class NotQuite(Exception):
    """A wrong answer; the message is the hint."""


class NotYet(Exception):
    """The stub is still as it was."""


def register(function):
    """Makes a function the check of the exercise of its name: of the learner's answer → a sentence, or NotQuite."""
    name = function.__name__
    if name in CHECKS:
        raise ValueError(f"there is a check {name!r} already")
    CHECKS[name] = function
    return function


def check(name, *answer):
    """Answer an exercise: prints one verdict and one sentence."""
    verdict, sentence = judge(name, *answer)
    print(f"{ {'right': '✔ Right.', 'not yet': '… Not yet.', 'wrong': '✘ Not quite.'}[verdict]} {sentence}")


def judge(name, *answer):
    """→ ("right" | "not yet" | "wrong", a sentence). Whatever the answer is, it does not raise."""
    if not isinstance(name, str) or name not in CHECKS:
        return "wrong", f"There is no exercise {name!r}; the names are {', '.join(CHECKS)}."
    if any(_untouched(part) for part in answer):
        return "not yet", STUB
    wanted = inspect.signature(CHECKS[name]).parameters
    if len(answer) != len(wanted):
        return "wrong", f"This check takes {len(wanted)} answers ({', '.join(wanted)}), yours are {len(answer)}."
    try:
        return "right", CHECKS[name](*answer)
    except NotYet:
        return "not yet", STUB
    except NotQuite as hint:
        return "wrong", str(hint)
    except Exception as error:      # the learner's code may raise anything; that too is answered
        return "wrong", in_words(_stopped(error))


def expect(answer, right, wrong, cases, tolerance=1e-3):
    """Raise NotQuite unless the learner's function gives what `right` gives, to a relative tolerance, on each case.

    wrong: {hint: a function with that mistake, or several in a tuple}; the first that gives on all cases what the
    learner's gives (or stops with the same error) provides the hint. cases: tuples of arguments, copied for each call.
    """
    must_be_a_function(answer)
    given = [_outcome(answer, case) for case in cases]

    def comes_out_as(function):
        return all(same(one, _outcome(function, case), tolerance) for one, case in zip(given, cases, strict=True))
    if comes_out_as(right):
        return
    for hint, mistakes in wrong.items():
        if any(map(comes_out_as, mistakes if isinstance(mistakes, tuple) else (mistakes,))):
            raise NotQuite(hint)
    raise NotQuite(describe(given, [_outcome(right, case) for case in cases], tolerance))


def one_of_two(answer, position, what):
    """The learner's function with its first or second result alone; `what` says what the two should be."""
    must_be_a_function(answer)

    def one(*case):
        both = answer(*case)
        if both is None or _untouched(both):
            return value(both)
        if not isinstance(both, (tuple, list)) or len(both) != 2:
            raise NotQuite(f"Return two things: {what}.")
        return both[position]
    return one


def family(build, **parts):
    """{hint: function} for one slip, and for any two slips at once, in a formula of several parts.

    build(*case, **choice): the formula, where `choice` says how each part is written. parts: {name: {choice: hint}},
    the right choice first; its hint is not used.
    """
    found = {}
    for choice in itertools.product(*parts.values()):
        slips = [parts[name][pick] for name, pick in zip(parts, choice, strict=True) if pick != next(iter(parts[name]))]
        if 1 <= len(slips) <= 2:
            # Bound now: the loop goes on.
            picked = dict(zip(parts, choice, strict=True))
            found[" ".join(slips)] = len(slips), lambda *case, picked=picked: build(*case, **picked)
    return {hint: function for hint, (_, function) in sorted(found.items(), key=lambda item: item[1][0])}


def values(names, given, right, wrong, single=()):
    """Raise NotQuite unless numbers that were worked out on paper are the right ones.

    names: of the numbers. given, right: lists of them. wrong: {hint: list}; single: (position, number, hint) for a
    mistake in one of them. Where no mistake is known the right number is not told: it would give the answer away.
    """
    given = [value(one) for one in given]
    for name, one in zip(names, given, strict=True):
        if one.shape != ():
            raise NotQuite(f"{name}: one number is wanted, yours has the shape {one.shape}.")
    fits = [near(one, truth) for one, truth in zip(given, right, strict=True)]
    if all(fits):
        return
    for hint, mistake in wrong.items():
        if all(near(one, other) for one, other in zip(given, mistake, strict=True)):
            raise NotQuite(hint)
    for position, number, hint in single:
        if near(given[position], number):
            raise NotQuite(f"{names[position]}: {hint}")
    first = fits.index(False)
    raise NotQuite(f"{names[first]} is not right yet: yours is {given[first]:.5g}.")


def value(result):
    """A learner's result as a float64 array. NotYet for a stub; NotQuite for None, a text, and what is no number."""
    if _untouched(result):
        raise NotYet
    if result is None:
        raise NotQuite("Your function returns None: is the return missing?")
    if callable(result):
        raise NotQuite("That is a function; a number or an array is wanted.")
    try:
        array = np.asarray(result)
        if array.dtype.kind in "US" or any(isinstance(part, str) for part in array.flat):
            raise NotQuite("A text in quotes is no number: leave the quotes away.")
        if array.dtype.kind == "b":
            raise NotQuite("True and False are no numbers: they say where, not how much.")
        if array.dtype.kind == "c":
            raise NotQuite("Yours is a complex number: is there a root of something negative in it?")
        return array.astype(np.float64)
    except (TypeError, ValueError):
        what = f"a {type(result).__name__}" + " of unlike parts" * isinstance(result, (list, tuple))
        raise NotQuite(f"One number or one array is wanted; yours is {what}.") from None


def must_be_a_function(answer):
    if not callable(answer):
        raise NotQuite("Hand over the function itself: its name, without brackets behind it.")


def _untouched(answer):
    if isinstance(answer, dict):
        answer = list(answer.values())
    return answer is ... or (isinstance(answer, (list, tuple)) and any(_untouched(part) for part in answer))


def _outcome(function, case):
    """The result of one call as an array, or Stopped; the learner's function cannot change the case."""
    def copied(part):
        if isinstance(part, list):
            return [copied(one) for one in part]
        return part.copy() if isinstance(part, np.ndarray) else part
    try:
        with np.errstate(all="ignore"):
            result = function(*(copied(part) for part in case))
    except (NotQuite, NotYet):
        raise
    except Exception as error:
        return _stopped(error)
    return value(result)


def _stopped(error):
    return Stopped(type(error).__name__, " ".join(str(error).split())[:200])
