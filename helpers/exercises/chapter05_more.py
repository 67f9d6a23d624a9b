"""The checks of chapter 05's six listings: each runs the listing with the learner's line in it."""

import numpy as np

from helpers.exercises.engine import register
from helpers.exercises.listings import judge_line


def random(*shape, seed=55):
    return np.random.default_rng(seed).uniform(size=shape)


def flat(F):
    return F.reshape(-1, F.shape[-1])


@register
def mend_gram(line, text):
    """Exercise 05.5, listing 1: line 4 divides by the positions, rows · columns."""
    def over(count):
        return lambda F: flat(F).T @ flat(F) / count(*F.shape)
    judge_line("gram", line, text, over(lambda rows, columns, maps: rows * columns), {
        "Those are the rows alone; a picture has rows · columns positions.": over(lambda rows, columns, maps: rows),
        "Those are the columns alone; a picture has rows · columns positions.":
            over(lambda rows, columns, maps: columns),
        "That is no mean: divide by the number of positions.": over(lambda rows, columns, maps: 1),
        "Brackets: / rows * columns divides by the rows and multiplies by the columns.":
            over(lambda rows, columns, maps: rows / columns),
        "The positions count once here: the square belongs to the loss.":
            over(lambda rows, columns, maps: (rows * columns) ** 2),
        "Divide by the positions alone; the number of maps is the same for both pictures.":
            over(lambda rows, columns, maps: rows * columns * maps),
        "That is a matrix of positions: line 4's product was the right one, maps × maps.":
            (lambda F: flat(F) @ flat(F).T / len(flat(F)), lambda F: flat(F) @ flat(F).T / F.shape[-1]),
        "Shaped to maps × positions without a transpose the numbers get mixed up; line 3 is sound.":
            (lambda F: F.reshape(F.shape[-1], -1).T @ F.reshape(F.shape[-1], -1) / F.shape[-1],
             lambda F: F.reshape(F.shape[-1], -1) @ F.reshape(F.shape[-1], -1).T / F.shape[-1])},
        [(random(3, 4, 5),), (random(4, 2, 3),)],
        "A mean over positions: over how many numbers is each entry added up?")
    return "With that bug two pictures of unlike size have unlike targets: the patient that got hardly any style."


@register
def mend_preprocess(line, text):
    """Exercise 05.5, listing 2: the channels are turned round to BGR before the mean is subtracted."""
    mean = np.array([103.939, 116.779, 123.68])

    def right(image):
        return 255 * image[..., ::-1] - mean
    judge_line("preprocess", line, text, right, {
        "The mean fits now, but the channels still go in as RGB: the network wants BGR.":
            lambda image: 255 * image - mean[::-1],
        "First turned, then subtracted: in yours the mean of blue leaves red.":
            lambda image: (255 * image - mean)[..., ::-1],
        "You turned the columns: the channels are the last axis, image[..., ::-1].":
            (lambda image: 255 * image[:, ::-1] - mean, lambda image: 255 * image[::-1] - mean,
             lambda image: 255 * image[::-1, ::-1] - mean),
        "The mean is subtracted, once.":
            (lambda image: 255 * image[..., ::-1], lambda image: 255 * image,
             lambda image: 255 * image[..., ::-1] + mean, lambda image: 255 * image + mean),
        "The pixels come in as 0…1, the network was trained on 0…255: keep the 255.":
            (lambda image: image[..., ::-1] - mean, lambda image: image - mean)},
        [(random(3, 4, 3),), (random(2, 5, 3),)],
        "In which order do the three channels come in, and in which order is the mean written?")
    return "That one gave the patient whose blues had become reds."


@register
def mend_style(line, text):
    """Exercise 05.5, listing 3: line 4 adds to the loss."""
    def terms(grams, targets):
        return [np.sum((g - a) ** 2) / np.sum(a ** 2) for g, a in zip(grams, targets, strict=True)]

    def case(*sizes):
        return tuple([random(n, n, seed=seed) for n in sizes] for seed in (1, 2))
    judge_line("style", line, text, lambda grams, targets: np.mean(terms(grams, targets)), {
        "It adds up now; but the mean is taken at the end already, so do not divide by the number here.":
            lambda grams, targets: np.mean(terms(grams, targets)) / len(grams),
        "Inside the loop return ends it at the first layer: add up, and let line 5 return.":
            (lambda grams, targets: terms(grams, targets)[0],
             lambda grams, targets: terms(grams, targets)[0] / len(grams)),
        "The layers are added, not multiplied or subtracted.":
            (lambda grams, targets: 0.0, lambda grams, targets: -np.mean(terms(grams, targets))),
        "Each layer is divided by its own target; keep / np.sum(A ** 2).":
            lambda grams, targets: np.mean([np.sum((g - a) ** 2) for g, a in zip(grams, targets, strict=True)]),
        "Each layer is divided by its own target A, not by G.":
            lambda grams, targets: np.mean(terms(targets, grams)),
        "That leaves only the last layer, undivided; line 5 is sound.":
            lambda grams, targets: terms(grams, targets)[-1]},
        [case(2, 4, 3), case(3, 2)],
        "Follow `loss` through the loop by hand, for two layers: what is left of the first one?")
    return "With that bug only the deepest layer spoke: colours and grain would have been left to chance."


