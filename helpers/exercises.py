"""The checks that answer an exercise: each knows the right answer, and the usual wrong ones by name.

An exercise's stub leaves `...` where the learner's line belongs. `check(name, answer)` says "Right", "Not yet" for an
untouched stub, or what went wrong; it never raises, so that "Run All" goes through.
"""

import numpy as np

from helpers import descent

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
    if truth.size == 1:
        raise NotQuite(f"It should be {truth.flat[0]:.5g}, yours is {result.flat[0]:.5g}.")
    off = np.abs(result - truth) > tolerance * np.abs(truth).max()
    first = int(np.argmax(off.flat if off.any() else np.abs(result - truth).flat))
    if truth.size <= 6:                        # worked out on paper: the number would give it away
        raise NotQuite(f"Value {first + 1} of {truth.size} is not right yet: yours is {result.flat[first]:.5g}.")
    raise NotQuite(f"Of {truth.size} values {max(1, off.sum())} are not right; value {first + 1} should be "
                   f"{truth.flat[first]:.5g}, yours is {result.flat[first]:.5g}.")


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


# --- Chapter 01: what a CNN sees ---------------------------------------------------------------------------

@register("deprocess")
def _(answer):
    rng, mean = np.random.default_rng(1), np.array([103.939, 116.779, 123.68])      # of B, G, R
    picture = rng.uniform(size=(4, 5, 3))
    x = picture[..., ::-1] * 255 - mean
    compare(answer(x.copy()), picture, {
        "The colours are still in the order BGR.": (x + mean) / 255,
        "You add the means of B, G, R to R, G, B: add first, then turn the order.": (x[..., ::-1] + mean) / 255,
        "To undo a subtraction, add: yours subtracts the means once more.": ((x - mean) / 255)[..., ::-1],
        "The values still run up to 255.": (x + mean)[..., ::-1],
        "Add the means before you divide: they are in units of 0…255.": (x / 255 + mean)[..., ::-1],
        "The means are missing.": (x / 255)[..., ::-1]})
    return "Your function turns the network's input back into the picture."


@register("one_activation")
def _(answer):
    rng = np.random.default_rng(2)
    x, kernel, bias = rng.normal(size=(8, 9, 5)), rng.normal(size=(3, 3, 5)), 1.5
    places = [(r, c) for r in range(1, 4) for c in range(1, 7)]

    def all_of(function):
        return [value(function(x.copy(), kernel.copy(), bias, r, c)) for r, c in places]

    def sums(k, shift=0, source=x):
        return np.array([np.sum(source[r - 1 + shift:r + 2 + shift, c - 1 + shift:c + 2 + shift] * k)
                         for r, c in places])
    given = all_of(answer)
    if given[0].shape != ():
        raise NotQuite(f"One activation is one number; yours has the shape {given[0].shape}. Add up all products.")
    compare(given, np.maximum(sums(kernel) + bias, 0), {
        "The ReLU is missing: a negative sum becomes 0.": sums(kernel) + bias,
        "The bias is missing.": np.maximum(sums(kernel), 0),
        "Bias and ReLU are missing.": sums(kernel),
        "The bias comes before the ReLU, not after it.": np.maximum(sums(kernel), 0) + bias,
        "Your patch starts at (row, column); the unit sits in its middle.": np.maximum(sums(kernel, 1) + bias, 0),
        "You turned the kernel: TensorFlow's convolution multiplies it as it stands.":
            np.maximum(sums(kernel[::-1, ::-1]) + bias, 0),
        "That is the mean of the products; the convolution adds them up.":
            np.maximum(sums(kernel) / kernel.size + bias, 0)})
    return "That is all a unit does: multiply, add up, add the bias, cut off below 0."


