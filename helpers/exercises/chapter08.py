"""The checks of chapter 08: what else style could be, and pictures at once."""

import numpy as np

from helpers.exercises.engine import NotQuite, NotYet, expect, register, value


@register
def discrepancy(answer):
    """Exercise 08.1: MMD² with k = (xᵀy)²: mean k(x, x′) + mean k(y, y′) − 2 mean k(x, y)."""
    rng = np.random.default_rng(80)

    def of(kernel, own=1, cross=2, reduce=np.mean):
        return lambda x, y: own * (reduce(kernel(x, x)) + reduce(kernel(y, y))) - cross * reduce(kernel(x, y))

    def square(x, y):
        return (x @ y.T) ** 2

    def others(k):
        return (k.sum() - np.trace(k)) / (k.size - len(k)) if len(k) == len(k.T) else k.mean()
    expect(answer, of(square), {
        "The kernel is the *square* of the inner product: with xᵀy alone only the means are compared.":
            of(lambda x, y: x @ y.T),
        "The pairs of x with y count twice: k(x, y) and k(y, x).": of(square, cross=1),
        "What x and y have in common is taken off; you added it.": of(square, cross=-2),
        "Average over the pairs: a sum grows with the number of positions.": of(square, reduce=np.sum),
        "You took the average of xᵀy and squared that; square each pair's, then average.":
            of(lambda x, y: x @ y.T, reduce=lambda k: np.mean(k) ** 2),
        "That is its root; MMD² is wanted.": lambda x, y: np.sqrt(of(square)(x, y)),
        "That is the other way round: it must not be negative.": lambda x, y: -of(square)(x, y),
        "The pairs inside y are missing.": lambda x, y: np.mean(square(x, x)) - 2 * np.mean(square(x, y)),
        "The pairs inside x are missing.": lambda x, y: np.mean(square(y, y)) - 2 * np.mean(square(x, y)),
        "The pairs of x with y are missing: without them nothing is compared.": of(square, cross=0),
        "That is the middle term alone.": (lambda x, y: np.mean(square(x, y)), lambda x, y: 2 * np.mean(square(x, y))),
        "Keep the pairs of a position with itself: the Gram matrix has them too.": of(square, reduce=others),
        "x.T @ y pairs maps; here positions are paired: x @ y.T.":
            (of(lambda x, y: (x.T @ y) ** 2), lambda x, y: np.mean((x.T @ x) ** 2) + np.mean((y.T @ y) ** 2)),
        "x * y multiplies row by row; every position of x meets every one of y: x @ y.T.":
            (of(lambda x, y: (x * y) ** 2), of(lambda x, y: np.sum(x * y, axis=1) ** 2)),
        "That is the Gaussian kernel's distance; here it is (xᵀy)².":
            of(lambda x, y: np.exp(-np.sum((x[:, None] - y[None]) ** 2, axis=-1) / 2))},
        [(rng.uniform(size=(5, 3)), rng.uniform(size=(7, 3)) + 1), (rng.normal(size=(6, 4)), rng.normal(size=(4, 4)))])
    return "And it is ‖G − A‖²: the style loss compares two clouds of features, every point with every point."


