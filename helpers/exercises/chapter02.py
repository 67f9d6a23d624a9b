"""The checks of chapter 02: content loss."""

import numpy as np

from helpers.exercises.engine import expect, family, register, values


def activations(seed):
    """Two pairs of (rows, columns, maps) as a layer gives them: not negative, about half of them 0."""
    rng = np.random.default_rng(seed)
    return [tuple(np.maximum(rng.normal(0.2, 1, size=(2, *shape)), 0)) for shape in ((4, 5, 3), (3, 6, 2))]


@register
def scaled(half, negative, twice):
    """Exercise 02.1: the relative distances of ½P, −P and 2P to P are 0.25, 4 and 1."""
    values(("½P", "−P", "2P"), (half, negative, twice), (0.25, 4, 1), {
        "That is the norm; the relative distance is its square.": (0.5, 2, 1),
        "You divided by the square of the picture that was made; the measure is P.": (1, 4, 0.25),
        "That is how long each is; the distance asks for its difference to P.": (0.25, 1, 4),
        "Those are factors; the distance asks for the difference to P, squared.": (0.5, -1, 2),
        "Right, but in percent: the whole is 1.": (25, 400, 100)},
        (
        (0, 0.5, "that is the norm; the relative distance is its square."),
        (0, 0.75, "take the difference, P − ½P, before you square: 1 − ¼ squares too early."),
        (0, 1, "you divided by the square of the picture that was made; the measure is P."),
        *((0, number, "turn the fraction round: how large is the difference, measured by P?") for number in (2, 4)),
        (0, 0.125, "no half stands before this distance; it is ‖½P‖² over ‖P‖²."),
        (0, 0, "it is darker than P, so it is not at distance 0."),
        (1, 0, "to you it may show the same, but the numbers differ: what is −P − P?"),
        (1, 1, "−P is as long as P, but what counts is the difference, −P − P."),
        (1, 2, "that is the norm of the difference, in units of ‖P‖; the relative distance is its square."),
        (1, 8, "square −2 once; no other factor comes in."),
        (1, 0.25, "turn the fraction round: how large is the difference, measured by P?"),
        (2, 0, "it is brighter than P, so it is not at distance 0."),
        (2, 2, "that is how much larger it is; the distance asks for the difference, 2P − P."),
        (2, 3, "take the difference, 2P − P, before you square: 2² − 1² squares too early."),
        (2, 4, "that is ‖2P‖² over ‖P‖²; take the difference to P first."),
        (2, 0.25, "you divided by the square of the picture that was made; the measure is P."),
        (2, 0.5, "you divided by the picture that was made; the measure is P."),
        *((n, number, "a sum of squares is never negative.")
          for n, number in ((0, -0.25), (0, -0.5), (1, -4), (1, -2), (1, -1), (2, -1)))))
    return "½P: 0.25. −P: 4, the farthest, though a human would call it the same picture. 2P: 1, as far as a blank."


@register
def growth(paper_larger, paper_scaled, relative_larger, relative_scaled):
    """Exercise 02.2: the paper's loss grows by 4 and 100, the relative one by 1 and 1."""
    same = "the sums above the line and below it grow by the same factor. What is left of it?"
    values(("The paper's loss, larger picture", "The paper's loss, scaled network", "The relative loss, larger picture",
            "The relative loss, scaled network"),
           (paper_larger, paper_scaled, relative_larger, relative_scaled), (4, 100, 1, 1), {
        "You have the two losses the wrong way round: nothing divides in the paper's.": (1, 1, 4, 100),
        "You have (a) and (b) the wrong way round.": (100, 4, 1, 1)},
        (
        *((0, factor, "twice the width and twice the height are four times as many positions.") for factor in (2, 8)),
        (0, 16, "the positions are four times as many, but each term of the sum stays as large as it was."),
        (0, 1, "it is a sum over positions, and there are more of them."),
        *((0, factor, "turn it round: more positions, more terms, a larger sum.") for factor in (0.25, 0.5)),
        (1, 10, "F and P grow by 10, and so does F − P; then it is squared."),
        (1, 20, "10 squared is 10 times 10."),
        (1, 50, "the ½ was there before, too: it does not change the factor."),
        (1, 1000, "the difference is squared, not cubed."),
        (1, 10000, "F − P grows by 10, and is squared once."),
        (1, 1, "nothing divides by the size of the activations here: their scale stays in."),
        (1, 0.01, "turn it round: larger activations, larger differences."),
        *((2, factor, same) for factor in (2, 4, 8, 16, 0.25, 0.5)),
        *((3, factor, same) for factor in (10, 20, 50, 100, 0.1, 0.01)),
        *((n, 0, "no growth is the factor 1, not 0.") for n in range(4))))
    return "The paper's loss grows by 4 and by 100; the relative one stays. So one weight fits all pictures."