@register("one_kernel")
def _(answer):
    counts = [1, 2, 3, 4, 7]
    answers = [answer(n) for n in counts]
    if answers[0] in (..., None):
        raise NotYet
    if any(not isinstance(a, tuple) or len(a) != 2 for a in answers):
        raise NotQuite("Return two numbers: the size, and the share of the weights.")
    sizes, shares = ([value(a[i]) for a in answers] for i in (0, 1))
    n = np.array(counts)
    compare(sizes, 2 * n + 1, {
        "The kernels overlap: each new one adds 2 pixels, not 3.": 3 * n,
        "That is the reach to one side; the field goes to both sides and has a middle.": n,
        "The middle pixel is missing.": 2 * n}, 1e-6)
    compare(shares, 9 * n / (2 * n + 1) ** 2, {
        "Turn the fraction round: stack over single.": (2 * n + 1) ** 2 / (9 * n),
        "A kernel has an area: 3 × 3 weights, and size × size.": 3 * n / (2 * n + 1),
        "That is one layer of the stack; it has n.": 9 / (2 * n + 1) ** 2})
    return "Three 3×3 layers see 7×7 pixels with 55 % of the weights, and cut off below 0 three times instead of once."


@register("realign")
def _(answer):
    rng = np.random.default_rng(3)
    original = np.maximum(rng.normal(size=(6, 11, 4)), 0)
    changed = np.roll(original, 2, axis=1) + 0.1 * rng.normal(size=original.shape)

    def change(steps, axis=1):
        return np.linalg.norm(np.roll(changed, steps, axis) - original) / np.linalg.norm(original)
    back = np.roll(changed, -2, 1)
    compare(answer(changed.copy(), original.copy(), 16, 8), change(-2), {
        "You rolled on to the right; the way back is a negative step.": change(2),
        "You rolled by pixels; one position of the layer is `jump` pixels.": change(-16),
        "You rolled along the rows: axis 1 is the width.": change(-2, 0),
        "Nothing has been rolled back yet.": change(0),
        "That is the square of the relative change.": change(-2) ** 2,
        "Divide by the length of the original.": np.linalg.norm(back - original),
        "Divide by the original, not by the changed activations.":
            np.linalg.norm(back - original) / np.linalg.norm(back)})
    return "The flower's activations had moved along with it."


@register("one_unit")
def _(answer):
    sums = np.random.default_rng(4).normal(size=(1, 8, 9, 8)).astype(np.float32)
    compare(answer(sums, 6, 7, 3, 4), sums[0, 1, 0, 6], {
        "Row and column are the wrong way round: y chooses the row.": sums[0, 0, 1, 6],
        "(y, x) are pixels; one position of the layer is `jump` pixels: divide, and drop the remainder.":
            sums[0, 7, 3, 6],
        "Drop the remainder, //, instead of rounding: the pixels 4 to 7 belong to position 1.": sums[0, 2, 1, 6],
        "That is the mean of the whole map: pick one position.": sums[0, :, :, 6].mean(),
        "The axes are (picture, row, column, map), in this order.": sums[0, 6, 1, 0],
        "Choose the map n as well.": sums[0, 1, 0]})
    return "The unit whose pixels lie around (y, x) is at row y // jump, column x // jump."


# --- Chapter 02: content loss ---------------------------------------------------------------------------------

@register("scaled")
def _(half, negative, twice):
    compare([value(part) for part in (half, negative, twice)], [0.25, 4, 1], {
        "That is the norm; the relative distance is its square.": [0.5, 2, 1],
        "You divided by the square of the picture that was made; the measure is P.": [1, 4, 0.25]})
    return "½P: 0.25. −P: 4, the farthest, though a human would call it the same picture. 2P: 1, as far as a blank."


@register("growth")
def _(paper_larger, paper_scaled, relative_larger, relative_scaled):
    given = [value(part) for part in (paper_larger, paper_scaled, relative_larger, relative_scaled)]
    for n, mistake, hint in (
            (0, 2, "Twice the width and twice the height: that is four times as many positions."),
            (0, 16, "The positions are four times as many, but each term of the sum stays as large as it was."),
            (1, 10, "F and P grow by 10, and so does F − P; then it is squared."),
            (1, 50, "The ½ was there before, too: it does not change the factor."),
            (2, 4, "Above the line and below it there are four times as many terms."),
            (3, 100, "Both sums grow by 100, the one above the line and the one below."),
            (3, 10, "Both sums grow by the same factor."),
            *((n, 0, "No growth is the factor 1, not 0.") for n in range(4))):
        if near(given[n], mistake):
            raise NotQuite(hint)
    compare(given, [4, 100, 1, 1])
    return "The paper's loss grows by 4 and by 100; the relative one stays. So one weight fits all pictures."


