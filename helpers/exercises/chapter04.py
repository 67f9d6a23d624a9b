"""The checks of chapter 04: the total loss."""

import numpy as np

from helpers.exercises.engine import expect, family, one_of_two, register


def squares(array):
    return np.sum(array ** 2)


@register
def total_loss(answer):
    """Exercise 04.1: content_weight · ‖F−P‖²/‖P‖² + style_weight · mean over layers of ‖G−A‖²/‖A‖²."""
    rng = np.random.default_rng(40)

    def case(shape, sizes, *weights):
        f, p = rng.uniform(size=shape), 2 * rng.uniform(size=shape)
        return f, p, *([n * rng.uniform(size=(n, n)) for n in sizes] for _ in range(2)), *weights

    def build(f, p, g, a, c, s, content="P", style="mean", norm="A", weights="both", power=1):
        gap, blank = squares(f - p), squares(p)
        content_term = {"P": gap / blank, "none": gap, "F": gap / squares(f), "half": gap / blank / 2,
                        "mean": np.mean((f - p) ** 2) / blank, "paper": gap / 2, "root": (gap / blank) ** 0.5,
                        "absolute": np.sum(np.abs(f - p)) / np.sum(np.abs(p))}[content]
        pairs = list(zip(g, a, strict=True))
        each = {"A": [squares(one - two) / squares(two) for one, two in pairs],
                "none": [squares(one - two) for one, two in pairs],
                "G": [squares(one - two) / squares(one) for one, two in pairs],
                "N": [squares(one - two) / (4 * len(one) ** 2) for one, two in pairs],
                "all": [len(a) * squares(one - two) / sum(map(squares, a)) for one, two in pairs]}[norm]
        content_term, each = content_term ** power, np.array(each) ** power
        style_term = {"mean": np.mean(each), "sum": np.sum(each), "five": np.sum(each) / 5, "last": each[-1],
                      "first": each[0], "twice": np.mean(each) / len(a), "largest": np.max(each)}[style]
        c, s = {"both": (c, s), "turned": (s, c), "none": (1, 1), "content": (c, 1), "style": (1, s),
                "brackets": (c, c * s),
                "sum": (c + s, c + s), "one": (c / (c + s), s / (c + s)), "squared": (c ** 2, s ** 2),
                "content only": (c, 0), "style only": (0, s)}[weights]
        return c * content_term + s * style_term
    expect(answer, build, {
        "The differences are not divided by ‖P‖² and ‖A‖² yet.":
            lambda *case: build(*case, content="none", norm="none", style="sum"),
        "Those are the paper's sums; here both distances are relative.":
            (lambda *case: build(*case, content="paper", norm="N"),
             lambda *case: build(*case, content="paper", norm="N", style="sum")),
        **family(
            build,
            content={"P": "", "none": "Content is not divided by ‖P‖² yet.",
                     "F": "Divide by the target P, not by F: the measure must not move with the picture.",
                     "half": "The paper's ½ belongs to its sum, not to the relative distance.",
                     "paper": "Content: that is the paper's sum, with its ½; divide by ‖P‖² instead.",
                     "root": "Content: you took lengths; the distance is one of squares.",
                     "absolute": "Content: those are absolute values; the distance is one of squares.",
                     "mean": "Content: above the line is a mean, below it a sum; take two sums."},
            style={"mean": "", "sum": "The style distances are added; here it is their mean over the layers.",
                   "five": "There need not be five layers: take the mean over those in the list.",
                   "twice": "A mean is divided by the number of layers already; yours divides twice.",
                   "largest": "The mean over the layers is wanted, not the largest.",
                   "last": "Only the last layer counts in yours: collect the distances of all in a list.",
                   "first": "Only the first layer counts in yours: does a return stand inside the loop?"},
            norm={"A": "", "none": "Style is not divided by ‖A‖² yet, layer by layer.",
                  "G": "Divide by the target A, not by G: the measure must not move with the picture.",
                  "N": "4 N² belongs to the paper's E_l; the relative distance divides by ‖A‖².",
                  "all": "Divide each layer by its own ‖A‖², then average; you divided the sum by the sum."},
            weights={"both": "", "turned": "The two weights are the wrong way round.",
                     "none": "The weights are missing.", "content": "The style weight is missing.",
                     "style": "The content weight is missing.",
                     "brackets": "Brackets: the content weight belongs to content alone.",
                     "sum": "Each term has a weight of its own; yours multiplies both by the two.",
                     "one": "The weights need not add up to 1: do not divide by their sum.",
                     "squared": "The distances are squared already; the weights stay as they are.",
                     "content only": "The style term is missing.", "style only": "The content term is missing."},
            power={1: "", 0.5: "You took lengths; these distances are squared."}),
        "Lists cannot be subtracted: G and A hold one matrix a layer. Go through both with zip.":
            (lambda f, p, g, a, c, s: g - a, lambda f, p, g, a, c, s: a - g),
        "The layers differ in size: no array holds them all. Go through G and A with zip.":
            (lambda f, p, g, a, c, s: np.array(g), lambda f, p, g, a, c, s: np.array(a))},
        [case((3, 4, 5), (2, 4, 6), 2, 30), case((2, 6, 3), (3, 5), 11, 0.7)])
    return "One number for both wishes, and each term is 0 when reached and 1 for a blank."


