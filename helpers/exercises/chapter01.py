"""The checks of chapter 01: what a CNN sees."""

import numpy as np

from helpers.exercises.engine import expect, one_of_two, register

MEAN = np.array([103.939, 116.779, 123.68])      # of B, G, R


@register
def deprocess(answer):
    """Exercise 01.1: BGR in 0…255 less the means → RGB in 0…1."""
    images = np.random.default_rng(1).uniform(size=(2, 4, 5, 3))

    def right(x):
        return (x + MEAN)[..., ::-1] / 255
    expect(answer, right, {
        "The colours are still in the order BGR.": lambda x: (x + MEAN) / 255,
        "You add B's mean to R. The means are in the order of x, BGR: add them first, then turn the order.":
            (lambda x: (x[..., ::-1] + MEAN) / 255, lambda x: x[..., ::-1] + MEAN),
        "To undo a subtraction, add: yours subtracts the means once more.":
            (lambda x: ((x - MEAN) / 255)[..., ::-1], lambda x: (x - MEAN) / 255, lambda x: (x - MEAN)[..., ::-1]),
        "The values still run up to 255.": lambda x: (x + MEAN)[..., ::-1],
        "Two things are left: the range, 0…1 instead of 0…255, and the order of the colours.": lambda x: x + MEAN,
        "Add the means before you divide: they are in units of 0…255.":
            (lambda x: (x / 255 + MEAN)[..., ::-1], lambda x: x / 255 + MEAN),
        "The means are missing: preprocessing subtracted them.":
            (lambda x: np.clip(x[..., ::-1], 0, 1), lambda x: (x / 255)[..., ::-1], lambda x: x / 255,
             lambda x: x[..., ::-1], lambda x: x),
        "That turned the rows or the columns round. The colours are the last axis.":
            (lambda x: ((x + MEAN) / 255)[::-1], lambda x: ((x + MEAN) / 255)[:, ::-1], lambda x: (x + MEAN)[::-1],
             lambda x: (x + MEAN)[:, ::-1], lambda x: np.flip((x + MEAN) / 255)),
        "Each colour has a mean of its own; yours takes one for all.": lambda x: (x[..., ::-1] + MEAN.mean()) / 255,
        "White is 255, and should become 1: divide by 255.":
            (lambda x: (x + MEAN)[..., ::-1] / 256, lambda x: (x + MEAN)[..., ::-1] / 128,
             lambda x: (x + MEAN)[..., ::-1] / 127.5 - 1),
        "x runs in 0…255 already: multiplying by 255 leads further up, and this is the way down, to 0…1.":
            (lambda x: (x * 255 + MEAN)[..., ::-1] / 255, lambda x: ((x - MEAN) * 255)[..., ::-1],
             lambda x: (x + MEAN)[..., ::-1] * 255, lambda x: (x * 255 + MEAN)[..., ::-1]),
        "The right values, cut to whole numbers: between 0 and 1 nothing would be left of an image.":
            (lambda x: np.floor((x + MEAN)[..., ::-1] / 255), lambda x: np.round((x + MEAN)[..., ::-1] / 255)),
        "That is preprocessing itself. The way back undoes each of its steps, the last one first.":
            lambda x: x[..., ::-1] * 255 - MEAN},
        [(image[..., ::-1] * 255 - MEAN,) for image in images])
    return "Your function turns the network's input back into the picture."


