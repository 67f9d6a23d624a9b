"""The rest of chapter 04's checks: a gradient from differences alone, one picture twice, a picture to be reached."""

import numpy as np

from helpers.exercises.engine import NotQuite, expect, family, register, value, values
from helpers.exercises.reach import CONTENT, SMOOTHNESS, START, STYLE


@register
def finite_difference(answer):
    """Exercise 04.3: entry i is (loss(x + h e_i) − loss(x − h e_i)) / 2h, one for each entry of x."""
    rng = np.random.default_rng(46)

    def loss(x):
        x = np.asarray(x, np.float64)
        return float(np.sum(x ** 3) + np.sum(x) ** 3 + x.flat[0] * x.flat[-1])

    def build(loss, x, h, two=2, other="minus", sign=1, left=0, together=False):
        slopes, here = np.zeros(x.shape), np.array(x, np.float64)
        for i in np.ndindex(x.shape):
            step = np.full(x.shape, h) if together else np.zeros(x.shape)
            step[i] = h
            there = {"minus": loss(here - step), "x": loss(x), "none": 0.0}[other]
            slopes[i] = sign * (loss(here + step) - there) / (two * h if two else 1)
            here = here + left * step
        return slopes

    def variant(**slip):
        return lambda loss, x, h: build(loss, x, h, **slip)

    def learner(loss, x, h):
        before = x.copy()
        result = answer(loss, x, h)
        if value(result).size and not np.allclose(x, before):
            raise NotQuite("Your function leaves x changed: take a copy, or put each entry back after its turn.")
        return result
    expect(learner if callable(answer) else answer, build, {
        "The two places lie 2h apart: divide by 2h.": variant(two=1),
        "Brackets: / 2 * h divides by 2 and multiplies by h. The way is 2h.":
            (lambda loss, x, h: build(loss, x, h) * h ** 2, lambda loss, x, h: build(loss, x, h) * h),
        "Forwards only: its error shrinks with h, that of the two-sided one with h². Take the loss at x − h too.":
            (variant(two=1, other="x"), variant(other="x")),
        "Backwards only: take the loss at x + h too.":
            lambda loss, x, h: build(loss, x, -h, two=1, other="x"),
        "One entry is moved at a time; yours moves all at once, and finds one slope for all.":
            (variant(together=True), lambda loss, x, h: (loss(x + h) - loss(x - h)) / (2 * h),
             lambda loss, x, h: (loss(x + h) - loss(x)) / h),
        "Each entry goes back to where it was before the next is moved; in yours the moves add up.":
            (variant(left=-1), variant(left=1), variant(two=1, other="x", left=1)),
        "One slope for each entry of x: do not add them up.": lambda loss, x, h: np.sum(build(loss, x, h)),
        "The slopes are right; give them the shape of x: np.zeros(x.shape), or reshape at the end.":
            lambda loss, x, h: build(loss, x, h).ravel(),
        "Only the first entry is done: is the return inside the loop?":
            (lambda loss, x, h: build(loss, x, h) * (np.arange(x.size) == 0).reshape(x.shape),
             lambda loss, x, h: build(loss, x, h).flat[0]),
        "x has two axes: x[i] is a whole row. Take x[row, column], or go through x.flat[i].":
            (lambda loss, x, h: np.array([(loss(x + h * row[:, None]) - loss(x - h * row[:, None])) / (2 * h)
                                          for row in np.eye(len(x))]),
             lambda loss, x, h: np.repeat([(loss(x + h * row[:, None]) - loss(x - h * row[:, None])) / (2 * h)
                                           for row in np.eye(len(x))], x.shape[1]).reshape(x.shape)),
        "That is the loss itself; a slope is a difference of two losses, divided by the way.":
            (lambda loss, x, h: loss(x), lambda loss, x, h: loss(x + h), variant(other="none")),
        "You took a step of your own: h is handed over.":
            tuple(lambda loss, x, h, own=own: build(loss, x, own) for own in (1e-8, 1e-6, 1e-5, 1e-4, 1e-3)),
        "np.gradient compares neighbours in the picture; here the loss is asked, once for each entry.":
            (lambda loss, x, h: np.gradient(x), lambda loss, x, h: np.gradient(x, h),
             lambda loss, x, h: np.gradient(x)[0], lambda loss, x, h: np.gradient(x, h)[0]),
        **family(build,
                 two={2: "", 0: "The difference is not divided by the way, 2h, yet.", 4: "The way is 2h, not 4h."},
                 sign={1: "", -1: "The sign is turned: forwards minus backwards."})},
        [(loss, rng.uniform(size=(2, 3)), 0.3), (loss, rng.uniform(size=(3, 2)), 0.1)])
    return "A gradient without any calculus, at two losses an entry: too slow for a picture, just right for a check."


