"""The checks of chapter 03: style loss."""

import numpy as np

from helpers.exercises.engine import NotQuite, expect, family, near, register, value


def flat(features):
    """(rows, columns, maps) → (positions, maps)."""
    return features.reshape(-1, features.shape[-1])


@register
def gram(answer):
    """Exercise 03.1: (rows, columns, maps) → (maps, maps), FᵀF averaged over positions."""
    rng = np.random.default_rng(0)

    def right(x):
        return flat(x).T @ flat(x) / len(flat(x))

    def mixed(x):
        return x.reshape(x.shape[-1], -1)
    positions = "You multiplied positions with positions. Transpose: one row for each map."
    expect(answer, right, {
        "That is the sum over positions; here it is the mean: divide by rows · columns.": lambda x: flat(x).T @ flat(x),
        "You divided by the number of maps; divide by the number of positions, rows · columns.":
            lambda x: flat(x).T @ flat(x) / x.shape[-1],
        "You divided by rows · columns · maps; only the positions are averaged over.":
            lambda x: flat(x).T @ flat(x) / x.size,
        "You divided by the rows alone; positions are rows · columns. (len of an array counts its first axis.)":
            lambda x: flat(x).T @ flat(x) / len(x),
        "You divided by the columns alone; positions are rows · columns.": lambda x: flat(x).T @ flat(x) / x.shape[1],
        "You divided by the positions twice: once is a mean.": lambda x: flat(x).T @ flat(x) / len(flat(x)) ** 2,
        positions: (lambda x: flat(x) @ flat(x).T / len(flat(x)), lambda x: flat(x) @ flat(x).T,
                    lambda x: flat(x) @ flat(x).T / x.shape[-1]),
        "You subtracted the mean first: that is the covariance.":
            (lambda x: np.cov(flat(x), rowvar=False, bias=True), lambda x: np.cov(flat(x), rowvar=False)),
        "That is normalised: correlations are for exercise 2.": lambda x: np.corrcoef(flat(x), rowvar=False),
        "The reshape mixed maps and positions: keep the maps last, reshape(-1, maps), and transpose.":
            (lambda x: mixed(x) @ mixed(x).T / len(flat(x)), lambda x: mixed(x) @ mixed(x).T,
             lambda x: mixed(x) @ mixed(x).T / x.size),
        "Two matrices of positions × maps do not fit: transpose the left one.":
            (lambda x: flat(x) @ flat(x), lambda x: np.dot(flat(x), flat(x))),
        "@ works on the last two axes: make it a matrix first, reshape(-1, maps).":
            (lambda x: x @ x.T, lambda x: x.T @ x, lambda x: np.dot(x.T, x), lambda x: np.dot(x, x.T),
             lambda x: x.swapaxes(1, 2) @ x, lambda x: x @ x.swapaxes(1, 2), lambda x: x @ x),
        "* multiplies entry by entry; @ pairs every map with every other.":
            (lambda x: flat(x) * flat(x), lambda x: flat(x) * flat(x) / len(flat(x)), lambda x: flat(x).T * flat(x)),
        "That is each map with itself, the diagonal; @ pairs every map with every other.":
            (lambda x: np.sum(flat(x) ** 2, 0), lambda x: np.mean(flat(x) ** 2, 0),
             lambda x: np.diag(np.diag(right(x)))),
        "np.mean averages over the maps, too: divide by the number of positions.":
            (lambda x: np.mean(flat(x).T @ flat(x)), lambda x: np.mean(right(x))),
        "Multiply the maps first, average then: the products of the means have forgotten what goes together.":
            lambda x: np.outer(flat(x).mean(0), flat(x).mean(0)),
        "That is the activations, reshaped. Now the product.": (flat, lambda x: flat(x).T)},
        [(rng.normal(size=shape),) for shape in ((4, 5, 3), (3, 2, 4))])
    return "Symmetric, maps by maps, and no trace of where."