@register
def one_activation(answer):
    """Exercise 01.2: one unit of a 3×3 layer, inputs (H, W, C), kernel (3, 3, C), bias, (row, column) → a number."""
    rng = np.random.default_rng(2)
    inputs, kernel = rng.normal(size=(8, 9, 5)), rng.normal(size=(3, 3, 5))

    def patch(x, r, c):
        return x[r - 1:r + 2, c - 1:c + 2]

    def right(x, k, b, r, c):
        return np.maximum(np.sum(patch(x, r, c) * k) + b, 0)
    expect(answer, right, {
        "The ReLU is missing: a negative sum becomes 0.": lambda x, k, b, r, c: np.sum(patch(x, r, c) * k) + b,
        "The bias is missing.": lambda x, k, b, r, c: np.maximum(np.sum(patch(x, r, c) * k), 0),
        "Bias and ReLU are missing.": lambda x, k, b, r, c: np.sum(patch(x, r, c) * k),
        "The bias comes before the ReLU, not after it.":
            lambda x, k, b, r, c: np.maximum(np.sum(patch(x, r, c) * k), 0) + b,
        "The bias is added, not subtracted.": lambda x, k, b, r, c: np.maximum(np.sum(patch(x, r, c) * k) - b, 0),
        "Your patch starts at (row, column); the unit sits in its middle.":
            lambda x, k, b, r, c: np.maximum(np.sum(x[r:r + 3, c:c + 3] * k) + b, 0),
        "Your patch ends at (row, column); the unit sits in its middle.":
            lambda x, k, b, r, c: np.maximum(np.sum(x[r - 2:r + 1, c - 2:c + 1] * k) + b, 0),
        "Your patch has two rows, the kernel three: a slice ends before its second number.":
            (lambda x, k, b, r, c: x[r - 1:r + 1, c - 1:c + 1] * k,
             lambda x, k, b, r, c: k * x[r - 1:r + 1, c - 1:c + 1]),
        "Your patch takes too many columns: choose three rows and three columns.":
            (lambda x, k, b, r, c: x[r - 1:r + 2] * k, lambda x, k, b, r, c: k * x[r - 1:r + 2]),
        "You add the bias to every product. There is one bias for the sum.":
            (lambda x, k, b, r, c: np.maximum(np.sum(patch(x, r, c) * k + b), 0),
             lambda x, k, b, r, c: np.sum(patch(x, r, c) * k + b),
             lambda x, k, b, r, c: np.sum(np.maximum(patch(x, r, c) * k + b, 0))),
        "Row and column are the wrong way round: the first axis holds the rows.":
            (lambda x, k, b, r, c: right(x, k, b, c, r), lambda x, k, b, r, c: np.sum(patch(x, c, r) * k) + b),
        "You turned the kernel: TensorFlow's convolution multiplies it as it stands.":
            (lambda x, k, b, r, c: right(x, k[::-1, ::-1], b, r, c),
             lambda x, k, b, r, c: right(x, k.transpose(1, 0, 2), b, r, c)),
        "That is the mean of the products; the convolution adds them up.":
            (lambda x, k, b, r, c: np.maximum(np.mean(patch(x, r, c) * k) + b, 0),
             lambda x, k, b, r, c: np.mean(patch(x, r, c) * k) + b),
        "The bias is added, not multiplied.":
            (lambda x, k, b, r, c: np.maximum(np.sum(patch(x, r, c) * k) * b, 0),
             lambda x, k, b, r, c: np.sum(patch(x, r, c) * k * b)),
        "Inputs and weights are multiplied, not added.":
            lambda x, k, b, r, c: np.maximum(np.sum(patch(x, r, c) + k) + b, 0),
        "That is one map alone; the kernel has weights for each of them.":
            (lambda x, k, b, r, c: np.maximum(np.sum((patch(x, r, c) * k)[..., 0]) + b, 0),
             lambda x, k, b, r, c: np.maximum(np.sum((patch(x, r, c) * k)[..., -1]) + b, 0)),
        "Add up over the maps as well: one activation is one number.":
            (lambda x, k, b, r, c: np.maximum(np.sum(patch(x, r, c) * k, axis=(0, 1)) + b, 0),
             lambda x, k, b, r, c: np.sum(patch(x, r, c) * k, axis=(0, 1)) + b,
             lambda x, k, b, r, c: np.maximum(patch(x, r, c) * k + b, 0), lambda x, k, b, r, c: patch(x, r, c) * k),
        "The ReLU comes at the end: add up first, negative products too.":
            lambda x, k, b, r, c: np.sum(np.maximum(patch(x, r, c) * k, 0)) + b,
        "That is the inputs alone: the kernel's weights are missing.":
            lambda x, k, b, r, c: np.maximum(np.sum(patch(x, r, c)) + b, 0),
        "Each input has a weight of its own: multiply entry by entry, then add up.":
            lambda x, k, b, r, c: np.maximum(np.sum(patch(x, r, c)) * np.sum(k) + b, 0),
        "That is one position alone; the kernel covers 3 × 3 of them.":
            (lambda x, k, b, r, c: np.maximum(np.sum(x[r, c] * k) + b, 0),
             lambda x, k, b, r, c: np.maximum(x[r, c], 0), lambda x, k, b, r, c: x[r, c],
             lambda x, k, b, r, c: np.maximum(np.sum(x[r, c] * k[1, 1]) + b, 0)),
        "The ReLU keeps what is positive: it is the maximum with 0, not the minimum.":
            lambda x, k, b, r, c: np.minimum(np.sum(patch(x, r, c) * k) + b, 0),
        "The ReLU makes a negative sum 0; it does not turn its sign.":
            lambda x, k, b, r, c: np.abs(np.sum(patch(x, r, c) * k) + b),
        "A matrix product is another thing: multiply entry by entry, with *, then add up.":
            (lambda x, k, b, r, c: patch(x, r, c) @ k, lambda x, k, b, r, c: np.dot(patch(x, r, c), k))},
        [(inputs, kernel, 1.5, r, c) for r in range(1, 4) for c in range(2, 7)]
        + [(inputs[..., 1:], kernel[..., 1:], 30, 4, 3)])
    return "That is all a unit does: multiply, add up, add the bias, cut off below 0."