@register
def to_relative(answer):
    """Exercise 04.2: c = α ‖P‖² / 2 and s_l = β / 5 · ‖A_l‖² / (4 N_l²)."""
    rng = np.random.default_rng(41)
    p, a = 2 * rng.uniform(size=(3, 4, 5)), [n * rng.uniform(size=(n, n)) for n in (2, 3, 4, 5, 6)]
    weight, weights = (one_of_two(answer, position, "the weight of content, and the list of the layers' weights")
                       for position in (0, 1))

    def content(p, a, alpha, beta, half=2, size="‖P‖²"):
        return alpha / half * {"‖P‖²": squares(p), "norm": np.linalg.norm(p), "none": 1}[size]

    def styles(p, a, alpha, beta, share=5, four=4, n=2, size="‖A‖²"):
        sizes = {"‖A‖²": squares, "norm": np.linalg.norm, "none": lambda _: 1, "sum": np.sum,
                 "positions": lambda one: squares(one) / p[..., 0].size ** 2}[size]
        return [beta / share * sizes(one) / (four * len(one) ** n) for one in a]
    case = (p, a, 0.3, 70.0)
    expect(weight, content, {
        "Content first, then the list of style.": styles,
        "Content: that is the way from ours to the paper's; solve for c.":
            (lambda p, a, alpha, beta: 2 * alpha / squares(p), lambda p, a, alpha, beta: alpha / squares(p)),
        "Content: alpha belongs to it, beta to style.": lambda p, a, alpha, beta: beta * squares(p) / 2,
        "Content: the paper's sum has no N and no M in its divisor.":
            (lambda p, a, alpha, beta: alpha * np.mean(p ** 2) / 2, lambda p, a, alpha, beta: alpha * np.mean(p ** 2)),
        **family(content,
                 half={2: "", 1: "Content: the paper's ½ is missing.",
                       0.5: "Content: the ½ stands on the paper's side; yours doubles instead.",
                       4: "Content: the paper has ½, once."},
                 size={"‖P‖²": "", "norm": "Content: ‖P‖² is a sum of squares, without a root.",
                       "none": "Content: multiply by ‖P‖², which the relative distance divides by."})},
        [case])
    expect(weights, styles, {
        "Style: each layer has a weight of its own; yours are added up.": lambda *case: np.sum(styles(*case)),
        "Style: that is the way from ours to the paper's; solve for s.":
            lambda p, a, alpha, beta: [4 * len(one) ** 2 * beta / 5 / squares(one) for one in a],
        "Style: beta belongs to it, alpha to content.": lambda p, a, alpha, beta: styles(p, a, beta, alpha),
        "Style: 4 N² divides; yours multiplies. (In a / b * c the c multiplies: brackets.)":
            (lambda p, a, alpha, beta: styles(p, a, alpha, beta, four=1 / 4, n=-2),
             lambda p, a, alpha, beta: styles(p, a, alpha, beta, n=-2)),
        "Style: multiply by ‖A‖², which the relative distance divides by, and divide by the paper's 4 N².":
            (lambda p, a, alpha, beta: [beta / 5] * 5, lambda p, a, alpha, beta: [beta] * 5),
        "Style: 4 N² is missing: it stands in the paper's E_l.":
            lambda p, a, alpha, beta: styles(p, a, alpha, beta, four=1, n=0),
        **family(styles,
                 share={5: "", 1: "Style: w_l = 1/5 is missing.", 0.2: "Style: w_l is 1/5; yours multiplies by 5.",
                        25: "Style: w_l = 1/5 counts once."},
                 four={4: "", 1: "Style: the 4 is missing.", 2: "Style: the paper's E_l has a 4, not a 2."},
                 n={2: "", 1: "Style: N is squared in the paper's E_l.", 0: "Style: N² is missing.",
                    3: "Style: N is squared, not cubed.",
                    4: "Style: N² divides once. a.size is N² already, and ‖A‖² is a sum of squares, not their mean."},
                 size={"‖A‖²": "", "norm": "Style: ‖A‖² is a sum of squares, without a root.",
                       "sum": "Style: ‖A‖² is the sum of the squares; yours adds the entries themselves.",
                       "none": "Style: multiply by ‖A‖², which the relative distance divides by.",
                       "positions": "Style: A is a mean over positions already, so M² is in it."})},
        [case])
    return "Five layers, five weights: what the paper's equal w_l mean in relative terms."