@register("relative_gradient")
def _(answer):
    rng = np.random.default_rng(5)
    features, target = np.maximum(rng.normal(size=(2, 4, 5, 3)), 0)
    size, mask = np.sum(target ** 2), features > 0
    truth = 2 * mask * (features - target) / size
    compare(answer(features.copy(), target.copy()), truth, {
        "The mask is missing: a unit that is shut (F = 0) passes no gradient on.": 2 * (features - target) / size,
        "The 2 is missing: there is no ½ here that cancels it.": truth / 2,
        "The 2 and the mask are missing.": (features - target) / size,
        "That is the paper's loss; divide by ‖P‖², and mind the 2.": truth * size / 2,
        "Divide by ‖P‖², the sum of the target's squares.": truth * size,
        "You divided by ‖P‖; the norm is squared.": truth * np.sqrt(size),
        "You divided by ‖F‖²; the measure is the target.": truth * size / np.sum(features ** 2),
        "The sign is turned round: with growing F it is F − P that grows.": -truth,
        "Your mask asks the target; it is the unit's own F that is open or shut.":
            2 * (target > 0) * (features - target) / size,
        "Your mask cuts off F − P below 0; a unit that is open and too weak has a negative gradient.":
            2 * np.maximum(features - target, 0) / size,
        "That is the loss itself; its derivative has one number for each unit.":
            np.sum((features - target) ** 2) / size})
    return "This is what flows back from the content layer at each step of the transfer."


@register("l1_distance")
def _(answer):
    features, target = np.random.default_rng(6).normal(size=(2, 4, 5, 3)) + 0.2
    total = np.sum(np.abs(features - target))
    compare(answer(features.copy(), target.copy()), total / np.sum(np.abs(target)), {
        "Differences of both signs cancel: take the absolute value of each, then add.":
            np.abs(np.sum(features - target)) / np.sum(np.abs(target)),
        "Divide by Σ |P|, to make it relative.": total,
        "Below the line, too, take absolute values before you add.": total / np.sum(target),
        "Below the line is the sum of the target's absolute values, not of its squares.": total / np.sum(target ** 2),
        "That is the squared distance again.": np.sum((features - target) ** 2) / np.sum(target ** 2)})
    return "L1: one large difference counts as much as ten of a tenth."


@register("cosine_distance")
def _(answer):
    features, target = np.random.default_rng(7).normal(size=(2, 4, 5, 3)) + 0.5
    dot, lengths = np.sum(features * target), np.linalg.norm(features) * np.linalg.norm(target)
    compare(answer(features.copy(), target.copy()), 1 - dot / lengths, {
        "That is the cosine itself: 1 for the same. A distance is 0 for the same.": dot / lengths,
        "Divide by both lengths.": 1 - dot,
        "You divided by the squared lengths; take the roots.": 1 - dot / lengths ** 2,
        "You divided by ‖P‖² alone; one factor is ‖F‖.": 1 - dot / np.sum(target ** 2),
        "Put the product of the two lengths into brackets: a / b * c multiplies by c.":
            1 - dot / np.linalg.norm(features) * np.linalg.norm(target)})
    if not near(answer(3 * features, target), 1 - dot / lengths):
        raise NotQuite("It should not change when F is multiplied by 3.")
    return "The cosine asks for the direction alone: three times the activations are no difference to it."