@register
def correlations(answer):
    """Exercise 03.2: Gram matrix (maps, maps) → G_ij / √(G_ii G_jj), ones on the diagonal."""
    rng = np.random.default_rng(5)

    def square(g):
        return np.diag(g)

    def outer(g):
        return np.outer(np.diag(g), np.diag(g))
    expect(answer, lambda g: g / np.sqrt(outer(g)), {
        "The square root is missing: the diagonal holds squared lengths.": lambda g: g / outer(g),
        "The root belongs below the line only: G itself is not rooted.": lambda g: np.sqrt(g / outer(g)),
        "You divided each column by its own strength; both maps count: np.outer.": lambda g: g / square(g),
        "You divided each row by its own strength; both maps count: np.outer.": lambda g: g / square(g)[:, None],
        "You divided each column by one map's length; both maps count: np.outer.": lambda g: g / np.sqrt(square(g)),
        "You divided each row by one map's length; both maps count: np.outer.":
            lambda g: g / np.sqrt(square(g))[:, None],
        "The two lengths are multiplied, not added.":
            (lambda g: g / (square(g)[:, None] + square(g)), lambda g: g / np.sqrt(square(g)[:, None] + square(g)),
             lambda g: g / (np.sqrt(square(g))[:, None] + np.sqrt(square(g)))),
        "You divided by one number for all: each pair of maps has a divisor of its own.":
            (lambda g: g / np.max(g), lambda g: g / np.trace(g), lambda g: g / np.linalg.norm(g),
             lambda g: g / np.sum(g), lambda g: g / (square(g) @ square(g)),
             lambda g: g / np.sqrt(square(g) @ square(g)), lambda g: g / np.sqrt(np.trace(g))),
        "Those are the divisors. Now divide the Gram matrix by them.":
            (lambda g: np.sqrt(outer(g)), lambda g: outer(g)),
        "Upside down: the Gram matrix is divided by the lengths.": lambda g: np.sqrt(outer(g)) / g,
        "Both lengths are roots of the diagonal: yours roots one of them.":
            (lambda g: g / np.outer(square(g) ** 0.5, square(g)), lambda g: g / np.outer(square(g), square(g) ** 0.5)),
        "The lengths stand on the diagonal; you added up whole rows.":
            (lambda g: g / np.sqrt(np.outer(g.sum(0), g.sum(0))), lambda g: g / np.outer(g.sum(0), g.sum(0))),
        "Divide, do not multiply.": (lambda g: g * np.sqrt(outer(g)), lambda g: g * outer(g)),
        "np.outer takes the diagonal, np.diag(gram), not the whole matrix.":
            (lambda g: g / np.outer(g, g), lambda g: g / np.sqrt(np.outer(g, g))),
        "Divide by the strengths of the two maps, the diagonal, not by G itself.":
            (lambda g: g / np.sqrt(g * g.T), lambda g: g / g, lambda g: g / np.sqrt(g)),
        "Off the diagonal you divide by 0: each pair of maps needs a divisor. np.outer of the diagonal gives all.":
            (lambda g: g / np.diag(np.diag(g)), lambda g: g / np.sqrt(np.diag(np.diag(g)))),
        "That is the diagonal alone; each pair of maps has a correlation.":
            (lambda g: square(g), lambda g: square(g) / np.sqrt(square(g) * square(g))),
        "np.corrcoef takes the maps themselves, and here are their inner products.": np.corrcoef,
        "That is the Gram matrix unchanged.": lambda g: g},
        [(flat(x).T @ flat(x) / len(x),) for x in (rng.uniform(size=(20, 4)) * [1, 2, 3, 4], rng.uniform(size=(9, 3)))])
    return "1 on the diagonal: each map goes perfectly together with itself."