@register
def mend_descend(line, text):
    """Exercise 05.5, listing 4: line 4 clips the picture that is kept."""
    # In these two bowls a pixel first runs out of the range and then has to come back: so each slip ends elsewhere.
    def bowl(bend, goal):
        return lambda x: np.array(bend) @ (x - np.array(goal))
    one = bowl([[1.0, 0.0, -0.2], [0.0, 2.2, -1.3], [-0.2, -1.3, 1.0]], [-1.4, 0.3, 1.3])
    other = bowl([[2.1, 1.2, 0.6], [1.2, 1.3, -0.2], [0.6, -0.2, 0.8]], [2.3, -0.7, -0.8])

    def right(slope, x, steps, rate, sign=-1, clip=True, low=0):
        for _ in range(steps):
            x = x + sign * rate * slope(np.clip(x, 0, 1))
            x = np.clip(x, low, 1) if clip else x
        return np.clip(x, 0, 1)

    def unclipped(slope, x, steps, rate):
        for _ in range(steps):
            x = x - rate * slope(x)
        return np.clip(x, 0, 1)
    def walked_off(slope, x, steps, rate):
        for _ in range(steps):
            x = x - rate * slope(np.clip(x, 0, 1))
        return x
    judge_line("descend", line, text, right, {
        "Now nothing is clipped until the end: the steps are planned outside the box.": unclipped,
        "Clip the pixels, not the gradient.":
            tuple(lambda slope, x, *rest, low=low: right(lambda y: np.clip(slope(y), low, 1), x, *rest, clip=False)
                  for low in (0, -1)),
        "That way leads up: subtract.": lambda slope, x, steps, rate: right(slope, x, steps, rate, sign=1),
        "Pixels lie in 0…1, not in −1…1.": lambda slope, x, steps, rate: right(slope, x, steps, rate, low=-1),
        "Without the rate a gradient is no step.": lambda slope, x, steps, rate: right(slope, x, steps, 1.0),
        "Line 5 is sound: what is returned must be a picture. Look at what the loop carries on.": walked_off},
        [(one, np.array([0.4, 0.2, 0.3]), 4, 0.4), (other, np.array([0.1, 0.9, 0.3]), 5, 0.4)],
        "Which picture is clipped in line 3: the one that is kept, or a copy that only the slope sees?")
    return "The method must know where it stands: that was the patient whose loss leapt."


@register
def mend_adam(line, text):
    """Exercise 05.5, listing 5: line 6 averages the gradient's square."""
    def slope(x):
        return np.array([1.0, 7.0, 0.2]) * (x - np.array([-0.3, 0.2, 0.1]))

    def right(slope, x, steps, rate, square_of=np.square, fresh=0.001, kept=0.999, of_mean=False):
        mean, square = 0.0, 0.0
        for k in range(1, steps + 1):
            gradient = slope(x)
            mean = 0.9 * mean + 0.1 * gradient
            square = kept * square + fresh * (mean ** 2 if of_mean else square_of(gradient))
            x = x - rate * mean / (1 - 0.9 ** k) / np.sqrt(square / (1 - 0.999 ** k))
        return x

    def variant(**slip):
        return lambda slope, x, steps, rate: right(slope, x, steps, rate, **slip)
    judge_line("adam", line, text, right, {
        "The root of a mean of lengths is no length: the square is wanted.": variant(square_of=np.abs),
        "It is the gradient's square, not that of its running mean.": variant(of_mean=True),
        "The running mean of squares keeps 0.999 of itself: keep that and 0.001.":
            (variant(fresh=0.1, kept=0.9), variant(fresh=0.1), variant(fresh=1), variant(kept=0.9)),
        "Only the gradient is squared, not the 0.001 with it.": variant(fresh=0.001 ** 2),
        "One square for each pixel: do not add them up.":
            (variant(square_of=lambda g: np.sum(g ** 2)), variant(square_of=lambda g: np.mean(g ** 2))),
        "The running mean is gone: square must keep a share of itself.": variant(kept=0)},
        [(slope, np.array([0.5, 0.6, 0.7]), 6, 0.05), (slope, np.array([-0.4, 0.1, 0.0]), 4, 0.1)],
        "The name of the number in line 6 says what is averaged there; and a root follows.")
    return "With that bug a falling pixel takes the root of something negative: not a number, and soon no picture."


@register
def mend_variation(line, text):
    """Exercise 05.5, listing 6: line 3 is the lower neighbour minus the pixel."""
    def right(image, below=lambda image: image[1:] - image[:-1]):
        return np.mean(np.abs(image[:, 1:] - image[:, :-1])) + np.mean(np.abs(below(image)))

    def variant(below):
        return lambda image: right(image, below)
    judge_line("variation", line, text, right, {
        "Those are neighbours along the diagonal; the lower one stands in the same column.":
            variant(lambda image: image[1:, 1:] - image[:-1, :-1]),
        "The next but one: rows 1 to the end, minus all but the last.": variant(lambda image: image[2:] - image[:-2]),
        "Those are differences between the channels: the rows are the first axis.":
            variant(lambda image: image[..., 1:] - image[..., :-1]),
        "The last row has no row below it: no rolling round.":
            variant(lambda image: np.roll(image, -1, axis=0) - image),
        "Each neighbour minus the pixel: a difference, not the rows themselves.":
            (variant(lambda image: image[1:]), variant(lambda image: image[:-1]),
             lambda image: np.mean(np.abs(image[:, 1:] - image[:, :-1])))},
        [(random(4, 6, 3),), (random(5, 3, 3),)],
        "Lines 2 and 3: copied, and then? In image[rows, columns] the rows come first.")
    return "A slip of copying: stripes from left to right would have cost nothing."