@register("without_place")
def _(answer):
    features, target = np.random.default_rng(8).uniform(size=(2, 4, 5, 3))
    one, two = features.mean(axis=(0, 1)), target.mean(axis=(0, 1))
    compare(answer(features.copy(), target.copy()), np.sum((one - two) ** 2) / np.sum(two ** 2), {
        "That is the distance with places: take the means first.":
            np.sum((features - target) ** 2) / np.sum(target ** 2),
        "You averaged over the maps; average over rows and columns, axes 0 and 1.":
            np.sum((features.mean(2) - target.mean(2)) ** 2) / np.sum(target.mean(2) ** 2),
        "You averaged over everything; each map keeps a mean of its own.":
            (features.mean() - target.mean()) ** 2 / target.mean() ** 2,
        "You averaged over the rows alone; the columns are positions, too.":
            np.sum((features.mean(0) - target.mean(0)) ** 2) / np.sum(target.mean(0) ** 2),
        "Relative: divide by the squares of the target's means.": np.sum((one - two) ** 2),
        "Divide by the target's squares added up: one number, not N.": (one - two) ** 2 / two ** 2,
        "The relative distance is the squared one, without a root.": np.linalg.norm(one - two) / np.linalg.norm(two),
        "Add up the squares above and below the line first, then divide.": np.sum((one - two) ** 2 / two ** 2)})
    return "Positions may be shuffled as you like. Chapter 03 does the same with pairs of maps."


# --- Chapter 03 -------------------------------------------------------------------------------------------

@register("gram")
def _gram(gram):
    features = np.random.default_rng(0).normal(size=(4, 5, 3))
    flat = features.reshape(-1, 3)
    truth = flat.T @ flat / 20
    compare(gram(features), truth, {
        "That is the sum over positions; here it is the mean: divide by rows · columns.": truth * 20,
        "You divided by the number of maps; divide by the number of positions, rows · columns.": truth * 20 / 3,
        "You divided by rows · columns · maps; only the positions are averaged over.": truth / 3,
        "You multiplied positions with positions. Transpose: one row for each map.": flat @ flat.T / 20,
        "That is positions with positions, not averaged. Transpose: one row for each map.": flat @ flat.T,
        "You subtracted the mean first: that is the covariance.": np.cov(flat, rowvar=False, bias=True),
        "The reshape mixed maps and positions: put the maps last, reshape(-1, maps).":
            features.reshape(3, -1) @ features.reshape(3, -1).T / 20,
    })
    return "Symmetric, maps by maps, and no trace of where."


@register("correlations")
def _correlations(correlations):
    flat = np.random.default_rng(5).uniform(size=(20, 4)) * [1, 2, 3, 4]
    gram = flat.T @ flat / 20
    strength = np.diag(gram)
    compare(correlations(gram.copy()), gram / np.sqrt(np.outer(strength, strength)), {
        "The square root is missing: the diagonal holds squared lengths.": gram / np.outer(strength, strength),
        "You divided each column by its own strength; both maps count: np.outer.": gram / strength,
        "You divided each row by its own strength; both maps count: np.outer.": gram / strength[:, None],
        "You divided by one map's length alone; both maps count: np.outer.": gram / np.sqrt(strength),
        "That is centred: the means, which a Gram matrix cannot give, are not subtracted here.": np.corrcoef(flat.T),
        "np.corrcoef takes the maps themselves, and here are their inner products.": np.corrcoef(gram),
    })
    return "1 on the diagonal: each map goes perfectly together with itself."


@register("covariance")
def _covariance(covariance):
    flat = np.random.default_rng(1).normal(size=(20, 3)) + [1, 2, 3]
    gram, mean = flat.T @ flat / 20, flat.mean(axis=0)
    truth = np.cov(flat, rowvar=False, bias=True)
    compare(covariance(gram, mean), truth, {
        "You added the means' product; the covariance is what is left without it.": gram + np.outer(mean, mean),
        "mean * mean gives N numbers, taken from each row; the outer product has N × N.": gram - mean * mean,
        "mean @ mean is one number; np.outer gives the N × N products.": gram - mean @ mean,
        "You subtracted the mean itself; its outer product with itself is what stands in the sum.": gram - mean,
    })
    return "A Gram matrix holds mean and covariance, but only their sum."