@register
def covariance(answer):
    """Exercise 03.3: Gram matrix (maps, maps) and means (maps,) → G − m mᵀ."""
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(20, 3)) + [1, 2, 3], rng.normal(size=(12, 4)) + [2, -1, 0.5, 3]
    expect(answer, lambda g, m: g - np.outer(m, m), {
        "You added the means' product; the covariance is what is left without it.": lambda g, m: g + np.outer(m, m),
        "The sign is turned round: the Gram matrix is the larger one.": lambda g, m: np.outer(m, m) - g,
        "mean * mean gives N numbers, taken from each row; the outer product has N × N.": lambda g, m: g - m * m,
        "That takes mean² from each column; the outer product has N × N numbers.": lambda g, m: g - (m * m)[:, None],
        "mean @ mean is one number (so is mean.T @ mean: .T does nothing to a vector); np.outer gives N × N products.":
            (lambda g, m: g - m @ m, lambda g, m: g - np.sum(m) ** 2),
        "You subtracted the mean itself; its outer product with itself is what stands in the sum.":
            (lambda g, m: g - m, lambda g, m: g - m[:, None]),
        "That is the Gram matrix unchanged: what do the means add to it?": (lambda g, m: g, lambda g, m: g.T),
        "That is the part of the means alone. What is left of G without it?":
            (lambda g, m: np.outer(m, m), lambda g, m: m * m, lambda g, m: m[:, None] * m),
        "You took away the means' squares on the diagonal only; every pair of maps has a product.":
            lambda g, m: g - np.diag(m ** 2),
        "np.cov takes the maps themselves, and here are their inner products.":
            (lambda g, m: np.cov(g), lambda g, m: np.cov(g, rowvar=False), lambda g, m: np.cov(g, bias=True)),
        "G has no means of its own to subtract: use those of the maps.":
            (lambda g, m: g - g.mean(), lambda g, m: g - g.mean(0), lambda g, m: g - g.mean(1, keepdims=True),
             lambda g, m: g - np.outer(g.mean(0), g.mean(0))),
        "The covariance is a difference, not a quotient.":
            (lambda g, m: g / np.outer(m, m), lambda g, m: g / np.sqrt(np.outer(m, m))),
        "The mean of all maps is another thing: each map has its own.":
            (lambda g, m: g - np.mean(m) ** 2, lambda g, m: g - np.mean(m)),
        "The outer product is taken away once, as it is: no square, no root, no factor.":
            (lambda g, m: g - np.outer(m, m) ** 2, lambda g, m: g - len(m) * np.outer(m, m),
             lambda g, m: g - 2 * np.outer(m, m), lambda g, m: g - np.outer(m, m) / 2,
             lambda g, m: g - np.sqrt(np.outer(m, m)), lambda g, m: g - np.outer(m ** 2, m ** 2)),
        "Both are means over positions already: no further division.":
            (lambda g, m: g / len(m) - np.outer(m, m), lambda g, m: g - np.outer(m, m) / len(m),
             lambda g, m: (g - np.outer(m, m)) / len(m))},
        [(x.T @ x / len(x), x.mean(0)) for x in maps])
    return "A Gram matrix holds mean and covariance, but only their sum."


@register
def layer_loss(answer):
    """Exercise 03.5: activations (rows, columns, maps) twice → Σ (FᵀF − PᵀP)² / (4 N² M²), the paper's E_l."""
    rng = np.random.default_rng(2)

    def grams(f, p):
        return flat(f).T @ flat(f) - flat(p).T @ flat(p)

    def build(f, p, four=4, n=2, m=2, square="sum"):
        gap = grams(f, p)
        terms = {"sum": np.sum(gap ** 2), "plain": np.sum(gap), "abs": np.sum(np.abs(gap)),
                 "root": np.linalg.norm(gap), "late": np.sum(gap) ** 2, "mean": np.mean(gap ** 2),
                 "relative": np.sum(gap ** 2) / np.sum((flat(p).T @ flat(p)) ** 2)}
        maps, positions = f.shape[-1], f[..., 0].size
        sizes = {"rows": len(f) ** 2, "columns": f.shape[1] ** 2}
        return terms[square] / (four * maps ** n * (sizes[m] if m in sizes else positions ** m))

    def product(f, p):
        return f.shape[-1] ** 2 * f[..., 0].size ** 2
    wrong = {
        "Nothing is divided yet: the divisor is 4 N² M².": lambda f, p: build(f, p, 1, 0, 0),
        "Divide by all of 4 N² M²: a / 4 * b multiplies by b. Put the whole divisor into brackets.":
            (lambda f, p: build(f, p, 4, -2, -2), lambda f, p: build(f, p, 4, 2, -2),
             lambda f, p: build(f, p, 4, -2, 2), lambda f, p: build(f, p, 1 / 4, -2, -2)),
        "N and M are squared in the divisor.": lambda f, p: build(f, p, 4, 1, 1),
        "The relative distance divides by ΣA²; the paper's E_l divides by 4 N² M² instead.":
            (lambda f, p: build(f, p, 1, 0, 0, "relative"), lambda f, p: build(f, p, square="relative")),
        **family(
            build,
            four={4: "", 1: "The 4 is missing in the divisor.", 2: "It is 4 that divides, not 2.",
                  16: "The 4 is not squared in the divisor."},
            n={2: "", 0: "N² is missing in the divisor.", 1: "N is squared in the divisor."},
            m={2: "", 0: "M² is missing in the divisor: these Gram matrices are sums over M positions.",
               1: "M is squared in the divisor.",
               4: "You averaged over positions and divided by M² as well: once is enough.",
               "rows": "M counts all positions, rows times columns; yours counts rows.",
               "columns": "M counts all positions, rows times columns; yours counts columns."},
            square={"sum": "", "plain": "The difference must be squared before it is added up.",
                    "abs": "Square the differences; you took absolute values.", "root": "No root at the end.",
                    "late": "Square each difference, then add up: yours are added first.",
                    "mean": "Above the line is a sum, not a mean."}),
        "4, N² and M² are multiplied in the divisor, not added.":
            (lambda f, p: np.sum(grams(f, p) ** 2) / (4 * (f.shape[-1] + f[..., 0].size) ** 2),
             lambda f, p: np.sum(grams(f, p) ** 2) / (4 * f.shape[-1] ** 2 + f[..., 0].size ** 2),
             lambda f, p: np.sum(grams(f, p) ** 2) / (4 + f.shape[-1] ** 2 + f[..., 0].size ** 2)),
        "That is the Gram matrix of the difference; E_l takes the difference of two Gram matrices.":
            (lambda f, p: np.sum(grams(f - p, 0 * p) ** 2) / (4 * product(f, p)),
             lambda f, p: np.sum(grams(f - p, 0 * p) ** 2)),
        "That is the distance of the activations, content; style compares Gram matrices.":
            (lambda f, p: np.sum((f - p) ** 2), lambda f, p: np.sum((f - p) ** 2) / (4 * product(f, p)),
             lambda f, p: np.sum((f - p) ** 2) / 2),
        "You paired positions with positions: transpose, one row for each map.":
            (lambda f, p: np.sum((flat(f) @ flat(f).T - flat(p) @ flat(p).T) ** 2) / (4 * product(f, p)),
             lambda f, p: np.sum((flat(f) @ flat(f).T - flat(p) @ flat(p).T) ** 2)),
        "One number is wanted: add up the squares.":
            (lambda f, p: grams(f, p) ** 2 / (4 * product(f, p)), lambda f, p: grams(f, p) / (4 * product(f, p))),
        "Reshape first: @ works on the last two axes, and einsum or reshape(-1, maps) is needed.": lambda f, p: f.T @ f}
    expect(answer, build, wrong, [tuple(rng.normal(size=(2, *shape))) for shape in ((4, 5, 3), (3, 6, 2))])
    return "That is the paper's equation 4."