@register
def relative_gradient(answer):
    """Exercise 02.4: ∂/∂Z of ‖F − P‖² / ‖P‖² is 2 (F − P) / ‖P‖² where F > 0, and 0 elsewhere."""
    masks = {"F": lambda f, p: f > 0, "none": lambda f, p: 1, "P": lambda f, p: p > 0,
             "difference": lambda f, p: f > p, "weight": lambda f, p: f}
    sizes = {"P²": lambda f, p: squares(p), "none": lambda f, p: 1, "‖P‖": lambda f, p: np.linalg.norm(p),
             "F²": lambda f, p: squares(f), "mean": lambda f, p: p.size, "sum": lambda f, p: np.sum(p) ** 2}

    def squares(x):
        return np.sum(x ** 2)

    def build(f, p, two=2, mask="F", size="P²", sign=1):
        return sign * two * masks[mask](f, p) * (f - p) / sizes[size](f, p)
    expect(answer, build, {
        "That is the paper's gradient; this loss divides by ‖P‖², and has no ½ before it.":
            lambda f, p: build(f, p, two=1, size="none"),
        **family(
            build,
            two={2: "", 1: "The 2 is missing: there is no ½ here that cancels it.",
                 4: "The 2 is there twice: the square brings one."},
            mask={"F": "",
                  "none": "The mask is missing, or asks F ≥ 0, which always holds: where F = 0 no gradient passes.",
                  "P": "Your mask asks the target; it is the unit's own F that is open or shut.",
                  "difference": "Your mask cuts off F − P below 0; an open unit that is too weak has a slope, too.",
                  "weight": "The mask is 1 or 0: F > 0. You multiply by F itself."},
            size={"P²": "", "none": "Divide by ‖P‖², the sum of the target's squares.",
                  "‖P‖": "You divided by ‖P‖; the norm is squared.",
                  "F²": "You divided by ‖F‖²; the measure is the target.",
                  "mean": "You divided by the number of units; divide by ‖P‖².",
                  "sum": "‖P‖² is the sum of the squares: square first, then add."},
            sign={1: "", -1: "The sign is turned round: with growing F it is F − P that grows."}),
        "That is the loss itself; its derivative has one number for each unit.":
            (lambda f, p: squares(f - p) / squares(p), lambda f, p: np.sum((f > 0) * (f - p) ** 2) / squares(p)),
        "Do not add up: the gradient has one number for each unit.":
            (lambda f, p: np.sum(build(f, p)), lambda f, p: np.sum(2 * (f - p)) / squares(p)),
        "The derivative of a square has no square any more.":
            (lambda f, p: build(f, p) * (f - p), lambda f, p: build(f, p, two=1) * (f - p),
             lambda f, p: (f - p) ** 2 / squares(p), lambda f, p: 2 * (f - p) ** 2 / squares(p)),
        "Divide by one number, the sum of all squares, not by each unit's own.":
            (lambda f, p: 2 * (f > 0) * (f - p) / p ** 2, lambda f, p: 2 * (f - p) / p ** 2),
        "The derivative of (F − P)² is 2 (F − P): P stays in it.":
            (lambda f, p: 2 * (f > 0) * f / squares(p), lambda f, p: 2 * f / squares(p))},
        activations(5))
    return "This is what flows back from the content layer at each step of the transfer."