@register("layer_loss")
def _layer_loss(layer_loss):
    rng = np.random.default_rng(2)
    features, target = rng.normal(size=(2, 4, 5, 3))
    one, two = features.reshape(-1, 3), target.reshape(-1, 3)
    difference = one.T @ one - two.T @ two
    square, n, m = np.sum(difference ** 2), 3, 20
    compare(layer_loss(features, target), square / (4 * n ** 2 * m ** 2), {
        "The difference must be squared before it is added up.": np.sum(difference) / (4 * n ** 2 * m ** 2),
        "Nothing is divided yet: the divisor is 4 N² M².": square,
        "M² is missing in the divisor: these Gram matrices are sums over M positions.": square / (4 * n ** 2),
        "N² is missing in the divisor.": square / (4 * m ** 2),
        "N and M are squared in the divisor.": square / (4 * n * m),
        "The 4 is missing in the divisor.": square / (n ** 2 * m ** 2),
        "You averaged over positions and divided by M² as well: once is enough.": square / (4 * n ** 2 * m ** 4),
        "That is the distance of the activations, content; style compares Gram matrices.":
            np.sum((features - target) ** 2),
    })
    return "That is the paper's equation 4."


@register("factors")
def _factors(factors):
    given = value(factors)
    if given.shape == (5,) and given[-1] not in (0, 1) and near(given / given[-1], [1024, 256, 64, 16, 1]):
        raise NotQuite("Right but for the scale: divide all five by the fifth.")
    compare(factors, [1024, 256, 64, 16, 1], {
        "These are M² alone; the maps count too: N² M².": [65536, 4096, 256, 16, 1],
        "These are N² alone; the positions count too: N² M².": [1 / 64, 1 / 16, 1 / 4, 1, 1],
        "N and M are squared: N² M².": [32, 16, 8, 4, 1],
        "Upside down: how much more does the copied formula count the first layer?":
            [1 / 1024, 1 / 256, 1 / 64, 1 / 16, 1],
        "That is the order from the last layer to the first.": [1, 16, 64, 256, 1024],
    })
    return "The first layer counts 1024 times the last: colours win, strokes lose."


# --- Chapter 04: the total loss ------------------------------------------------------------------------------

@register("total_loss")
def _(answer):
    rng = np.random.default_rng(40)
    F, P = rng.uniform(size=(3, 4, 5)), 2 * rng.uniform(size=(3, 4, 5))
    G, A = ([n * rng.uniform(size=(n, n)) for n in sizes] for sizes in [(2, 4, 6)] * 2)
    content, blank = np.sum((F - P) ** 2), np.sum(P ** 2)
    style = np.array([np.sum((g - a) ** 2) for g, a in zip(G, A, strict=True)])
    size = np.array([np.sum(a ** 2) for a in A])

    def total(c, s):
        return 2 * c + 30 * s
    right = content / blank, np.mean(style / size)
    compare(answer(F, P, G, A, 2, 30), total(*right), {
        "There need not be five layers: take the mean over those in the list.":
            total(right[0], np.sum(style / size) / 5),
        "The style distances are added; here it is their mean over the layers.": total(right[0], np.sum(style / size)),
        "The differences are not divided by ‖P‖² and ‖A‖² yet.": total(content, np.mean(style)),
        "Content is not divided by ‖P‖² yet.": total(content, right[1]),
        "Style is not divided by ‖A‖² yet, layer by layer.": total(right[0], np.mean(style)),
        "Divide each layer by its own ‖A‖², then average; you divided the sum by the sum.":
            total(right[0], np.sum(style) / np.sum(size)),
        "Divide by the target P, not by F: the measure must not move with the picture.":
            total(content / np.sum(F ** 2), right[1]),
        "The paper's ½ belongs to its sum, not to the relative distance.": total(right[0] / 2, right[1]),
        "You took lengths; these distances are squared.": total(np.sqrt(right[0]), np.mean(np.sqrt(style / size))),
        "The two weights are the wrong way round.": 30 * right[0] + 2 * right[1],
        "The weights are missing.": sum(right)})
    return "One number for both wishes, and each term is 0 when reached and 1 for a blank."