@register
def factors(factors):
    """Exercise 03.6: N_l² M_l² / (3² S²) of the five layers relative to the last: 1024, 256, 64, 16, 1."""
    given, right = value(factors), np.array([1024, 256, 64, 16, 1])
    if given.shape != (5,):
        raise NotQuite(f"Five numbers are wanted, one a layer; yours has the shape {given.shape}.")
    if not given.all():
        raise NotQuite("None of them is 0: each layer counts something. A // drops what is below 1.")
    if near(given[:4], right[:4]) and not near(given[4], 1):
        raise NotQuite("The first four are right. What is the last one, divided by itself?")
    if near(given, right):
        return "The first layer counts 1024 times the last: what it sees, fine grain and colour, counts most."
    mistakes = {
        "Right but for the scale: divide all five by the fifth.": right,
        "These are M² alone; the maps count too: N² M².": (65536, 4096, 256, 16, 1),
        "These are M alone; the maps count too, and both are squared: N² M².": (256, 64, 16, 4, 1),
        "These are N² alone; the positions count too: N² M².": (1 / 64, 1 / 16, 1 / 4, 1, 1),
        "These are N alone; the positions count too, and both are squared: N² M².": (1 / 8, 1 / 4, 1 / 2, 1, 1),
        "N and M are squared: N² M².": (32, 16, 8, 4, 1),
        "N is squared as well: N² M².": (8192, 1024, 128, 16, 1),
        "Is M squared as well? And does each pooling leave a quarter? (A half comes out the same.)": (4, 4, 4, 4, 1),
        "A pooling halves both sides: it leaves a quarter of the positions. And all is squared.": (2, 2, 2, 2, 1),
        "Each pooling leaves a quarter of what came before it: a quarter, then a sixteenth, and so on.":
            (1 / 4, 1 / 16, 1 / 4, 1, 1),
        "Each pooling leaves a quarter of what came before it. And all is squared.": (1 / 2, 1 / 4, 1 / 2, 1, 1),
        "Upside down: how much more does the copied formula count the first layer?":
            (1 / 1024, 1 / 256, 1 / 64, 1 / 16, 1),
        "That is the order from the last layer to the first.": (1 / 1024, 1 / 64, 1 / 16, 1 / 4, 1),
        "All is squared once: N² M².": right.astype(float) ** 2}
    for hint, mistake in mistakes.items():
        if near(given / given[-1], mistake):
            raise NotQuite(hint)
    first = [near(one, truth) for one, truth in zip(given, right, strict=True)].index(False)
    raise NotQuite(f"Factor {first + 1} is not right yet: yours is {given[first]:.5g}.")