@register
def l1_distance(answer):
    """Exercise 02.5, first half: Σ |F − P| / Σ |P|."""
    rng = np.random.default_rng(6)

    def total(x):
        return np.sum(np.abs(x))
    expect(answer, lambda f, p: total(f - p) / total(p), {
        "Differences of both signs cancel: take the absolute value of each, then add.":
            (lambda f, p: np.abs(np.sum(f - p)) / total(p), lambda f, p: np.sum(f - p) / total(p),
             lambda f, p: np.sum(f - p) / np.sum(p), lambda f, p: np.abs(np.sum(f - p)) / np.abs(np.sum(p)),
             lambda f, p: np.abs(np.sum(f - p))),
        "Divide by Σ |P|, to make it relative.": (lambda f, p: total(f - p), lambda f, p: np.mean(np.abs(f - p))),
        "Below the line, too, take absolute values before you add.":
            (lambda f, p: total(f - p) / np.sum(p), lambda f, p: total(f - p) / np.abs(np.sum(p))),
        "Below the line is the sum of the target's absolute values, without squares.":
            (lambda f, p: total(f - p) / np.sum(p ** 2), lambda f, p: total(f - p) / np.linalg.norm(p)),
        "That is the squared distance again.": lambda f, p: np.sum((f - p) ** 2) / np.sum(p ** 2),
        "That has squares and a root in it, which is L2. L1 takes absolute values alone.":
            lambda f, p: np.linalg.norm(f - p) / np.linalg.norm(p),
        "Subtract first: |F − P| is not |F| − |P|.":
            (lambda f, p: total(f) - total(p), lambda f, p: (total(f) - total(p)) / total(p),
             lambda f, p: np.abs(total(f) - total(p)) / total(p), lambda f, p: total(np.abs(f) - np.abs(p)) / total(p)),
        "Divide by the target's sum, not by that of F.":
            (lambda f, p: total(f - p) / total(f), lambda f, p: total(f - p) / total(f + p)),
        "Add up above the line and below it first, then divide once.":
            (lambda f, p: np.sum(np.abs(f - p) / np.abs(p)), lambda f, p: np.mean(np.abs(f - p) / np.abs(p)),
             lambda f, p: np.abs(f - p) / np.abs(p)),
        "That is one number for each unit: add them up above the line.": lambda f, p: np.abs(f - p) / total(p),
        "Above the line is a mean, below it a sum; take two sums.": lambda f, p: np.mean(np.abs(f - p)) / total(p),
        "You added along one axis only: np.sum without an axis adds all.":
            lambda f, p: np.sum(np.abs(f - p), 0) / np.sum(np.abs(p), 0),
        "np.linalg.norm(…, 1) wants one long list: .ravel() makes one.": lambda f, p: np.linalg.norm(f - p, 1),
        "That is the largest difference; L1 adds all of them.": lambda f, p: np.max(np.abs(f - p)) / np.max(np.abs(p))},
        [tuple(rng.normal(size=(2, *shape)) + 0.2) for shape in ((4, 5, 3), (3, 6, 2))])
    return "L1: one large difference counts as much as ten of a tenth."


@register
def cosine_distance(answer):
    """Exercise 02.5, second half: 1 − F·P / (‖F‖ ‖P‖)."""
    f, p = np.random.default_rng(7).normal(size=(2, 4, 5, 3)) + 0.5
    norm = np.linalg.norm

    def dot(f, p):
        return np.sum(f * p)

    def cosine(f, p):
        return dot(f, p) / (norm(f) * norm(p))
    expect(answer, lambda f, p: 1 - cosine(f, p), {
        "That is the cosine itself: 1 for the same. A distance is 0 for the same.": lambda f, p: cosine(f, p),
        "The sign is turned round: one minus the cosine.": lambda f, p: cosine(f, p) - 1,
        "One minus the cosine, not plus: equal directions have distance 0.": lambda f, p: 1 + cosine(f, p),
        "That is the angle; the distance is one minus its cosine.": lambda f, p: np.arccos(cosine(f, p)),
        "Divide by both lengths.": (lambda f, p: 1 - dot(f, p), lambda f, p: dot(f, p)),
        "You divided by the squared lengths; take the roots.":
            (lambda f, p: 1 - dot(f, p) / (norm(f) * norm(p)) ** 2, lambda f, p: dot(f, p) / (norm(f) * norm(p)) ** 2),
        "You divided by ‖P‖² alone; one factor is ‖F‖.": lambda f, p: 1 - dot(f, p) / norm(p) ** 2,
        "You divided by ‖F‖² alone; one factor is ‖P‖.": lambda f, p: 1 - dot(f, p) / norm(f) ** 2,
        "Divide by both lengths: one of the two is missing.":
            (lambda f, p: 1 - dot(f, p) / norm(p), lambda f, p: 1 - dot(f, p) / norm(f)),
        "Put the product of the two lengths into brackets: a / b * c multiplies by c.":
            (lambda f, p: 1 - dot(f, p) / norm(f) * norm(p), lambda f, p: dot(f, p) / norm(f) * norm(p)),
        "Brackets: the cosine is divided first, and then taken from 1.":
            lambda f, p: (1 - dot(f, p)) / (norm(f) * norm(p)),
        "Multiply the two lengths; you added them.": lambda f, p: 1 - dot(f, p) / (norm(f) + norm(p)),
        "The length is the root of the sum of squares; you added up the values.":
            (lambda f, p: 1 - dot(f, p) / (np.sum(f) * np.sum(p)),
             lambda f, p: 1 - dot(f, p) / (np.sum(np.abs(f)) * np.sum(np.abs(p)))),
        "Below the line are two lengths, each of one array: ‖F‖ times ‖P‖.":
            (lambda f, p: 1 - dot(f, p) / norm(f * p), lambda f, p: 1 - dot(f, p) / np.sqrt(np.sum(f * p))),
        "No half and no square: one minus the cosine.":
            (lambda f, p: (1 - cosine(f, p)) / 2, lambda f, p: (1 - cosine(f, p)) ** 2,
             lambda f, p: 1 - (cosine(f, p)) ** 2),
        "Add up all products: F·P is one number.":
            (lambda f, p: 1 - f * p / (norm(f) * norm(p)), lambda f, p: f * p / (norm(f) * norm(p))),
        "Above the line is the sum of the products, not their mean.":
            lambda f, p: 1 - np.mean(f * p) / (norm(f) * norm(p)),
        "@ and np.dot multiply matrices here. Read each array as one long list: .ravel(), or np.sum of the products.":
            (lambda f, p: f @ p, lambda f, p: np.dot(f, p), lambda f, p: f @ p.T)},
        [(f, p), (3 * f, p), (f[1:, 1:], p[1:, 1:])])
    return "The cosine asks for the direction alone: three times the activations are no difference to it."


