"""The checks of chapter 05: gradient descent. Its patients are in clinic.py, its six listings in chapter05_more.py."""

import numpy as np

from helpers.exercises.clinic import BUGS, PATIENTS, SIGNS
from helpers.exercises.engine import NotQuite, expect, register


@register
def gradient_descent(answer):
    """Exercise 05.1: x ← clip(x − η ∇L(x), 0, 1) for `steps` steps, η = learning_rate · decay^(k / decay_steps)."""
    rng = np.random.default_rng(50)
    start, goal = rng.uniform(0.2, 0.8, (3, 4, 3)), rng.uniform(-0.6, 1.6, (3, 4, 3))
    # A bowl that is bent in no pixel's own direction: so clipping once, at the end, comes out elsewhere.
    turned = np.linalg.qr(rng.normal(size=(36, 36)))[0]
    bend = turned @ np.diag(rng.uniform(0.2, 2.8, 36)) @ turned.T
    calls, counts = [], []

    def evaluate(x):
        calls.append(1)
        slope = (bend @ (np.asarray(x) - goal).ravel()).reshape(goal.shape)
        return float(np.sum((x - goal) * slope) / 2), {}, slope

    def run(evaluate, image, steps, learning_rate, decay, decay_steps, rate=None, clip="each", sign=-1, part=2,
            limits=(-np.inf, np.inf), anew=False):
        x = np.array(image)
        for k in range(steps):
            slope = np.clip(evaluate(np.clip(x, 0, 1) if clip == "inside" else x)[part], *limits)
            eta = rate(k) if rate else learning_rate * decay ** (k / decay_steps)
            x = (image if anew else x) + sign * eta * slope
            x = np.clip(x, 0, 1) if clip == "each" else np.clip(x, -1, 1) if clip == "symmetric" else x
        return np.clip(x, 0, 1) if clip in ("end", "inside") else x

    def with_rate(rate):
        return lambda *case: run(*case, rate=lambda k: rate(k, *case[3:]))

    def steps_off(by):
        return lambda evaluate, image, steps, *rest: run(evaluate, image, steps + by, *rest)

    def learner(evaluate, image, steps, learning_rate, decay, decay_steps):
        before = image.copy()
        calls.clear()
        result = answer(evaluate, image, steps, learning_rate=learning_rate, decay=decay, decay_steps=decay_steps)
        if not np.array_equal(image, before):
            raise NotQuite("Your function changed the start image itself: begin with image.copy().")
        counts.append(len(calls))
        return result
    expect(learner if callable(answer) else answer, run, {
        "That way leads up: subtract.": lambda *case: run(*case, sign=1),
        "The pixels must stay in 0…1: clip after each step. (np.clip gives a new array back: keep it.)":
            lambda *case: run(*case, clip="never"),
        "Clip after every step, not only at the end.": lambda *case: run(*case, clip="end"),
        "Clip the image that you keep, not only the one that evaluate sees.": lambda *case: run(*case, clip="inside"),
        "Clip the pixels, not the gradient: a slope may be negative.":
            tuple(lambda *case, low=low, clip=clip: run(*case, limits=(low, 1), clip=clip)
                  for low in (0, -1) for clip in ("each", "never")),
        "Pixels lie in 0…1, not in −1…1.": lambda *case: run(*case, clip="symmetric"),
        "The learning rate does not decay yet.": with_rate(lambda k, rate, decay, every: rate),
        "You wrote 0.96 and 100 into the function: take decay and decay_steps as they are handed over.":
            with_rate(lambda k, rate, decay, every: rate * 0.96 ** (k / 100)),
        "You wrote 0.96 into the function: take decay as it is handed over.":
            with_rate(lambda k, rate, decay, every: rate * 0.96 ** (k / every)),
        "You wrote 100 into the function: take decay_steps as it is handed over.":
            with_rate(lambda k, rate, decay, every: rate * decay ** (k / 100)),
        "The learning rate is missing: the gradient alone is no step.":
            (with_rate(lambda k, rate, decay, every: 1), with_rate(lambda k, rate, decay, every: decay ** (k / every))),
        "Compute the rate from the first one in each step; you let decay what had decayed already.":
            with_rate(lambda k, rate, decay, every: rate * decay ** (k * (k + 1) / 2 / every)),
        "Ask for the gradient anew at each new place.":
            lambda evaluate, image, *rest: run(lambda x: evaluate(image), image, *rest),
        "decay ** k is far too fast: the exponent is k / decay_steps.":
            with_rate(lambda k, rate, decay, every: rate * decay ** k),
        "The exponent goes into brackets: in decay ** k / decay_steps the power comes first.":
            with_rate(lambda k, rate, decay, every: rate * decay ** k / every),
        "The exponent is k / decay_steps, not k · decay_steps.":
            with_rate(lambda k, rate, decay, every: rate * decay ** (k * every)),
        "Your exponent stays the same: it must grow with the step k.":
            tuple(with_rate(lambda k, rate, decay, every, fixed=fixed: rate * decay ** (fixed / every))
                  for fixed in (1, 4, 6)),
        "decay is raised to a power, **; yours is multiplied.":
            (with_rate(lambda k, rate, decay, every: rate * decay * (k / every)),
             with_rate(lambda k, rate, decay, every: rate * (1 - decay * k / every))),
        "Your exponent is a whole number (//): the learning rate falls in stairs.":
            with_rate(lambda k, rate, decay, every: rate * decay ** (k // every)),
        "Your rate grows: the exponent is k / decay_steps, without a minus.":
            with_rate(lambda k, rate, decay, every: rate * decay ** (-k / every)),
        "Brackets: only the decay is raised to the power, not the learning rate.":
            with_rate(lambda k, rate, decay, every: (rate * decay) ** (k / every)),
        "Count the steps from 0: the first has the full learning rate.":
            with_rate(lambda k, rate, decay, every: rate * decay ** ((k + 1) / every)),
        "Every step has to start where the last one ended; yours starts at the image again.":
            (lambda *case: run(*case, anew=True),
             lambda evaluate, image, *rest: run(lambda x: evaluate(image), image, *rest, anew=True)),
        "You return after the first step: is the return inside the loop?":
            (steps_off(-5), lambda evaluate, image, steps, *rest: run(evaluate, image, 1, *rest, clip="never")),
        "That is one step less than asked for.": steps_off(-1),
        "That is one step more than asked for.": steps_off(1),
        "That is the start image: keep each new place in the name that you return.":
            lambda evaluate, image, *rest: image,
        "That is the gradient; it still has to be subtracted.": lambda evaluate, image, *rest: evaluate(image)[2],
        "evaluate gives (loss, terms, gradient): the gradient is the third.":
            (lambda *case: run(*case, part=0), lambda evaluate, image, steps, rate, *rest: rate * {},
             lambda evaluate, image, steps, rate, *rest: rate * evaluate(image))},
        [(evaluate, start, 6, 0.6, 0.5, 4)])
    if counts[0] > 7:
        raise NotQuite(f"Right, but you called evaluate {counts[0]} times for 6 steps: each call costs a pass.")
    return "That is all: slope, step, clip."


@register
def best_rate(answer):
    """Exercise 05.2: |1 − ηc| is equal at the flattest and the steepest curvature for η = 2 / (least + largest)."""
    def of(rate):
        return lambda c: rate(np.min(c), np.max(c))
    expect(answer, of(lambda low, high: 2 / (low + high)), {
        "That is the edge, where the steepest direction swings for ever; the best rate is a little smaller.":
            of(lambda low, high: 2 / high),
        "With that the steepest direction is done in one step, but the flat one creeps; a larger rate helps it.":
            of(lambda low, high: 1 / high),
        "With that the flattest direction is done in one step, and the steepest flies apart.":
            (of(lambda low, high: 1 / low), of(lambda low, high: 2 / low)),
        "Half of it: set 1 − η·least equal to η·largest − 1, and solve for η.": of(lambda low, high: 1 / (low + high)),
        "Twice too much: set 1 − η·least equal to η·largest − 1, and solve for η.":
            of(lambda low, high: 4 / (low + high)),
        "Brackets: the sum stands under the line as a whole.":
            (of(lambda low, high: 2 / low + high), of(lambda low, high: 2 / high + low)),
        "Only the flattest and the steepest count: what lies between shrinks faster than both.":
            (lambda c: 1 / np.mean(c), lambda c: 2 / np.sum(c), lambda c: 1 / np.median(c), lambda c: 2 / np.mean(c),
             lambda c: len(c) / np.sum(c), lambda c: 2 / (c[0] + c[1])),
        "The curvatures come in any order: take the least and the largest, not the first and the last.":
            lambda c: 2 / (c[0] + c[-1]),
        "That is the middle of two rates; set the two factors equal, |1 − η·least| and |1 − η·largest|.":
            (of(lambda low, high: (1 / low + 1 / high) / 2), of(lambda low, high: 1 / np.sqrt(low * high))),
        "The flattest and the steepest are added, not subtracted: one factor is positive, the other negative.":
            (of(lambda low, high: 2 / (high - low)), of(lambda low, high: 2 / (low - high))),
        "That is what a step leaves at best, the factor; the question was for η.":
            of(lambda low, high: (high - low) / (high + low)),
        "That is the ratio of the curvatures; a rate is small where curvatures are large.":
            (of(lambda low, high: high / low), of(lambda low, high: low / high)),
        "One rate for all pixels: a rate for each curvature is what Newton's method does.":
            (lambda c: 1 / c, lambda c: 2 / c)},
        [(np.array([4.0, 1.0, 10.0, 2.0]),), (np.array([3.0, 0.5, 6.0]),)])
    return "Both ends of the scale shrink by the same factor, (largest − least) / (largest + least), a step."


@register
def secant(answer):
    """Exercise 05.3: the curvature c = s·y / s·s for which c s comes nearest to y."""
    rng = np.random.default_rng(51)

    def dot(a, b):
        return np.sum(a * b)

    def case(*shape):
        s, y = rng.normal(size=(2, *shape))
        return s, y + 4 * s
    expect(answer, lambda s, y: dot(s, y) / dot(s, s), {
        "Divide by s·s, not by y·y: it is the curvature along the step.": lambda s, y: dot(s, y) / dot(y, y),
        "Upside down: that is the step size, 1 over the curvature.": lambda s, y: dot(s, s) / dot(s, y),
        "That is ‖y‖²/(s·y), the curvature as seen from y; here it is the one along s.":
            (lambda s, y: dot(y, y) / dot(s, y), lambda s, y: dot(y, y) / dot(s, s)),
        "That is ‖y‖/‖s‖, which is right only if y points along s.":
            (lambda s, y: np.sqrt(dot(y, y) / dot(s, s)), lambda s, y: np.sqrt(dot(s, s) / dot(y, y))),
        "Divide by s·s too, all of it in brackets: twice the step must not mean four times the curvature.":
            (dot, lambda s, y: np.mean(s * y)),
        "Divide by s·s, the squared length, not by the length.":
            (lambda s, y: dot(s, y) / np.sqrt(dot(s, s)), lambda s, y: dot(s, y) / np.sum(np.abs(s))),
        "That is the cosine; a curvature grows with y.": lambda s, y: dot(s, y) / np.sqrt(dot(s, s) * dot(y, y)),
        "One number for all pixels: add up the products before dividing.":
            (lambda s, y: y / s, lambda s, y: s * y, lambda s, y: s * y / dot(s, s), lambda s, y: y / dot(s, s)),
        "That is the mean of the quotients; divide the sums.":
            (lambda s, y: np.mean(y / s), lambda s, y: np.sum(y / s), lambda s, y: np.median(y / s),
             lambda s, y: np.linalg.norm(y / s)),
        "Multiply by s before you add up: positive and negative steps cancel.":
            (lambda s, y: np.sum(y) / np.sum(s), lambda s, y: np.sum(y) / dot(s, s)),
        "s·s is the sum of the squares: square first, then add.": lambda s, y: dot(s, y) / np.sum(s) ** 2,
        "Above the line is a mean, below it a sum; take two sums.": lambda s, y: np.mean(s * y) / dot(s, s),
        "You added along one axis only: np.sum without an axis adds all.":
            (lambda s, y: np.sum(s * y, 0) / np.sum(s * s, 0), lambda s, y: np.sum(s * y, -1) / np.sum(s * s, -1)),
        "@ and np.dot multiply matrices; s and y are pictures. An inner product over all pixels: np.sum(s * y).":
            (lambda s, y: s @ y, lambda s, y: np.dot(s, y), lambda s, y: np.inner(s, y) / np.inner(s, s),
             lambda s, y: s.T @ y, lambda s, y: s @ y.T, lambda s, y: np.inner(s, y)),
        "The gradient grew along the step: no minus.": lambda s, y: -dot(s, y) / dot(s, s),
        "No half: c s itself comes nearest to y.": lambda s, y: dot(s, y) / dot(s, s) / 2},
        [case(3, 4, 3), case(2, 5, 3)])
    return "How fast the slope changes along the last step: that is what a pair in L-BFGS's memory says."


@register
def clinic(diagnosis):
    """Exercise 05.4: {letter: bug}, as in PATIENTS."""
    if not isinstance(diagnosis, dict) or sorted(diagnosis, key=str) != sorted(PATIENTS):
        raise NotQuite("Write one bug for each patient: {\"A\": …, \"B\": …}, from A to G.")
    unknown = [name for name in diagnosis.values() if name not in BUGS]
    if unknown:
        raise NotQuite(f"There is no diagnosis {unknown[0]!r}; they are {', '.join(BUGS)}.")
    wrong = [letter for letter, name in diagnosis.items() if name != PATIENTS[letter]]
    if wrong:
        first = wrong[0]
        raise NotQuite(f"{7 - len(wrong)} of 7 are right. Patient {first} is not {diagnosis[first]!r}: there "
                       f"{SIGNS[diagnosis[first]]}. {BUGS[PATIENTS[first]]}")
    return "All six bugs found, and nobody treated who was only unfinished."


@register
def afford(answer):
    """Exercise 05.6: the affordable side = side · √(time / (count · one))."""
    def times(factor):
        return lambda one, side, time, n: side * factor(one, time, n)
    expect(answer, times(lambda one, time, n: np.sqrt(time / (n * one))), {
        "Twice the side is four times the pixels: take the square root.": times(lambda one, time, n: time / (n * one)),
        "The root is the square one, ** 0.5: a picture has two sides.":
            (times(lambda one, time, n: (time / (n * one)) ** (1 / 3)),
             times(lambda one, time, n: (time / (n * one)) ** 0.25)),
        "Time grows with the pixels, so the side grows with the root, not with the square.":
            times(lambda one, time, n: (time / (n * one)) ** 2),
        "Upside down: more time must give a larger picture.":
            (times(lambda one, time, n: np.sqrt(n * one / time)), times(lambda one, time, n: n * one / time)),
        "That is the factor; multiply it by the side that was measured.":
            (lambda one, side, time, n: np.sqrt(time / (n * one)), lambda one, side, time, n: time / (n * one)),
        "The number of evaluations is missing: each of them costs.":
            (times(lambda one, time, n: np.sqrt(time / one)), times(lambda one, time, n: time / one)),
        "The time of one evaluation is missing: it was measured at `side`.":
            (times(lambda one, time, n: np.sqrt(time / n)), times(lambda one, time, n: time / n)),
        "Brackets: time / count * one multiplies by `one`. Evaluations and seconds both stand below the line.":
            (times(lambda one, time, n: np.sqrt(time / n * one)), times(lambda one, time, n: time / n * one)),
        "More evaluations leave less for each: divide by `count`.":
            (times(lambda one, time, n: np.sqrt(time * n / one)), times(lambda one, time, n: time * n / one)),
        "The time you have is missing.":
            (times(lambda one, time, n: np.sqrt(1 / (n * one))), times(lambda one, time, n: np.sqrt(n * one))),
        "Those are pixels; the question was for the side.":
            (lambda one, side, time, n: side ** 2 * time / (n * one), lambda one, side, time, n: side ** 2),
        "The root is of the factor alone; the side stays outside it, or goes in squared.":
            lambda one, side, time, n: np.sqrt(side * time / (n * one)),
        "The root is of the whole quotient, of count and one as well.":
            (times(lambda one, time, n: np.sqrt(time) / (n * one)),
             times(lambda one, time, n: time / np.sqrt(n * one))),
        "// drops the remainder before the root is taken: use /.":
            times(lambda one, time, n: np.sqrt(time // (n * one))),
        "Divide by the side, or multiply? What one evaluation costs was measured at `side`.":
            lambda one, side, time, n: np.sqrt(time / (n * one)) / side,
        "That is the time it takes at the side that was measured. Which side fits into `time`?":
            lambda one, side, time, n: n * one,
        "That is the side that was measured.": lambda one, side, time, n: side},
        [(0.1, 128, 60, 60), (0.4, 256, 30, 100), (0.7, 200, 30, 15), (0.02, 64, 10, 50)], 0.02)
    return "Time grows with the pixels, so the side grows with the root of the time."
