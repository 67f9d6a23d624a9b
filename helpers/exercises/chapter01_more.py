"""The checks of chapter 01, continued: receptive fields derived, and a map found by its patches."""

import numpy as np

from helpers.exercises.engine import expect, register

VGG = [(3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2), (3, 1)]      # (kernel size, stride), up to block3_conv1


def walk(layers, add, jump=lambda j, k, s: j * s, start=1):
    """The width after all layers. add(j, k, s): what a layer adds, units being j pixels apart; jump: j after it."""
    r, j = start, 1
    for k, s in layers:
        r, j = r + add(j, k, s), jump(j, k, s)
    return r


def distance(layers):
    """How far apart two neighbouring units of the last layer are, in pixels."""
    return int(np.prod([s for _, s in layers]))


@register
def receptive_field(answer):
    """Exercise 01.3: [(kernel size, stride), …] → r, by r ← r + (k − 1) j and j ← j s."""
    def right(layers):
        return walk(layers, lambda j, k, s: (k - 1) * j)

    def forwards(layers):
        r = 1
        for k, s in layers:
            r = (r - 1) * s + k
        return r
    expect(answer, right, {
        "After a pooling two neighbours are 2 pixels apart: what a kernel adds has to be multiplied by that distance.":
            (lambda layers: walk(layers, lambda j, k, s: k - 1), lambda layers: walk(layers, lambda j, k, s: 2)),
        "A kernel adds one less than its size: its middle lies where the field was already.":
            (lambda layers: walk(layers, lambda j, k, s: k * j), lambda layers: walk(layers, lambda j, k, s: k)),
        "A layer's stride sets the units of the layers behind it apart, not those that it reads: add first, then "
        "multiply the distance.": lambda layers: walk(layers, lambda j, k, s: (k - 1) * j * s),
        "Strides multiply: after two poolings neighbours are 4 pixels apart.":
            (lambda layers: walk(layers, lambda j, k, s: (k - 1) * j, lambda j, k, s: s),
             lambda layers: walk(layers, lambda j, k, s: (k - 1) * j, lambda j, k, s: j + s),
             lambda layers: walk(layers, lambda j, k, s: (k - 1) * j, lambda j, k, s: j + s - 1)),
        "The distance doubles at a pooling only, whose stride is 2: multiply it by the stride, whatever it is.":
            lambda layers: walk(layers, lambda j, k, s: (k - 1) * j, lambda j, k, s: 2 * j),
        "Begin with one pixel, r = 1: without any layer a unit is a pixel, and sees itself.":
            lambda layers: walk(layers, lambda j, k, s: (k - 1) * j, start=0),
        "Poolings count too: their kernel of 2 adds a pixel or more, and their stride sets the units apart.":
            (lambda layers: walk([layer for layer in layers if layer[1] == 1], lambda j, k, s: (k - 1) * j),
             lambda layers: walk(layers, lambda j, k, s: (k - 1) * j * (s == 1))),
        "That rule is right from the last layer to the first; yours runs from the first to the last.": forwards,
        "Yours comes to the product of the kernel sizes: a kernel adds to the field, and only strides multiply.":
            (lambda layers: int(np.prod([k for k, _ in layers])), lambda layers: 3 ** len(layers),
             lambda layers: int(np.prod([k * s for k, s in layers]))),
        "That is the distance of two neighbouring units; the question was how much one of them sees.": distance,
        "Two numbers: return the receptive field alone.":
            (lambda layers: (right(layers), distance(layers)), lambda layers: (distance(layers), right(layers))),
        "That is the last layer's kernel alone; it sees what all layers before it have seen.":
            lambda layers: layers[-1][0],
        "That is the reach to one side of the middle; the field goes to both sides.":
            (lambda layers: (right(layers) - 1) / 2, lambda layers: right(layers) // 2),
        "That is an area; the field is given by the length of one side.": lambda layers: right(layers) ** 2,
        "That is what the first layer sees. Does your loop end there? Then the return belongs behind it.":
            lambda layers: layers[0][0]},
        [(VGG,), ([(5, 2), (3, 1), (2, 2), (7, 3), (3, 1)],), (VGG[:4],), (VGG[:1],)])
    return "The same rule gives 3 and 252 pixels, for the first layer of VGG19 and its last."


@register
def map_for(answer):
    """Exercise 01.7: (rows, columns, maps), [(row, column), …] → argmax of the mean there minus the mean everywhere."""
    rng = np.random.default_rng(1)

    def there(v, places):
        return np.array([v[row, column] for row, column in places])

    def everywhere(v):
        return v.mean((0, 1))

    def case(count):
        """Some maps are strong everywhere, some at one place alone, some hardly anywhere."""
        v = np.maximum(rng.normal(0.3, 1, size=(9, 12, 40)), 0) * rng.gamma(1.0, size=40)
        places = list(zip(rng.permutation(9)[:count], rng.permutation(9)[:count], strict=True))
        v[tuple(np.transpose(places))] += rng.gamma(0.5, 2, size=(count, 40))
        return v, [(int(row), int(column)) for row, column in places]

    def right(v, places):
        return int(np.argmax(there(v, places).mean(0) - everywhere(v)))
    expect(answer, right, {
        "A map that is strong everywhere wins like this: subtract each map's mean over all positions.":
            (lambda v, places: np.argmax(there(v, places).mean(0)),
             lambda v, places: np.argmax(there(v, places).sum(0))),
        "That is the map that is strongest in the whole picture; the places are not asked.":
            (lambda v, places: np.argmax(everywhere(v)), lambda v, places: np.argmax(v.max((0, 1)))),
        "That map fires least at the places, next to elsewhere: turn the difference round, or the minimum.":
            (lambda v, places: np.argmin(there(v, places).mean(0) - everywhere(v)),
             lambda v, places: np.argmax(everywhere(v) - there(v, places).mean(0))),
        "A quotient lets a map win that fires hardly anywhere: take the difference of the two means.":
            (lambda v, places: np.argmax(there(v, places).mean(0) / everywhere(v)),
             lambda v, places: np.argmax(there(v, places).mean(0) / (everywhere(v) + 1e-9))),
        "Row and column are the wrong way round: the first axis holds the rows.":
            lambda v, places: right(v, [(column, row) for row, column in places]),
        "That asks the first place alone; average over all of them.":
            (lambda v, places: right(v, places[:1]), lambda v, places: np.argmax(v[places[0]])),
        "That asks the last place alone: a loop overwrote the others. Average over all of them.":
            (lambda v, places: right(v, places[-1:]), lambda v, places: np.argmax(v[places[-1]])),
        "One strong place is enough for that map; the mean over all places is asked for.":
            lambda v, places: np.argmax(there(v, places).max(0) - everywhere(v)),
        "The weakest place decides like this; take the mean over all of them.":
            lambda v, places: np.argmax(there(v, places).min(0) - everywhere(v)),
        "Subtract the mean over all positions, not the largest activation.":
            lambda v, places: np.argmax(there(v, places).mean(0) - v.max((0, 1))),
        "The sum over the places grows with their number, the mean everywhere does not: take two means.":
            lambda v, places: np.argmax(there(v, places).sum(0) - everywhere(v)),
        "That says how much the map stands out; np.argmax says which one it is.":
            (lambda v, places: np.max(there(v, places).mean(0) - everywhere(v)),
             lambda v, places: np.max(there(v, places).mean(0))),
        "One number is wanted, the map's; np.argmax picks it.":
            (lambda v, places: there(v, places).mean(0) - everywhere(v), lambda v, places: there(v, places).mean(0),
             lambda v, places: np.argsort(there(v, places).mean(0) - everywhere(v)),
             lambda v, places: np.argsort(-(there(v, places).mean(0) - everywhere(v))),
             lambda v, places: np.argmax(there(v, places), axis=1),
             lambda v, places: np.argmax(there(v, places) - everywhere(v), axis=1)),
        "argmax over places and maps together counts through both: average over the places first.":
            (lambda v, places: np.argmax(there(v, places)),
             lambda v, places: np.argmax(there(v, places) - everywhere(v))),
        "A list of pairs indexes rows alone: values[row, column] for each place, or rows and columns apart.":
            (lambda v, places: np.argmax(v[places].mean(0) - everywhere(v)), lambda v, places: np.argmax(v[places])),
        "Maps are counted from 0.": lambda v, places: right(v, places) + 1},
        [case(count) for count in (2, 3, 3, 4, 2, 4, 2, 2, 3, 2)])
    return "That map fires where you pointed, and less elsewhere. Its patches say what it found there."
