"""A woodblock wave: gouged lines that follow the water, printed in six inks from light to dark."""

import numpy as np

from manners.tools import (
    X,
    Y,
    at,
    blur,
    colours,
    finished,
    inside,
    mark,
    nearest,
    noise,
    ramp,
    sheet,
    spline,
    strokes,
    swelling,
)

LINE, FOAM = colours("14204a", "f4ecd6")
WATER = colours("172a5c", "1f4583", "2d68a6", "5a97bf", "a5c8cb", "efe6cd")
DUSK = colours("b8603f", "da8a55", "ebb374", "f3d49c", "e9dcba", "a9c0bf", "7fa6ba")
# The crests and edges of the water, left to right or from the foot of a wave to its tip.
FAR = spline([(380, 640), (560, 560), (660, 575), (760, 545), (850, 470), (940, 430)])
BACK = spline([(-70, 720), (-10, 500), (110, 300), (225, 180), (360, 112), (480, 112), (575, 165), (625, 250),
               (632, 335)])
FRONT = spline([(700, 860), (560, 720), (430, 625), (350, 520), (325, 420), (360, 330), (440, 275), (530, 275),
                (618, 342)])
NEAR = spline([(-40, 600), (90, 575), (220, 640), (400, 705), (560, 690), (700, 610), (800, 565), (940, 600)])
FLOOR = spline([(-40, 850), (300, 870), (560, 850), (940, 860)])
SLOPES = spline([(540, 575), (650, 505), (705, 452), (722, 440), (748, 441), (770, 460), (830, 512), (940, 575)])


def between(upper, lower, count):
    """Curves from one to another, with waves of their own: water in folds."""
    t = np.linspace(0, 1, len(upper))[:, None]
    shares = [j / count + 0.3 / count * np.sin(9 * t + 1.7 * j) * (0 < j < count) for j in range(count + 1)]
    return [upper + share * (lower - upper) for share in shares]


def hook(draw, x, y, heading, size, bend):
    """A finger of foam: it swells, curls and ends in a point; a dark line around it, a fold of shade within."""
    points = []
    for n in range(15):
        points.append((x, y))
        x, y = x + size / 12 * np.cos(heading), y + size / 12 * np.sin(heading)
        heading += bend * (0.05 + 0.022 * n)
    points = np.array(points, np.float32)
    widths = size * 0.26 * swelling(15, 0.4)
    mark(draw, points, widths + 0.06 * size + 2.4, LINE)
    mark(draw, points, widths, FOAM)
    mark(draw, points[2:12] + (0.04 * size, 0.05 * size), 0.32 * widths[2:12], WATER[4])
    mark(draw, points[3:10] + (0.075 * size, 0.08 * size), 0.15 * widths[3:10], WATER[2])


def surf(rng, draw, crest, headings, size, every, bend=1.0, rows=3):
    """Foam along a crest: fans of hooks, the far rows first."""
    steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(crest, axis=0).T))])
    for row in range(rows):
        for place in np.arange(rng.uniform(0, every), steps[-1], every):
            place += rng.normal() * 0.25 * every
            x, y = np.interp(place, steps, crest[:, 0]), np.interp(place, steps, crest[:, 1])
            middle = np.interp(place, [0, steps[-1]], headings) + 0.3 * rng.normal()
            back = (row - 0.5 * rows + 0.6) * 0.34 * size
            for turn in np.linspace(-0.9, 0.8, 4) + 0.1 * rng.normal(size=4):
                hook(draw, x - back * np.cos(middle), y - back * np.sin(middle), middle + turn * bend,
                     size * rng.uniform(0.6, 1.25), bend * rng.uniform(0.7, 1.3))


