"""The checks of chapter 07: steering."""

import numpy as np

from helpers.exercises.engine import NotQuite, expect, register, value


@register
def dominators(answer):
    """Exercise 07.1: (n, 2) costs → for each point the number of others that are no worse in both, better in one."""
    def compared(costs, join):
        """join(no worse, better), each (n, n, 2): of point j, on the second axis, against point i."""
        return join(costs[None] <= costs[:, None], costs[None] < costs[:, None])

    def right(costs):
        return compared(costs, lambda least, less: least.all(-1) & less.any(-1)).sum(1)

    def whether(costs):
        return 1.0 * (right(costs) > 0)
    rng = np.random.default_rng(70)
    many = np.round(rng.uniform(size=(14, 2)), 1)
    expect(answer, right, {
        "A point is no worse than itself: one of the two distances must be better.":
            lambda costs: compared(costs, lambda least, less: least.all(-1)).sum(1),
        "Two equal points do not dominate each other: one of the two distances must be better.":
            lambda costs: compared(costs, lambda least, less: least.all(-1)).sum(1) - 1,
        "Better in one and equal in the other is enough; you ask for better in both.":
            lambda costs: compared(costs, lambda least, less: less.all(-1)).sum(1),
        "Better in one alone is another taste: it must be no worse in the other as well (and, not or).":
            (lambda costs: compared(costs, lambda least, less: less.any(-1)).sum(1),
             lambda costs: compared(costs, lambda least, less: least.any(-1)).sum(1),
             lambda costs: compared(costs, lambda least, less: least.any(-1)).sum(1) - 1),
        "Lower is better: both are distances. Yours counts the points that are worse.":
            (lambda costs: right(-costs), lambda costs: compared(-costs, lambda _, less: less.all(-1)).sum(1)),
        "That is whether a point is dominated; the question was by how many.": whether,
        "That is whether a point is *not* dominated; the question was by how many it is.":
            lambda costs: 1 - whether(costs),
        "Those are the points that do not dominate it. How many do?": lambda costs: len(costs) - right(costs),
        "You compare the first distance alone.":
            lambda costs: compared(costs[:, :1], lambda least, less: less.all(-1)).sum(1),
        "You compare the second distance alone.":
            lambda costs: compared(costs[:, 1:], lambda least, less: less.all(-1)).sum(1),
        "You join the two distances to one number first: that decides how much of one is worth the other.":
            tuple(lambda costs, one=one: (one(costs, 1)[None] < one(costs, 1)[:, None]).sum(1)
                  for one in (np.sum, np.prod)),
        "That counts pairs of numbers, not points: join the two comparisons with all and any.":
            (lambda costs: compared(costs, lambda least, less: less).sum((1, 2)),
             lambda costs: compared(costs, lambda least, less: least).sum((1, 2)))},
        [(np.array([[1.0, 4], [2, 2], [2, 3], [4, 1], [3, 3], [2, 2]]),), (many,)])
    return "Count 0, and a picture is worth looking at: nobody has both for less."