@register
def wasserstein(answer):
    """Exercise 08.2: the squared Wasserstein distance in one dimension, mean (sort x − sort y)²."""
    rng = np.random.default_rng(81)
    expect(answer, lambda x, y: np.mean((np.sort(x) - np.sort(y)) ** 2), {
        "Sort both: else it is the distance of the two rows in the order in which they stand.":
            lambda x, y: np.mean((x - y) ** 2),
        "Both rows have to be sorted; one of yours still is as it was.":
            (lambda x, y: np.mean((np.sort(x) - y) ** 2), lambda x, y: np.mean((x - np.sort(y)) ** 2)),
        "Average: a sum grows with the number of values.": lambda x, y: np.sum((np.sort(x) - np.sort(y)) ** 2),
        "Square the differences; yours are absolute values: that is the distance of order one.":
            lambda x, y: np.mean(np.abs(np.sort(x) - np.sort(y))),
        "Without a square, what lies above and what lies below cancel: that is the difference of the means.":
            (lambda x, y: np.mean(np.sort(x) - np.sort(y)), lambda x, y: abs(np.mean(x) - np.mean(y))),
        "Square each difference, then average; you did it the other way round, and compare the means alone.":
            lambda x, y: np.mean(np.sort(x) - np.sort(y)) ** 2,
        "That is its root; the squared distance is wanted.":
            (lambda x, y: np.sqrt(np.mean((np.sort(x) - np.sort(y)) ** 2)),
             lambda x, y: np.linalg.norm(np.sort(x) - np.sort(y))),
        "np.argsort gives places, not values: np.sort.": lambda x, y: np.mean((np.argsort(x) - np.argsort(y)) ** 2),
        "Both in the same direction: the largest belongs to the largest.":
            (lambda x, y: np.mean((np.sort(x) - np.sort(y)[::-1]) ** 2),
             lambda x, y: np.mean((np.sort(x)[::-1] - np.sort(y)) ** 2)),
        "Those are the second moments, which the Gram matrix knows already.":
            (lambda x, y: (np.mean(x ** 2) - np.mean(y ** 2)) ** 2, lambda x, y: np.mean(x ** 2) - np.mean(y ** 2)),
        "Average the squares to one number.": lambda x, y: (np.sort(x) - np.sort(y)) ** 2,
        "Those are the differences; square and average them.": lambda x, y: np.sort(x) - np.sort(y),
        "That is the largest difference; average all of them.":
            tuple(lambda x, y, power=power: np.max(np.abs(np.sort(x) - np.sort(y)) ** power) for power in (1, 2))},
        [(rng.uniform(size=8), rng.uniform(size=8) * 1.5), (rng.normal(size=11), rng.normal(size=11) - 1)])
    return "Sorted, the smallest goes to the smallest: no cheaper way to carry one histogram into the other exists."


@register
def nearest_feature(answer):
    """Exercise 08.3: for each row of `features` the row of `style` with the largest cosine."""
    rng = np.random.default_rng(84)

    def cosine(a, b):
        return (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)

    def euclidean(a, b):
        return -np.sum((a[:, None] - b[None]) ** 2, axis=-1)

    def choose(likeness, pick=np.argmax):
        return lambda features, style: style[pick(likeness(features, style), axis=1)]

    def rows(z):
        return z / np.linalg.norm(z, axis=1)[:, None]
    expect(answer, choose(cosine), {
        "Divide by the lengths: without that the longest feature of the style wins everywhere.":
            (choose(lambda a, b: a @ b.T), choose(lambda a, b: (a @ b.T) / np.linalg.norm(a, axis=1)[:, None])),
        "That is the nearest by distance; by cosine the length does not count.": choose(euclidean),
        "Those are the least similar ones: the largest cosine is wanted.": choose(cosine, np.argmin),
        "Those are the places in `style`; take its rows there: style[…].":
            (lambda f, s: np.argmax(cosine(f, s), axis=1), lambda f, s: np.argmax(f @ s.T, axis=1)),
        "Those are the cosines; the rows of `style` where they are largest are wanted.":
            (cosine, lambda f, s: cosine(f, s).max(axis=1)),
        "For each row of `features`: the largest along axis 1.":
            (lambda f, s: f[np.argmax(cosine(f, s), axis=0)], lambda f, s: s[np.argmax(cosine(f, s), axis=0) % len(s)]),
        "You return the photograph's own rows; the style's are wanted.":
            lambda f, s: f[np.argmax(cosine(f, s), axis=1) % len(f)],
        "Return the style's rows as they are: the unit lengths are for the comparison only.":
            lambda f, s: rows(s)[np.argmax(cosine(f, s), axis=1)],
        "Divide each row by its own length: axis=1.":
            choose(lambda a, b: (a / np.linalg.norm(a, axis=0)) @ (b / np.linalg.norm(b, axis=0)).T),
        "A row each: without an axis np.argmax finds one place in all.": choose(cosine, lambda c, axis: c.argmax() % 6),
        "A mixture of the style's rows is none of them: take the nearest alone.":
            lambda f, s: (np.exp(cosine(f, s)) / np.exp(cosine(f, s)).sum(1, keepdims=True)) @ s},
        [(rng.normal(size=(9, 3)), rng.normal(size=(6, 3)) * rng.uniform(0.2, 4, (6, 1))),
         (rng.normal(size=(5, 4)), rng.normal(size=(8, 4)) * rng.uniform(0.2, 4, (8, 1)))])
    return "Each position has found the piece of the style that is most like it; all of NNST stands on this line."