@register
def one_kernel(answer):
    """Exercise 01.4: n → (size 2n + 1 of the one kernel that sees as much, the stack's share 9n / size² of weights)."""
    size, share = (one_of_two(answer, position, "the size, and the share of the weights") for position in (0, 1))
    cases = [(n,) for n in (3, 1, 2, 4, 7)]
    expect(size, lambda n: 2 * n + 1, {
        "The kernels overlap: each new one adds 2 pixels, not 3.": lambda n: 3 * n,
        "That is the reach to one side; the field goes to both sides and has a middle.": (lambda n: n, lambda n: n + 1),
        "The middle pixel is missing.": lambda n: 2 * n,
        "Each layer adds a pixel on either side, two in all.": lambda n: n + 2,
        "Each layer adds to the field; it does not multiply it.": (lambda n: 3 ** n, lambda n: 2 ** n + 1),
        "The field grows with every layer.": lambda n: 3,
        "Count again with n = 1: one layer of 3×3 sees 3 pixels.":
            (lambda n: 2 * n - 1, lambda n: 2 * n + 3, lambda n: 2 * (n + 1), lambda n: 3 * n + 1, lambda n: 2 * n + 2),
        "That is the number of weights; the size is the length of one side.": lambda n: (2 * n + 1) ** 2,
        "The size first, then the share.":
            (lambda n: 9 * n, lambda n: 9 * n / (2 * n + 1) ** 2, lambda n: (2 * n + 1) ** 2 / (9 * n))},
        cases)
    expect(share, lambda n: 9 * n / (2 * n + 1) ** 2, {
        "Turn the fraction round: stack over single.": lambda n: (2 * n + 1) ** 2 / (9 * n),
        "A kernel has an area: 3 × 3 weights, and size × size.":
            (lambda n: 3 * n / (2 * n + 1), lambda n: 9 * n / (2 * n + 1), lambda n: 3 * n / (2 * n + 1) ** 2,
             lambda n: 3 / (2 * n + 1), lambda n: (2 * n + 1) / (3 * n)),
        "That is one layer of the stack; it has n.": lambda n: 9 / (2 * n + 1) ** 2,
        "A kernel of 3 × 3 has 9 weights; yours counts each layer once.": lambda n: n / (2 * n + 1) ** 2,
        "The layers' weights are added, not multiplied.":
            (lambda n: 9 ** n / (2 * n + 1) ** 2, lambda n: (3 * n) ** 2 / (2 * n + 1) ** 2),
        "A share lies between 0 and 1; yours is in percent.": lambda n: 900 * n / (2 * n + 1) ** 2,
        "That is what is saved; the question was for what is left.": lambda n: 1 - 9 * n / (2 * n + 1) ** 2,
        "Those are the weights of the single kernel: divide the stack's by them.": lambda n: (2 * n + 1) ** 2,
        "// drops the remainder, and with it the share: use /.": lambda n: 9 * n // (2 * n + 1) ** 2,
        "Those are the stack's weights; divide by the single kernel's size². (Mind the brackets: a / (b * b).)":
            lambda n: 9 * n,
        "Do not round: the share is a fraction.": lambda n: round(9 * n / (2 * n + 1) ** 2, 2)},
        cases)
    return "Three 3×3 layers see 7×7 pixels with 55 % of the weights, and cut off below 0 three times instead of once."