@register
def same_picture(content, style, smoothness):
    """Exercise 04.6: content 0.5, style 10, smoothness 3 become 2, 40, 12: all times four."""
    values(("Content", "Style", "Smoothness"), (content, style, smoothness), (2, 40, 12), {
        "You added 1.5 to each; ratios are kept by multiplying.": (2, 11.5, 4.5),
        "You doubled; from 0.5 to 2 is another factor.": (2, 20, 6),
        "Only the content has changed: that is another mixture.": (2, 10, 3),
        "You divided where content was multiplied.": (2, 2.5, 0.75),
        "Style and smoothness are the wrong way round.": (2, 12, 40),
        "The factor counts once; you applied it twice.": (2, 160, 48),
        "Equal weights are another mixture.": (2, 2, 2)},
        (*((0, number, "leave it at 2 and choose the other two.") for number in (0.5, 1, 4)),
         *((n, number, "it takes the same factor as the content.") for n, number in ((1, 10), (2, 3), (1, 8))),
         *((n, number, "it takes the factor of the content, which is not 2.") for n, number in ((1, 20), (2, 6))),
         *((n, number, "content grew, so it grows by the same factor.") for n, number in ((1, 5), (2, 1.5), (1, 2.5))),
         (1, 0, "without style it would be another picture."), (2, 0, "smoothness matters, too.")))
    return "All three times four: four times the loss, and its least value at the same picture."


@register
def reach(content, style, smoothness, start):
    """Exercise 04.7: the setting of reach.py, as far as its picture shows it; only ratios of the weights count."""
    if isinstance(content, str) or not isinstance(start, str):
        raise NotQuite('Three numbers, and then the start in quotes: "content", "noise" or "style".')
    weights = [value(one) for one in (content, style, smoothness)]
    if any(one.shape != () or not np.isfinite(one) or one < 0 for one in weights):
        raise NotQuite("A weight is one number, 0 or more.")
    if start not in ("content", "noise", "style"):
        raise NotQuite(f'There is no start {start!r}: it is "content", "noise" or "style".')
    if not weights[0]:
        raise NotQuite("Without a content weight no palace would come: in the target its roofs stand in place.")
    if start == "noise":
        raise NotQuite("From noise the sky would be full of grain after so few evaluations; the target's is calm.")
    if start != START:
        raise NotQuite("From the photograph its pale sky would be left; look at what the target's sky still holds of "
                       "another picture.")
    mine, target = float(weights[1] / weights[0]), STYLE / CONTENT
    if mine < target / 2:
        raise NotQuite("Style counts too little against content: the target is nearer to the style than yours.")
    if mine > target * 2:
        raise NotQuite("Style counts too much against content: the target is nearer to the photograph than yours.")
    mine, target = float(weights[2] / weights[0]), SMOOTHNESS / CONTENT
    if mine < target / 2.5:
        raise NotQuite("Smoothness counts too little: the target varies less from pixel to pixel than yours.")
    if mine > target * 2.5:
        raise NotQuite("Smoothness counts too much: yours is softer than the target.")
    return "Reached, to a factor of two: the start by what is left of it, the weights by their distances."