@register
def relative_style_gradient(answer):
    """Exercise 04.4: ∂/∂Z of ‖G − A‖² / ‖A‖² is 4 F (G − A) / (M ‖A‖²) where Z > 0, and 0 elsewhere."""
    rng = np.random.default_rng(42)

    def gram_of(z):
        return np.maximum(z, 0).T @ np.maximum(z, 0) / len(z)

    def build(z, a, four=4, m=1, size="A", mask="Z", left="F", sign=1):
        f, g = np.maximum(z, 0), gram_of(z)
        sizes = {"A": squares(a), "none": 1, "norm": np.linalg.norm(a), "paper": 4 * len(a) ** 2, "G": squares(g),
                 "square": squares(a) ** 2}
        masks = {"Z": z > 0, "none": 1, "negative": z < 0, "F": f}
        count = len(a) if m == "N" else len(z) ** m
        return sign * four * (f if left == "F" else z) @ (g - a) / (count * sizes[size]) * masks[mask]
    expect(answer, build, {
        "That is the slope of the paper's E_l; here no 4 N² divides, but ‖A‖².":
            (lambda z, a: build(z, a, size="paper"), lambda z, a: build(z, a, size="paper", mask="none")),
        **family(
            build,
            four={4: "", 2: "Half of it: each F stands in G twice, as left and as right factor.",
                  1: "A factor 4 is missing: 2 from the square, 2 since F stands in G twice.",
                  8: "Twice too much: 2 from the square, 2 since F stands in G twice."},
            m={1: "", 0: "1/M is missing: G is a mean over the positions.",
               2: "M once, not squared: the other one is inside G.",
               "N": "M counts the positions, the rows of Z; you divided by the number of maps."},
            size={"A": "", "none": "‖A‖² is missing.", "norm": "‖A‖² is the sum of squares, without a root.",
                  "G": "Divide by the target's ‖A‖², not by ‖G‖².", "square": "‖A‖² once: it is a square already."},
            mask={"Z": "",
                  "none": "The mask is missing, or asks F ≥ 0, which always holds: where Z ≤ 0 the slope is 0.",
                  "negative": "The mask is the wrong way round: where Z > 0 the slope passes.",
                  "F": "The mask is 1 or 0: Z > 0. You multiply by F itself."},
            left={"F": "", "Z": "G is made of F, not of Z: the factor before (G − A) is F."},
            sign={1: "", -1: "The sign is turned: the slope points up, to a larger loss."}),
        "That is the loss itself; its slope has one number for each entry of Z.":
            (lambda z, a: squares(gram_of(z) - a) / squares(a), lambda z, a: squares(gram_of(z) - a)),
        "That is the slope by G, (N, N); go on to Z with F and the mask.":
            (lambda z, a: 2 * (gram_of(z) - a) / squares(a), lambda z, a: 4 * (gram_of(z) - a) / squares(a),
             lambda z, a: 2 * (gram_of(z) - a), lambda z, a: gram_of(z) - a),
        "Z is positions × maps: F stands on the left of (G − A), and is not transposed.":
            (lambda z, a: (gram_of(z) - a) @ z, lambda z, a: z.T @ (gram_of(z) - a),
             lambda z, a: build(z, a, mask="none").T, lambda z, a: (gram_of(z) - a) @ z.T * (z > 0)),
        "F is multiplied by the whole of (G − A), as matrices: put it into brackets, and write @ instead of *.":
            (lambda z, a: z @ gram_of(z) - a, lambda z, a: (gram_of(z) - a) * z)},
        [(rng.normal(size=(m, n)), np.cov(rng.normal(size=(n, 20)))) for m, n in ((7, 4), (9, 3))])
    return "It is what TensorFlow computes for a style layer in every step of this course."