@register
def without_place(answer):
    """Exercise 02.6: the relative distance, squared, of the maps' means over all positions."""
    rng = np.random.default_rng(8)

    def apart(one, two):
        return np.sum((one - two) ** 2) / np.sum(two ** 2)

    def means(array):
        return array.mean((0, 1))
    expect(answer, lambda f, p: apart(means(f), means(p)), {
        "That is the distance with places: take the means first.":
            (apart, lambda f, p: np.sum(np.mean((f - p) ** 2, (0, 1))) / np.sum(np.mean(p, (0, 1)) ** 2)),
        "You averaged over the maps; average over rows and columns, axes 0 and 1.":
            (lambda f, p: apart(f.mean(2), p.mean(2)), lambda f, p: apart(f.mean((1, 2)), p.mean((1, 2))),
             lambda f, p: apart(f.mean((0, 2)), p.mean((0, 2)))),
        "All maps are mixed: each keeps a mean of its own, and its difference is squared before you add.":
            (lambda f, p: apart(f.mean(), p.mean()), lambda f, p: (f.mean() - p.mean()) ** 2),
        "You averaged over the rows alone; the columns are positions, too.": lambda f, p: apart(f.mean(0), p.mean(0)),
        "You averaged over the columns alone; the rows are positions, too.": lambda f, p: apart(f.mean(1), p.mean(1)),
        "Relative: divide by the sum of the squares of the target's means.":
            (lambda f, p: np.sum((means(f) - means(p)) ** 2), lambda f, p: np.mean((means(f) - means(p)) ** 2)),
        "Divide by the squares of the target's means, not of all its activations.":
            lambda f, p: np.sum((means(f) - means(p)) ** 2) / np.sum(p ** 2),
        "Divide by the target's squares added up: one number, not N.":
            lambda f, p: (means(f) - means(p)) ** 2 / means(p) ** 2,
        "The relative distance is the squared one, without a root.":
            (lambda f, p: np.sqrt(apart(means(f), means(p))), lambda f, p: np.linalg.norm(means(f) - means(p))),
        "Add up the squares above and below the line first, then divide.":
            (lambda f, p: np.sum((means(f) - means(p)) ** 2 / means(p) ** 2),
             lambda f, p: np.mean((means(f) - means(p)) ** 2 / means(p) ** 2)),
        "Above the line is a mean, below it a sum; take two sums.":
            lambda f, p: np.mean((means(f) - means(p)) ** 2) / np.sum(means(p) ** 2),
        "Divide by the target's means, not by those of F.": lambda f, p: apart(means(p), means(f)),
        "Square the differences before you add them up.":
            (lambda f, p: np.sum(means(f) - means(p)) ** 2 / np.sum(means(p) ** 2),
             lambda f, p: np.sum(means(f) - means(p)) / np.sum(means(p))),
        "That takes absolute values; the relative distance is the squared one.":
            lambda f, p: np.sum(np.abs(means(f) - means(p))) / np.sum(np.abs(means(p))),
        "Average first, square then: you averaged the squares.": lambda f, p: apart(means(f ** 2), means(p ** 2)),
        "That is the largest of each map; the exercise asks for the mean.":
            lambda f, p: apart(f.max((0, 1)), p.max((0, 1))),
        "One number is wanted: you return the means, or their differences, themselves.":
            (lambda f, p: means(f), lambda f, p: means(f) - means(p), lambda f, p: (means(f) - means(p)) ** 2)},
        [tuple(rng.uniform(size=(2, *shape))) for shape in ((4, 5, 3), (3, 6, 4))])
    return "Positions may be shuffled as you like. Chapter 03 does the same with pairs of maps."