@register
def instance_norm(answer):
    """Exercise 08.4: (x − μ) / √(σ² + 1e-5), over height and width of each picture and map."""
    rng = np.random.default_rng(82)

    def over(axes, root=np.sqrt, epsilon=1e-5, centre=True):
        def normalised(x):
            mean, variance = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
            return (x - mean * centre) / root(variance + epsilon)
        return normalised
    spread = rng.uniform(0.001, 0.02, (2, 1, 1, 3))
    expect(answer, over((1, 2)), {
        "That is batch normalisation: the pictures of a batch must not see each other. Average over height and width.":
            over((0, 1, 2)),
        "That is layer normalisation: each map has a mean of its own. Average over height and width.":
            over((1, 2, 3)),
        "One mean for everything; each picture and each map has its own.": over((0, 1, 2, 3)),
        "That is over the maps, at each position; average over the positions, for each map.": over(3),
        "Over height *and* width: axis=(1, 2).": (over(1), over(2)),
        "axis=(1, 2): you averaged over pictures and rows.": over((0, 1)),
        "Divide by the root of the variance.": (over((1, 2), root=lambda x: x), over((1, 2), root=np.square)),
        "1e-5 stands inside the root, beside the variance.":
            (lambda x: (x - x.mean((1, 2), keepdims=True)) / (x.std((1, 2), keepdims=True) + 1e-5),
             over((1, 2), epsilon=0)),
        "Take the mean off first.": over((1, 2), centre=False),
        "Take the mean off, and divide by the spread too.": lambda x: x - x.mean((1, 2), keepdims=True),
        "Multiply by 1 / √…; you multiplied by the root itself.":
            over((1, 2), root=lambda variance: 1 / np.sqrt(variance)),
        "Plus 1e-5, not minus.": over((1, 2), epsilon=-1e-5),
        "Without keepdims=True mean and picture do not fit each other.":
            lambda x: (x - x.mean((1, 2))) / np.sqrt(x.var((1, 2)) + 1e-5)},
        [(rng.uniform(size=(2, 4, 5, 3)) * spread + rng.uniform(size=(2, 1, 1, 3)),)])
    return "Each map with mean 0 and spread 1: the photograph's own contrast is gone, and the style may set another."


@register
def adain(answer):
    """Exercise 08.5: σ(y) (x − μ(x)) / σ(x) + μ(y), over height and width of each picture and map."""
    rng = np.random.default_rng(83)

    def both(x, y):
        return [(z.mean((1, 2), keepdims=True), z.std((1, 2), keepdims=True)) for z in (x, y)]

    def formula(write):
        return lambda x, y: write(x, y, *both(x, y)[0], *both(x, y)[1])
    expect(answer, formula(lambda x, y, mx, sx, my, sy: sy * (x - mx) / sx + my), {
        "The other way round: x keeps its places and takes y's mean and spread.":
            formula(lambda x, y, mx, sx, my, sy: sx * (y - my) / sy + mx),
        "Add y's mean at the end.": formula(lambda x, y, mx, sx, my, sy: sy * (x - mx) / sx),
        "You gave x its own mean back: it takes y's.": formula(lambda x, y, mx, sx, my, sy: sy * (x - mx) / sx + mx),
        "Multiply by y's spread.": formula(lambda x, y, mx, sx, my, sy: (x - mx) / sx + my),
        "Divide by x's own spread first.": formula(lambda x, y, mx, sx, my, sy: sy * (x - mx) + my),
        "The spreads stand upside down: σ(y) / σ(x).": formula(lambda x, y, mx, sx, my, sy: sx * (x - mx) / sy + my),
        "Spreads, not variances: np.std.": formula(lambda x, y, mx, sx, my, sy: sy ** 2 * (x - mx) / sx ** 2 + my),
        "Take x's mean off, not y's.": formula(lambda x, y, mx, sx, my, sy: sy * (x - my) / sx + my),
        "Take x's mean off before you multiply.": formula(lambda x, y, mx, sx, my, sy: sy * x / sx + my),
        "The mean is not scaled: my stands outside the brackets.":
            formula(lambda x, y, mx, sx, my, sy: sy * ((x - mx) / sx + my)),
        "Minus x's mean, plus y's.": formula(lambda x, y, mx, sx, my, sy: sy * (x - mx) / sx - my),
        "Each map has its own mean and spread: axis=(1, 2), keepdims=True.":
            (lambda x, y: y.std() * (x - x.mean()) / x.std() + y.mean(),
             lambda x, y: y.std((1, 2, 3), keepdims=True) * (x - x.mean((1, 2, 3), keepdims=True))
             / x.std((1, 2, 3), keepdims=True) + y.mean((1, 2, 3), keepdims=True)),
        "That is instance normalisation; y's mean and spread go on top.":
            formula(lambda x, y, mx, sx, my, sy: (x - mx) / sx)},
        [(rng.uniform(size=(1, 4, 5, 3)) * [1, 2, 3], rng.normal(size=(1, 6, 3, 3)) + [0.5, 1, 2]),
         (rng.normal(size=(2, 3, 4, 2)) * [2, 0.5], rng.uniform(size=(2, 4, 5, 2)) * [3, 4])])
    return "Mean and spread of every map, exchanged in one line: any style, without a descent."