@register("to_relative")
def _(answer):
    rng = np.random.default_rng(41)
    P, A = rng.uniform(size=(3, 4, 5)), [rng.uniform(size=(n, n)) for n in (2, 3, 4, 5, 6)]
    content, styles = answer(P, A, 0.3, 70.0)
    if styles is ... or any(s is ... for s in styles):
        raise NotYet
    blank, size = np.sum(P ** 2), np.array([np.sum(a ** 2) for a in A])
    n = np.array([len(a) for a in A])
    compare(content, 0.3 * blank / 2, {
        "Content: the paper's ½ is missing.": 0.3 * blank,
        "Content: that is the way from ours to the paper's; solve for c.": 2 * 0.3 / blank,
        "Content: 2 is in the wrong place: c = α · ½ · ‖P‖².": 2 * 0.3 * blank})
    right = 70 / 5 * size / (4 * n ** 2)
    compare(styles, right, {
        "Style: w_l = 1/5 is missing.": 5 * right,
        "Style: that is the way from ours to the paper's; solve for s.": 4 * n ** 2 * 70 / 5 / size,
        "Style: the 4 is missing.": 4 * right,
        "Style: N is squared in the paper's E_l.": right * n,
        "Style: 4 N² divides; yours multiplies.": 70 / 5 * size * 4 * n ** 2})
    return "Five layers, five weights: what the paper's equal w_l mean in relative terms."


@register("relative_style_gradient")
def _(answer):
    rng = np.random.default_rng(42)
    Z, A = rng.normal(size=(7, 4)), np.cov(rng.normal(size=(4, 20)))
    F = np.maximum(Z, 0)
    right = 4 * F @ (F.T @ F / 7 - A) / (7 * np.sum(A ** 2)) * (Z > 0)
    free = 4 * F @ (F.T @ F / 7 - A) / (7 * np.sum(A ** 2))
    compare(answer(Z.copy(), A.copy()), right, {
        "The mask is missing: where Z ≤ 0 the slope is 0.": free,
        "Half of it: each F stands in G twice, as left and as right factor.": right / 2,
        "A factor 4 is missing: 2 from the square, 2 since F stands in G twice.": right / 4,
        "That is the slope of the paper's E_l; here no 4 N² divides, but ‖A‖².": right * np.sum(A ** 2) / (4 * 4 ** 2),
        "1/M is missing: G is a mean over the positions.": right * 7,
        "M once, not squared: the other one is inside G.": right / 7,
        "‖A‖² is missing.": right * np.sum(A ** 2),
        "The sign is turned: the slope points up, to a larger loss.": -right,
        "‖A‖² is the sum of squares, without a root.": right * np.sqrt(np.sum(A ** 2))})
    return "It is what TensorFlow computes for a style layer in every step of this course."


@register("variation_gradient")
def _(answer):
    x = np.random.default_rng(43).uniform(size=9)
    d = np.diff(x)
    right = 2 * (np.r_[0, d] - np.r_[d, 0])
    compare(answer(x.copy()), right, {
        "The sign is turned: a pixel above its neighbours must have a positive slope.": -right,
        "The 2 of the square is missing.": right / 2,
        "Each inner pixel is in two differences; you have only the one to its right.": -2 * np.r_[d, 0],
        "Each inner pixel is in two differences; you have only the one to its left.": 2 * np.r_[0, d],
        "The ends have one neighbour each; yours are left out.": right[1:-1],
        "The row is no ring: its ends are no neighbours.": 2 * (2 * x - np.roll(x, 1) - np.roll(x, -1)),
        "That is one value for each difference; there is one for each pixel.": 2 * d})
    return "Minus twice the second difference: going down this slope is blurring."