@register
def match_luma(answer):
    """Exercise 07.2: L′ = (σ_c/σ_s)(L − μ_s) + μ_c."""
    def moved(s, c, scale=lambda s, c: c.std() / s.std(), take=np.mean, give=np.mean):
        return scale(s, c) * (s - take(s)) + give(c)
    rng = np.random.default_rng(71)
    cases = [(rng.uniform(0.1, 0.7, (5, 6)), rng.uniform(0.5, 0.9, (4, 7))), (rng.uniform(size=(3, 4)) ** 2,
             rng.uniform(0.2, 0.3, (6, 2)))]
    expect(answer, moved, {
        "Mean and spread changed places: the style is moved to the content's, not the other way round.":
            lambda s, c: moved(c, s),
        "The factor is upside down: σ_c / σ_s.": lambda s, c: moved(s, c, lambda s, c: s.std() / c.std()),
        "Divide spreads (np.std), not variances: a variance goes with the square.":
            lambda s, c: moved(s, c, lambda s, c: c.var() / s.var()),
        "The mean is right; the spread is still the style's.": lambda s, c: s - s.mean() + c.mean(),
        "The spread is right; the mean of the content is still missing.": lambda s, c: moved(s, c, give=lambda c: 0),
        "Take the style's own mean away before you scale.": lambda s, c: moved(s, c, take=lambda s: 0),
        "Take the style's mean away, not the content's, before you scale.":
            lambda s, c: c.std() / s.std() * (s - c.mean()) + c.mean(),
        "Brackets: the factor goes with the whole difference (L − μ_s).":
            (lambda s, c: c.std() / s.std() * s - s.mean() + c.mean(), lambda s, c: s - s.mean() * c.std() / s.std()
             + c.mean()),
        "That has the mean 0 and the spread 1; it still has to get the content's.":
            lambda s, c: (s - s.mean()) / s.std(),
        "The style's spread is still in it: divide by σ_s.": lambda s, c: (s - s.mean()) * c.std() + c.mean(),
        "The content's spread is missing: multiply by σ_c.": lambda s, c: (s - s.mean()) / s.std() + c.mean(),
        "A factor alone moves mean and spread together; two numbers are to be matched.":
            (lambda s, c: s * c.mean() / s.mean(), lambda s, c: s * c.std() / s.std()),
        "The mean is added to what is scaled; put it behind the brackets.":
            lambda s, c: c.std() / s.std() * (s - s.mean() + c.mean()),
        "You matched darkest and brightest; match mean and spread (np.mean, np.std).":
            lambda s, c: (s - s.min()) / np.ptp(s) * np.ptp(c) + c.min(),
        "Do not clip here: it would change mean and spread again.": lambda s, c: np.clip(moved(s, c), 0, 1),
        "Take the spread over all positions, not along one axis.":
            lambda s, c: moved(s, c, lambda s, c: c.std(0).mean() / s.std(0).mean())},
        [*cases, (rng.uniform(size=(4, 5)), 0.7 + 0.6 * rng.uniform(size=(4, 5)))])
    return "Two numbers, and the painting is as light and as contrasty as the photograph."


@register
def colour_map(answer):
    """Exercise 07.3: any A with A Σ_s Aᵀ = Σ_c; what is compared is A Σ_s Aᵀ."""
    rng = np.random.default_rng(72)
    cases = [tuple(0.1 * m @ m.T + 0.02 * np.eye(3) for m in rng.normal(size=(2, 3, 3))) for _ in range(2)]
    low, inv, mixed = np.linalg.cholesky, np.linalg.inv, np.random.default_rng(73).normal(size=(3, 3))

    def roots(s, c, power_s=-0.5, power_c=0.5):
        parts = []
        for matrix, power in ((c, power_c), (s, power_s)):
            values, vectors = np.linalg.eigh(matrix)
            parts.append((vectors * values ** power) @ vectors.T)
        return parts[0] @ parts[1]

    def through(function):
        """What a map makes of the style's covariance, mixed once more so that its shape says nothing."""
        def covariance(s, c):
            a = value(function(s, c))
            if a.shape != (3, 3):
                raise NotQuite(f"A is a matrix of 3 × 3, from colours to colours; yours has the shape {a.shape}.")
            return mixed @ a @ s @ a.T @ mixed.T
        return covariance
    wrong = {
        "The order is the other way round: what acts first, L_s⁻¹, stands on the right.":
            (lambda s, c: inv(low(s)) @ low(c), lambda s, c: roots(s, c, 0.5, -0.5).T),
        "The two covariances changed places: that leads from the content's colours to the style's.":
            (lambda s, c: low(s) @ inv(low(c)), lambda s, c: roots(c, s)),
        "Invert the style's root: it has to be undone first.":
            (lambda s, c: low(c) @ low(s), lambda s, c: roots(s, c, 0.5)),
        "A transposed root does not undo; the inverse does (np.linalg.inv).": lambda s, c: low(c) @ low(s).T,
        "Take roots first (np.linalg.cholesky): a covariance goes with the square of A.":
            (lambda s, c: c @ inv(s), lambda s, c: inv(s) @ c, lambda s, c: roots(s, c, -1, 1)),
        "NumPy's cholesky gives L with L Lᵀ = Σ, lower left; leave it as it is, without transposing.":
            (lambda s, c: low(c).T @ inv(low(s).T), lambda s, c: low(c).T @ inv(low(s))),
        "np.sqrt takes the root of each entry; a root of the whole matrix is wanted: np.linalg.cholesky.":
            (lambda s, c: np.sqrt(np.abs(c)) @ inv(np.sqrt(np.abs(s))), lambda s, c: np.sqrt(np.abs(c / s))),
        "That matches each channel's spread alone; what goes together between channels is lost.":
            (lambda s, c: np.diag(np.sqrt(np.diag(c) / np.diag(s))),
             lambda s, c: np.diag(np.sqrt(np.diag(c))) @ inv(np.diag(np.sqrt(np.diag(s))))),
        "The style's root is missing: that would be right if its covariance were the identity.":
            (lambda s, c: low(c), lambda s, c: roots(s, c, 0)),
        "The content's root is missing: that makes the covariance the identity, and no more.":
            (lambda s, c: inv(low(s)), lambda s, c: roots(s, c, -0.5, 0)),
        "@ is the product of matrices; * multiplies entry by entry.": lambda s, c: low(c) * inv(low(s)),
        "That is the content's covariance, not a map.": lambda s, c: c,
        "The product is inverted as a whole; only the style's root is to be undone.":
            lambda s, c: inv(low(c) @ low(s))}
    expect(through(answer) if callable(answer) else answer, through(lambda s, c: low(c) @ inv(low(s))),
           {hint: tuple(through(one) for one in (maps if isinstance(maps, tuple) else (maps,)))
            for hint, maps in wrong.items()}, cases)
    return "Undo one spread, put on the other. Whatever turn you put between the two, the covariance is right."