@register
def break_even(answer):
    """Exercise 08.6: training / (optimisation − one pass), all in seconds."""
    expect(answer, lambda training, descent, one: training / (descent - one), {
        "Each picture costs a pass of the network too: it saves descent − one.": lambda t, d, o: t / d,
        "Each picture *saves* the difference; you added.": lambda t, d, o: t / (d + o),
        "It saves a descent and costs a pass: descent − one, not the other way round.": lambda t, d, o: t / (o - d),
        "That is how many pictures the network paints in that time. What does each of them save?":
            lambda t, d, o: t / o,
        "Upside down: longer training must need more pictures.": lambda t, d, o: (d - o) / t,
        "Brackets: division comes before the minus.": lambda t, d, o: t / d - o,
        "That is what one picture saves; how often does it go into the training?": lambda t, d, o: d - o,
        "That is how many times faster one picture is; the training has to be paid for.": lambda t, d, o: d / o,
        "The training is paid for once; divide it by what each picture saves.":
            (lambda t, d, o: t * (d - o), lambda t, d, o: t - (d - o)),
        "That compares the first picture alone.": (lambda t, d, o: d / (t + o), lambda t, d, o: (t + o) / d)},
        [(3600.0, 12.0, 0.05), (4500.0, 30.0, 0.2), (600.0, 5.0, 1.0)])
    return "Before that many pictures the descent was the quicker way; after it, the network."


@register
def own_statistic(answer):
    """Exercise 08.7: a function of TensorFlow's from (B, H, W, N) to numbers, as many for any H and W, with a slope."""
    import tensorflow as tf  # here, so that the other checks need not wait for it

    from helpers import losses, statistics

    if not callable(answer):
        raise NotQuite("Hand over the function itself: its name, without brackets behind it.")
    rng = np.random.default_rng(85)
    small, large = (tf.constant(rng.uniform(size=(1, *shape, 4)).astype(np.float32)) for shape in ((6, 5), (4, 8)))
    silent, results = tf.zeros_like(small), []
    with tf.GradientTape(persistent=True) as tape:
        for features in (small, large, silent):
            tape.watch(features)
            result = answer(features)
            if result is ...:
                raise NotYet
            value(result)
            if not (tf.is_tensor(result) and result.dtype.is_floating):
                raise NotQuite("It has no slope: compute with TensorFlow from beginning to end, not with NumPy.")
            results.append(result)
    ours, other, quiet = results
    if ours.shape != other.shape:
        raise NotQuite(f"From pictures of two sizes you get the shapes {tuple(ours.shape)} and {tuple(other.shape)}: "
                       "average over the positions, so that any two pictures can be compared.")
    slopes = [tape.gradient(result, features) for result, features in ((ours, small), (quiet, silent))]
    if not all(np.isfinite(one).all() for one in (ours, quiet, *(s for s in slopes if s is not None))):
        raise NotQuite("Where a map is silent everywhere your slope is not finite: a root needs a small number under "
                       "it, a quotient one below the line.")
    if slopes[0] is None or not np.any(slopes[0]):
        raise NotQuite("Its slope is 0 everywhere: counting, rounding and comparing leave nothing to follow.")
    for name, known in {"the Gram matrix": losses.gram_matrix, "the means": statistics.means,
                        "means and spreads": statistics.means_and_spreads, "the histograms": statistics.histograms,
                        "sliced Wasserstein": statistics.sliced}.items():
        if known(small).shape == ours.shape and np.allclose(known(small), ours, rtol=1e-3):
            raise NotQuite(f"That is {name}, which the table has already: change something.")
    moved = value(answer(tf.roll(small, (2, 1), axis=(1, 2))))
    kept = float(np.abs(moved - ours).max() / np.abs(ours).max())
    return "It runs, and has a slope. " + ("It forgets where." if kept < 1e-3 else
                                           "It still knows where, or how neighbours go together.")