@register("same_picture")
def _(content, style, smoothness):
    if not near(content, 2):
        raise NotQuite("Leave the content weight at 2 and choose the other two.")
    if near(style, 40) != near(smoothness, 12):
        raise NotQuite("One of the two is right; both take the same factor.")
    compare([style, smoothness], [40, 12], {
        "You added 1.5 to each; ratios are kept by multiplying.": [11.5, 4.5],
        "You doubled; from 0.5 to 2 is another factor.": [20, 6],
        "Only the content has changed: that is another mixture.": [10, 3],
        "You divided where content was multiplied.": [2.5, 0.75]})
    return "All three times four: four times the loss, and its least value at the same picture."


# --- Chapter 05: gradient descent ----------------------------------------------------------------------------

@register("gradient_descent")
def _(answer):
    rng = np.random.default_rng(50)
    start, goal, bend = (rng.uniform(*limits, (3, 4, 3)) for limits in ((0.2, 0.8), (-0.2, 1.2), (1, 5)))
    places = []

    def evaluate(x):
        places.append(np.array(x))
        return float(np.sum(bend * (x - goal) ** 2) / 2), {}, bend * (x - goal)

    def truth(eta=lambda step: 0.3 * 0.5 ** (step / 4), clip=True, sign=-1, steps=6):
        x = start.copy()
        for step in range(steps):
            x = x + sign * eta(step) * bend * (x - goal)
            x = np.clip(x, 0, 1) if clip else x
        return x
    once = start.copy()
    for step in range(6):
        once = np.clip(once - 0.3 * 0.5 ** (step / 4) * bend * (start - goal), 0, 1)
    original = start.copy()
    result = value(answer(evaluate, start, 6, learning_rate=0.3, decay=0.5, decay_steps=4))
    if not np.array_equal(start, original):
        raise NotQuite("Your function changed the start image itself: begin with image.copy().")
    compare(result, truth(), {
        "That way leads up: subtract.": truth(sign=1),
        "The pixels must stay in 0…1: np.clip after each step.": truth(clip=False),
        "Clip after every step, not only at the end.": np.clip(truth(clip=False), 0, 1),
        "The learning rate does not decay yet.": truth(lambda step: 0.3),
        "Compute the rate from the first one in each step; you let decay what had decayed already.":
            truth(lambda step: 0.3 * 0.5 ** (step * (step + 1) / 8)),
        "Ask for the gradient anew at each new place.": once,
        "decay ** step is far too fast: the exponent is step / decay_steps.": truth(lambda step: 0.3 * 0.5 ** step),
        "Your exponent is a whole number (//): the learning rate falls in stairs.":
            truth(lambda step: 0.3 * 0.5 ** (step // 4)),
        "Count the steps from 0: the first has the full learning rate.":
            truth(lambda step: 0.3 * 0.5 ** ((step + 1) / 4)),
        "You return after the first step.": truth(steps=1),
        "That is one step less than asked for.": truth(steps=5),
        "That is one step more than asked for.": truth(steps=7),
        "That is the start image.": start})
    if len(places) > 7:
        raise NotQuite(f"You called evaluate {len(places)} times for 6 steps: each call costs a pass, so call it once.")
    return "That is all: slope, step, clip."


@register("secant")
def _(answer):
    rng = np.random.default_rng(51)
    s, y = rng.normal(size=(2, 3, 4, 3))
    y += 4 * s
    ss, sy, yy = np.sum(s * s), np.sum(s * y), np.sum(y * y)
    compare(answer(s, y), sy / ss, {
        "Divide by s·s, not by y·y: it is the curvature along the step.": sy / yy,
        "Upside down: that is the step size, 1 over the curvature.": ss / sy,
        "That is ‖y‖²/(s·y), the curvature as seen from y; here it is the one along s.": yy / sy,
        "That is ‖y‖/‖s‖, which is right only if y points along s.": np.sqrt(yy / ss),
        "Divide by s·s too: twice the step must not mean four times the curvature.": sy,
        "Divide by s·s, the squared length, not by the length.": sy / np.sqrt(ss),
        "One number for all pixels: add up before dividing.": y / s,
        "That is the mean of the quotients; divide the sums.": np.mean(y / s)})
    return "How fast the slope changes along the last step: that is what a pair in L-BFGS's memory says."


@register("afford")
def _(answer):
    cases = [(0.1, 128, 60, 60), (0.4, 256, 30, 100), (0.02, 64, 10, 50)]
    right = [side * np.sqrt(time / (count * one)) for one, side, time, count in cases]
    given = [value(answer(*case)) for case in cases]
    compare(given, right, {
        "Twice the side is four times the pixels: take the square root.":
            [side * time / (count * one) for one, side, time, count in cases],
        "Upside down: more time must give a larger picture.":
            [side * np.sqrt(count * one / time) for one, side, time, count in cases],
        "That is the factor; multiply it by the side that was measured.":
            [np.sqrt(time / (count * one)) for one, side, time, count in cases],
        "The number of evaluations is missing: each of them costs.":
            [side * np.sqrt(time / one) for one, side, time, count in cases],
        "Those are pixels; the question was for the side.":
            [side ** 2 * time / (count * one) for one, side, time, count in cases]}, 0.02)
    return "Time grows with the pixels, so the side grows with the root of the time."


BUGS = {"swapped": "The picture's colours are those of another: look for what should be blue, and is red.",
        "gram": "Hardly any style arrived, though its distance is what the loss is made of. Which target has a size "
                "that cannot be reached?",
        "clamped": "Its loss falls for a while, then leaps and stays. Where did you see that curve?",
        "rate": "The loss leaps a hundredfold in the first steps. What makes a step far too long?",
        "deep": "The curve is healthy, and so is the distance to the style: what does the chart say of the photograph?",
        "squeezed": "The curve is healthy. Compare the shapes of the strokes with the style image's."}


PATIENTS = {"A": "deep", "B": "rate", "C": "gram", "D": "squeezed", "E": "clamped", "F": "swapped"}


def patients(transfer, larger, squeezed, deep, start, steps, clamped):
    """Six transfers, each with one of the BUGS: {letter: (picture, [loss, …])}. Reading on spoils the exercise.

    transfer: the healthy StyleTransfer; larger, squeezed: the same with another size or shape of the style image;
    deep: with block5_conv2 as content. clamped: a function, a descent that cuts off inside, → (picture, losses).
    """
    def swapped(image):
        loss, terms, gradient = transfer.evaluate(np.ascontiguousarray(image[..., ::-1]))
        return loss, terms, gradient[..., ::-1]

    def undivided(image):
        # Sums instead of means on both sides: the target is too large by the ratio of the positions.
        grams, ratio = transfer._style_grams, larger.styles[0].size / transfer.content.size
        transfer._style_grams = [[gram * ratio for gram in larger._style_grams[0]]]
        try:
            return transfer.evaluate(image)
        finally:
            transfer._style_grams = grams

    runs = {"swapped": descent.lbfgs(swapped, start, steps), "gram": descent.lbfgs(undivided, start, steps),
            "rate": descent.adam(transfer.evaluate, start, steps, learning_rate=0.02 * 255),
            "deep": descent.lbfgs(deep.evaluate, start, steps),
            "squeezed": descent.lbfgs(squeezed.evaluate, start, steps)}
    pairs = {name: (run.image, [record["loss"] for record in run.history]) for name, run in runs.items()}
    pairs["clamped"] = clamped()
    return {letter: pairs[name] for letter, name in PATIENTS.items()}


@register("clinic")
def _(answer):
    if any(name is ... for name in answer.values()):
        raise NotYet
    unknown = [name for name in answer.values() if name not in BUGS]
    if unknown:
        raise NotQuite(f"There is no bug {unknown[0]!r}; they are {', '.join(BUGS)}.")
    if sorted(answer) != sorted(PATIENTS):
        raise NotQuite(f"The patients are {', '.join(PATIENTS)}.")
    wrong = [letter for letter, name in answer.items() if name != PATIENTS[letter]]
    if wrong:
        raise NotQuite(f"{6 - len(wrong)} of 6 are right. Patient {wrong[0]}: {BUGS[PATIENTS[wrong[0]]]}")
    return "All six found, from nothing but a picture and a curve."