@register
def shrink(answer):
    """Exercise 07.4: a mask at half the rows and columns, the mean of each 2 × 2."""
    def four(mask, how):
        return how([mask[i::2, j::2] for i in (0, 1) for j in (0, 1)])

    def right(mask):
        return four(mask, lambda parts: np.mean(parts, axis=0))
    rng = np.random.default_rng(74)
    expect(answer, right, {
        "That keeps one pixel of four; a mask's edge wants the mean of all four.":
            tuple(lambda mask, i=i, j=j: mask[i::2, j::2] for i in (0, 1) for j in (0, 1)),
        "That is the sum of four; divide by 4.": lambda mask: 4 * right(mask),
        "That takes the largest of four: the region grows with each layer.":
            lambda mask: four(mask, lambda parts: np.max(parts, axis=0)),
        "That takes the smallest of four: the region shrinks with each layer.":
            lambda mask: four(mask, lambda parts: np.min(parts, axis=0)),
        "That is the mean of rows alone; columns are halved as well.":
            (lambda mask: (mask[::2] + mask[1::2]) / 2,
             lambda mask: (mask[::2, ::2] + mask[1::2, ::2]) / 2),
        "That is the mean of columns alone; rows are halved as well.":
            (lambda mask: (mask[:, ::2] + mask[:, 1::2]) / 2,
             lambda mask: (mask[::2, ::2] + mask[::2, 1::2]) / 2),
        "That is the mean of the whole mask; each 2 × 2 gets its own.": lambda mask: mask.mean(),
        "Rounded to 0 and 1: keep the values between, they are the soft edge.": lambda mask: np.round(right(mask)),
        "That reshape mixed rows and columns: (rows/2, 2, columns/2, 2), and the mean over the two axes of 2.":
            (lambda mask: mask.reshape(len(mask) // 2, mask.shape[1] // 2, 4).mean(2),
             lambda mask: mask.reshape(2, len(mask) // 2, 2, mask.shape[1] // 2).mean((0, 2))),
        "The mask is as large as before.": lambda mask: mask},
        [(rng.uniform(size=shape),) for shape in ((6, 8), (4, 10), (8, 6))])
    return "As the network's pooling does it: so the mask fits each layer."


@register
def guided_gram(answer):
    """Exercise 07.5: T = mask / √Σ mask², F_r = T ∘ F, G_r = F_rᵀ F_r."""
    def gram(f, t, other=None):
        flat = (f * t[..., None]).reshape(-1, f.shape[-1])
        return flat.T @ (flat if other is None else (f * other[..., None]).reshape(-1, f.shape[-1]))

    def right(f, m):
        return gram(f, m / np.sqrt(np.sum(m ** 2)))

    def positions(m):
        return np.ones_like(m) / np.sqrt(m.size)
    rng = np.random.default_rng(75)
    cases = [(rng.normal(size=(4, 5, 3)) + 1, rng.uniform(size=(4, 5))),
             (rng.normal(size=(3, 4, 2)) + 1, rng.uniform(size=(3, 4)) ** 3)]
    expect(answer, right, {
        "The mask is not normalised: divide it by the root of the sum of its squares.": gram,
        "Σ T² = 1 is wanted, not Σ T = 1: divide by the root of the sum of the squares.":
            lambda f, m: gram(f, m / m.sum()),
        "Divide the mask by the root of Σ mask², not by Σ mask² itself.": lambda f, m: gram(f, m / np.sum(m ** 2)),
        "Divide by the root of the sum of the *squares* of the mask.": lambda f, m: gram(f, m / np.sqrt(m.sum())),
        "Each position counts with the mask's square, for T stands in both factors; yours counts with the mask itself.":
            (lambda f, m: gram(f, m / m.sum(), np.ones_like(m)), lambda f, m: gram(f, m, np.ones_like(m))),
        "The mask stands in only one of the two factors: F_r is on both sides of the product.":
            lambda f, m: gram(f, m / np.sqrt(np.sum(m ** 2)), np.ones_like(m)),
        "Do not divide by the positions as well: Σ T² = 1 has made it a mean already.":
            (lambda f, m: right(f, m) / m.size, lambda f, m: gram(f, m) / m.size),
        "The mask has no say yet: that is the Gram matrix of the whole picture.":
            (lambda f, m: gram(f, positions(m)), lambda f, m: gram(f, np.ones_like(m))),
        "That is what lies outside the mask.":
            (lambda f, m: right(f, 1 - m), lambda f, m: gram(f, 1 - m)),
        "That cuts the mask to 0 and 1: keep its soft edge.":
            (lambda f, m: right(f, np.round(m)), lambda f, m: right(f, np.ceil(m))),
        "A mask has no axis for the maps: mask[..., None] gives it one.":
            (lambda f, m: f * m, lambda f, m: f * (m / np.sqrt(np.sum(m ** 2)))),
        "You multiplied positions with positions. Transpose: one row for each map.":
            lambda f, m: (f * (m / np.sqrt(np.sum(m ** 2)))[..., None]).reshape(-1, f.shape[-1])
            @ (f * (m / np.sqrt(np.sum(m ** 2)))[..., None]).reshape(-1, f.shape[-1]).T,
        "That is each map with itself, the diagonal; @ pairs every map with every other.":
            lambda f, m: np.diag(right(f, m)),
        "Those are the weighted activations; their products are missing.":
            lambda f, m: f * (m / np.sqrt(np.sum(m ** 2)))[..., None]}, cases)
    return "A mean over the region, whatever its size. A mask of ones gives the Gram matrix of chapter 03."


@register
def mean_frequency(answer):
    """Exercise 07.6: Σ f P / Σ P."""
    rng = np.random.default_rng(77)
    cases = [(np.sort(rng.uniform(0.02, 0.5, n)), rng.uniform(0.1, 2, n) ** 2) for n in (7, 12)]
    expect(answer, lambda f, p: np.sum(f * p) / np.sum(p), {
        "The power has no say: that is the mean of all frequencies.": lambda f, p: np.mean(f),
        "That is the strongest frequency; weigh all of them.": lambda f, p: f[np.argmax(p)],
        "Divide by the sum of the power: weights have to add up to 1.": lambda f, p: np.sum(f * p),
        "np.mean divides by how many there are; divide by the sum of the power.": lambda f, p: np.mean(f * p),
        "You divide by the sum of the frequencies; the power is the weight.": lambda f, p: np.sum(f * p) / np.sum(f),
        "That is the mean power, weighed by nothing.": lambda f, p: np.mean(p),
        "Frequency and power changed places.": lambda f, p: np.sum(f * p) / np.sum(f) / len(f),
        "That is a mean wavelength; a frequency is wanted.": lambda f, p: np.sum(p / f) / np.sum(p),
        "1 over the mean wavelength is another mean: weigh the frequencies themselves.":
            lambda f, p: np.sum(p) / np.sum(p / f),
        "You weigh with the root of the power: take the power as it is.":
            lambda f, p: np.sum(f * np.sqrt(p)) / np.sum(np.sqrt(p)),
        "You weigh with the square of the power: take it as it is.": lambda f, p: np.sum(f * p ** 2) / np.sum(p ** 2),
        "Nothing is added up yet.": (lambda f, p: f * p / np.sum(p), lambda f, p: f * p),
        "The frequencies go in as they are, not squared.":
            (lambda f, p: np.sqrt(np.sum(f ** 2 * p) / np.sum(p)), lambda f, p: np.sum(f ** 2 * p) / np.sum(p)),
        "That is the frequency in the middle, np.median; the power is the weight.": lambda f, p: np.median(f)}, cases)
    return "Coarse strokes, a low number; fine ones, a high number: a ruler for paint."