def view(rng):
    """→ the way of the lines, the parts of the view, its inks, the light on what is blue (0…1, elsewhere nan), each
    (H, W, …), and the folds of each part."""
    folds = {1: between(SLOPES, SLOPES + (0, 150), 3), 2: between(FAR, FAR + (0, 230), 8), 3: between(BACK, FRONT, 14),
             4: between(NEAR, FLOOR, 8)}
    shapes = {1: SLOPES, 2: [*FAR, (940, 800), (380, 800)], 3: [*BACK, *FRONT[::-1], (-70, 800)],
              4: [*NEAR, (940, 800), (-40, 800)]}

    # The sky turns around the wave: near it along its outline, further off with the wind.
    _, outline, distance = nearest([BACK, FRONT])
    close = np.exp(-distance / 90)
    wind = 0.35 * np.sin(X / 130 + Y / 70) + 0.2 * noise(rng, 200, 2)
    outline = np.where(np.cos(outline) < 0, outline + np.pi, outline)
    angle = np.arctan2(close * np.sin(outline) + (1 - close) * np.sin(wind),
                       close * np.cos(outline) + (1 - close) * np.cos(wind))
    dusk = Y / 640 + 0.10 * np.sin(distance / 17) + 0.10 * noise(rng, 150, 3)
    # Parts: 0 sky, 1 mountain, 2 far swell, 3 the wave, 4 near swell, 5 sun.
    part, inks = np.zeros(X.shape, int), ramp(np.clip(dusk, 0, 1), DUSK)
    sun = np.hypot(X - 752, Y - 128)
    part[sun < 74] = 5
    angle[part == 5] = np.arctan2(Y - 128, X - 752)[part == 5] + np.pi / 2
    inks[part == 5] = ramp(np.clip(sun / 74 + 0.1 * noise(rng, 30, 2), 0, 1),
                           colours("f0924a", "dc5233", "b7301f"))[part == 5]
    blue = np.full_like(X, np.nan)
    for number, shape in shapes.items():
        here = inside(shape)
        fold, along, _ = nearest(folds[number])
        light = 0.5 + 0.36 * np.sin(2.4 * fold + number) + 0.12 * noise(rng, 90, 2) - 0.1 * (number == 1)
        blue[here], part[here], angle[here] = np.clip(light, 0, 1)[here], number, along[here]
        inks[here] = ramp(np.clip(0.75 * light, 0, 0.8), WATER)[here]
    snow = (part == 1) & (480 + 14 * np.sin(X / 5) > Y)
    inks[snow], blue[snow] = FOAM, np.nan
    return angle, part, inks, blue, folds


def wave(rng):
    """Gouged lines from broad to fine, the contours, then foam along the crests and the grain of the block."""
    angle, part, inks, blue, folds = view(rng)
    image, draw = sheet(inks)
    for gap, length, width, contrast in ((15, 170, 12, 0.30), (10, 110, 6.5, 0.55), (7, 70, 3.8, 0.75)):
        for line in strokes(rng, angle, gap, length, part):
            middle = line[len(line) // 2]
            light = at(blue, middle) + 0.5 * contrast * rng.normal()
            if np.isnan(light):
                colour = at(inks, middle) + 75 * contrast * rng.normal()
            else:
                colour = WATER[int(np.clip(round(5 * light), 0, 5))]
            mark(draw, line, width * rng.uniform(0.7, 1.3) * swelling(len(line), rng.uniform(0.3, 0.7)), colour)
    for number, curves in folds.items():                                       # the key block: contours and folds
        for n, curve in enumerate(curves):
            shown = at(part, curve + (0, 2)) == number
            for line in np.split(curve, np.flatnonzero(np.diff(shown)) + 1)[0 if shown[0] else 1::2]:
                for start in range(0, len(line) - 3, 65):
                    piece = line[start:start + 70]
                    mark(draw, piece, (6 if n == 0 else 4.2) * (0.35 + 0.65 * swelling(len(piece))), LINE)

    surf(rng, draw, FAR[90:], (-2.6, -2.0), 30, 24, -1.0)
    surf(rng, draw, BACK[40:245], (-2.2, 0.55), 50, 30)
    surf(rng, draw, BACK[120:], (0.1, 1.7), 62, 30)
    surf(rng, draw, FRONT[175:238], (1.1, 1.5), 40, 26, rows=2)
    surf(rng, draw, NEAR[10:100], (-0.9, 0.2), 40, 28)
    surf(rng, draw, NEAR[130:], (-2.4, -1.0), 40, 28, -1.0)
    for x, y in BACK[rng.integers(60, len(BACK), 200)] + (34, 6) + rng.normal(size=(200, 2)) * (64, 46):
        drop = np.array([(x, y), (x + 2, y + 3), (x + 3, y + 7)], np.float32)
        mark(draw, drop, rng.uniform(2, 7) * np.array([0.5, 1, 0.3]), FOAM)

    figure = Y / 7 + 3.2 * noise(rng, 420, 2) + 0.25 * noise(rng, 40, 1)       # the year rings of the block
    grain = (figure % 1) ** 3 + 0.5 * ((2.7 * figure) % 1) ** 4
    baren = 1 - 0.09 * (grain - 0.35) + 0.025 * blur(rng.normal(size=X.shape), 2) + 0.02 * rng.normal(size=X.shape)
    return finished(image) * baren[..., None]