@register
def realign(answer):
    """Exercise 01.5: the relative change of activations (rows, columns, maps) after a shift to the right is undone."""
    rng = np.random.default_rng(3)
    original = np.maximum(rng.normal(size=(6, 11, 4)), 0)
    moved = {steps: np.roll(original, steps, axis=1) + 0.3 * rng.normal(size=original.shape) for steps in (2, 3)}
    length = np.linalg.norm

    def change(steps, axis=1):
        return lambda a, b, pixels, jump: length(np.roll(a, steps(pixels, jump), axis) - b) / length(b)

    def back(a, pixels, jump):
        return np.roll(a, -(pixels // jump), 1)
    expect(answer, change(lambda pixels, jump: -(pixels // jump)), {
        "You rolled on to the right; the way back is a negative step.": change(lambda pixels, jump: pixels // jump),
        "You rolled by pixels; one position of the layer is `jump` pixels.":
            (change(lambda pixels, jump: -pixels), change(lambda pixels, jump: pixels),
             change(lambda pixels, jump: -pixels * jump), change(lambda pixels, jump: -jump)),
        "You rolled along the rows: axis 1 is the width.":
            (change(lambda pixels, jump: -(pixels // jump), 0), change(lambda pixels, jump: pixels // jump, 0)),
        "You rolled the maps: axis 1 is the width.": change(lambda pixels, jump: -(pixels // jump), 2),
        "Without an axis np.roll reads the array as one long row: name axis 1.":
            (change(lambda pixels, jump: -(pixels // jump), None), change(lambda pixels, jump: pixels // jump, None)),
        "It comes out as if nothing had moved. Either nothing is rolled, or both arrays are: roll `changed` alone.":
            change(lambda pixels, jump: 0),
        "That is the square of the relative change; take the roots.":
            lambda a, b, p, j: np.sum((back(a, p, j) - b) ** 2) / np.sum(b ** 2),
        "Divide by the length of the original: the change is relative.":
            (lambda a, b, p, j: length(back(a, p, j) - b), lambda a, b, p, j: np.sum((back(a, p, j) - b) ** 2),
             lambda a, b, p, j: np.mean((back(a, p, j) - b) ** 2),
             lambda a, b, p, j: np.mean(np.abs(back(a, p, j) - b))),
        "np.roll brings in on one side what it pushed out on the other: nothing need be cut off.":
            lambda a, b, p, j: length(a[:, p // j:] - b[:, :-(p // j)]) / length(b),
        "Divide by the original, not by the changed activations.":
            lambda a, b, p, j: length(back(a, p, j) - b) / length(a),
        "Above the line is a length, below it a square: take the root there, too.":
            (lambda a, b, p, j: length(back(a, p, j) - b) / np.sum(b ** 2),
             lambda a, b, p, j: np.sum((back(a, p, j) - b) ** 2) / length(b)),
        "Subtract first: the length of the difference is not the difference of the lengths.":
            (lambda a, b, p, j: abs(length(a) - length(b)) / length(b), lambda a, b, p, j: length(a) / length(b),
             lambda a, b, p, j: (length(a) - length(b)) / length(b)),
        "Use lengths, the roots of sums of squares, as before; you added absolute values.":
            lambda a, b, p, j: np.sum(np.abs(back(a, p, j) - b)) / np.sum(np.abs(b)),
        "Those are activations, rolled back. How far are they from the original, in one number?":
            (lambda a, b, p, j: back(a, p, j), lambda a, b, p, j: back(a, p, j) - b)},
        [(moved[2], original, 16, 8), (moved[3], original, 12, 4)])
    return "The flower's activations had moved along with it."


@register
def one_unit(answer):
    """Exercise 01.6: sums (1, rows, columns, maps) → the one of map n around pixel (y, x)."""
    sums = np.random.default_rng(4).normal(size=(1, 8, 9, 8)).astype(np.float32)

    def right(s, n, y, x, jump):
        return s[0, y // jump, x // jump, n]
    expect(answer, right, {
        "Row and column are the wrong way round: y chooses the row.":
            lambda s, n, y, x, jump: s[0, x // jump, y // jump, n],
        "(y, x) are pixels; one position of the layer is `jump` pixels: divide, and drop the remainder.":
            (lambda s, n, y, x, jump: s[0, y, x, n], lambda s, n, y, x, jump: s[0, y // jump, x, n],
             lambda s, n, y, x, jump: s[0, y, x // jump, n], lambda s, n, y, x, jump: s[0, y - jump, x - jump, n],
             lambda s, n, y, x, jump: s[0, y * jump, x * jump, n]),
        "Drop the remainder, //, instead of rounding: with a jump of 4 the pixels 4 to 7 belong to position 1.":
            (lambda s, n, y, x, jump: s[0, round(y / jump), round(x / jump), n],
             lambda s, n, y, x, jump: s[0, -(-y // jump), -(-x // jump), n]),
        "You divide by a number of your own; the check changes `jump`.":
            (lambda s, n, y, x, jump: s[0, y // 4, x // 4, n], lambda s, n, y, x, jump: s[0, y // 8, x // 8, n],
             lambda s, n, y, x, jump: s[0, y // 16, x // 16, n]),
        "An index is a whole number: divide with //, not with /.": lambda s, n, y, x, jump: s[0, y / jump, x / jump, n],
        "% gives the remainder; // says which position it is.": lambda s, n, y, x, jump: s[0, y % jump, x % jump, n],
        "That is all of the map in one number: pick one position.":
            (lambda s, n, y, x, jump: np.mean(s[..., n]), lambda s, n, y, x, jump: np.max(s[..., n]),
             lambda s, n, y, x, jump: np.sum(s[..., n])),
        "The first axis is the batch, a single picture: its index is 0.":
            (lambda s, n, y, x, jump: s[y // jump, x // jump, n],
             lambda s, n, y, x, jump: s[:, y // jump, x // jump, n],
             lambda s, n, y, x, jump: s[1, y // jump, x // jump, n]),
        "The axes are (picture, row, column, map), in this order.":
            (lambda s, n, y, x, jump: s[0, n, y // jump, x // jump],
             lambda s, n, y, x, jump: s[n, y // jump, x // jump, 0]),
        "That is the map as a whole: choose row and column as well.":
            (lambda s, n, y, x, jump: s[0, :, :, n], lambda s, n, y, x, jump: s[..., n]),
        "Choose the map n as well.":
            (lambda s, n, y, x, jump: s[0, y // jump, x // jump], lambda s, n, y, x, jump: s[:, y // jump, x // jump],
             lambda s, n, y, x, jump: np.sum(s[0, y // jump, x // jump]),
             lambda s, n, y, x, jump: np.mean(s[0, y // jump, x // jump])),
        "Maps are counted from 0, as positions are.": lambda s, n, y, x, jump: s[0, y // jump, x // jump, n - 1],
        "Positions are counted from 0: no 1 is to be added or subtracted.":
            (lambda s, n, y, x, jump: s[0, y // jump - 1, x // jump - 1, n],
             lambda s, n, y, x, jump: s[0, y // jump + 1, x // jump + 1, n])},
        [(sums, 6, 7, 3, 4), (sums, 2, 5, 8, 4), (sums, 4, 1, 6, 4), (sums, 1, 5, 7, 2)])
    return "The unit whose pixels lie around (y, x) is at row y // jump, column x // jump."