@register
def variation_gradient(answer):
    """Exercise 04.5: ∂V/∂x of V = Σ (x[i+1] − x[i])² is twice (difference on the left − difference on the right)."""
    rng = np.random.default_rng(43)

    def left(x):
        return np.r_[0, np.diff(x)]

    def right_of(x):
        return np.r_[np.diff(x), 0]

    def right(x):
        return 2 * (left(x) - right_of(x))

    def ends(first, last):
        return lambda x: np.r_[first, np.ones(len(x) - 2), last] * right(x)
    expect(answer, right, {
        **family(lambda x, two=2, sign=1: sign * two / 2 * right(x),
                 two={2: "", 1: "The 2 of the square is missing.", 4: "The 2 is there twice."},
                 sign={1: "", -1: "The sign is turned: a pixel above its neighbours must have a positive slope."}),
        "Each inner pixel is in two differences; you have only the one to its right.":
            (lambda x: -2 * right_of(x), lambda x: 2 * right_of(x), lambda x: -right_of(x), right_of),
        "Each inner pixel is in two differences; you have only the one to its left.":
            (lambda x: 2 * left(x), lambda x: -2 * left(x), left),
        "One of the two differences enters with plus, the other with minus: the pixel is once the end, once the start.":
            (lambda x: 2 * (left(x) + right_of(x)), lambda x: left(x) + right_of(x)),
        "The ends have one neighbour each; yours are left out.":
            tuple(lambda x, times=times: times * right(x)[1:-1] for times in (1, -1, 0.5, -0.5)),
        "The ends move, too: each has one neighbour, and a slope.": (ends(0, 0), lambda x: -ends(0, 0)(x)),
        "The sign is wrong at the ends: an end above its neighbour has a positive slope.": ends(-1, -1),
        "The sign is wrong at the left end.": ends(-1, 1),
        "The sign is wrong at the right end.": ends(1, -1),
        "One end is left out: each has one neighbour, and a slope.": (ends(0, 1), ends(1, 0)),
        "The ends are in one difference, and that one is squared as well: their 2 is missing.": ends(0.5, 0.5),
        "The ends are in one difference only; yours count it twice.": ends(2, 2),
        "Outside of the row there is nothing, not even a 0: the ends have one neighbour each.":
            (lambda x: 2 * np.convolve(x, [-1, 2, -1], "same"), lambda x: np.convolve(x, [-1, 2, -1], "same")),
        "The row is no ring: its ends are no neighbours.":
            (lambda x: 2 * (2 * x - np.roll(x, 1) - np.roll(x, -1)), lambda x: 2 * x - np.roll(x, 1) - np.roll(x, -1),
             lambda x: 2 * (np.roll(x, -1) - x), lambda x: 2 * (x - np.roll(x, 1))),
        "That is one value for each difference; there is one for each pixel.":
            (lambda x: 2 * np.diff(x), np.diff, lambda x: -2 * np.diff(x), lambda x: np.diff(x) ** 2,
             lambda x: 2 * np.abs(np.diff(x))),
        "That is V itself; its slope has one number for each pixel.":
            (lambda x: squares(np.diff(x)), lambda x: np.sum(2 * np.diff(x))),
        "np.gradient is the slope of x along the row; wanted is that of V by each pixel.":
            (np.gradient, lambda x: 2 * np.gradient(x), lambda x: -2 * np.gradient(x)),
        "That is the slope of Σ |d|; here each difference is squared, and large ones pull harder.":
            lambda x: np.sign(left(x)) - np.sign(right_of(x)),
        "Two rows of unlike length do not subtract: put a 0 at one end of each.":
            (lambda x: np.diff(x)[1:] - np.diff(x), lambda x: x - np.diff(x), lambda x: np.diff(x)[:-1] - np.diff(x),
             lambda x: np.diff(x) - x, lambda x: np.diff(x) - np.diff(x)[1:], lambda x: np.diff(x) - np.diff(x)[:-1])},
        [(rng.uniform(size=n),) for n in (9, 6)])
    return "Minus twice the second difference: going down this slope is blurring."
