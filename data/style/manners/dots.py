"""A river at sunset: pointillism, in dabs of pure pigment that follow the forms."""

import numpy as np

from manners.tools import HEIGHT, X, Y, at, colours, finished, mark, noise, ramp, sheet, strokes, weave

PIGMENTS = colours("fff6d8", "ffe98a", "ffc93c", "fba026", "f2743a", "d94a3f", "b03a63", "f4b8a2", "d99bc4", "9a78bd",
                   "6258a8", "383a86", "1f2a63", "2a55a8", "3f86c6", "79b6d6", "b8d7dc", "1e6a78", "1f7a4d", "55a044",
                   "9cc14a", "d6d85a", "12443f", "5a2348")


def shore(rng):
    """The view: → its colours (H, W, 3) and, for each place, the way its dabs run (H, W)."""
    horizon, sun_x, sun_y = 318, 590, 222
    from_sun = np.hypot(X - sun_x, (Y - sun_y) * 1.1)
    rays = np.arctan2((Y - sun_y) * 1.1, X - sun_x)
    picture = ramp(np.clip(from_sun / 600 + 0.05 * noise(rng, 130, 3) + 0.035 * np.sin(from_sun / 15), 0, 1),
                   colours("fffbd8", "ffe477", "ffba45", "f58a58", "dd86a8", "9f83c4", "5a6cba", "34509c"))
    angle = rays + np.pi / 2
    picture[from_sun < 44] = (255, 250, 214)

    def lay(here, inks, value, way):
        np.copyto(picture, ramp(np.clip(value, 0, 1), colours(*inks)), where=here[..., None])
        np.copyto(angle, np.broadcast_to(way, X.shape), where=here)

    for base, swing, length, inks in ((284, 18, 110, ("4a4f9e", "7b74c0", "c79bd0", "f0b0a8")),
                                      (304, 11, 60, ("1f3a72", "2f6a8c", "7f80ba"))):
        hill = base + swing * np.sin(X / length + base) + 5 * np.sin(X / 23)
        lay((hill < Y) & (horizon + 4 > Y), inks, 0.5 + 0.3 * noise(rng, 60, 2) - (Y - hill) / 90,
            np.arctan(swing / length * np.cos(X / length + base)))

    depth = np.clip((Y - horizon) / (HEIGHT - horizon), 0, 1)
    swell = 1.6 * noise(rng, 140, 2) + 0.7 * np.sin(X / 60)
    water, way = horizon < Y, 0.16 * np.cos(X / 60 + Y / 40)
    ripple = np.sin(np.maximum(Y - horizon, 0) ** 0.74 / 1.75 + swell)
    lay(water, ("131e55", "1d3f92", "2b70b8", "5aa6d0", "a99fd4", "f0a99c"),
        0.66 - 0.52 * depth + 0.2 * ripple + 0.05 * noise(rng, 50, 2), way)
    path = np.exp(-((X - sun_x) / (46 + 150 * depth)) ** 2) * (0.5 + 0.7 * ripple) > 0.42
    lay(water & path, ("e2603c", "ffa62e", "ffd95c", "fff2b0"), 0.5 + 0.5 * ripple, way)

    for x, y, size in ((735, 366, 1.1), (430, 392, 0.8), (790, 520, 2.1)):                 # boats and their sails
        up, side = (y - Y) / size, (X - x) / size
        lay((up > 4) & (up < 92) & (side > 1) & (side < 40 * (1 - up / 94)), ("fffbe8", "ffe3b4", "f7b27a"),
            side / 40, 1.3)
        lay((up > 8) & (up < 80) & (side < -2) & (side > -30 * (1 - up / 82)), ("f39a7a", "c05a72"), up / 80, 1.8)
        lay((up > -11) & (up < 3) & (np.abs(side) < 38 + up), ("3a1648", "a8323f"), 0.5 + side / 70, 0.0)
        lay((up < -13) & (up > -80) & (np.abs(side) < 26 + up / 6) & (ripple > -0.2), ("ffd9b0", "9fb4e0"),
            -up / 80, 0.0)

    bank = 372 + 0.0009 * X ** 2 + 10 * np.sin(X / 47) + 7 * noise(rng, 50, 2)
    furrow = np.sin((0.35 * X - Y + 10 * noise(rng, 90, 2)) / 21)
    lay(bank < Y, ("12304f", "125a4a", "2f8a3c", "9cc14a", "efdc52", "ffb04a"),
        0.42 + 0.24 * furrow + 0.13 * noise(rng, 80, 3) + (Y - bank) / 1300, 0.45 + 0.25 * np.sin(X / 80))
    for x, foot, height, wide in ((66, 700, 640, 96), (214, 612, 500, 66), (330, 520, 320, 44)):        # poplars
        shade = (np.abs((Y - foot) * 1.7 - (x - X) * 0.45) < wide / 3) & (x + 12 > X) & (x - X < 3 * wide)
        lay(shade, ("1a1c56", "2b4f8a"), 0.5 + 0.3 * noise(rng, 30, 2), -0.2)
        lay((np.abs(X - x) < wide / 9) & (foot > Y) & (foot - 0.4 * height < Y), ("2a1450", "7a2f6a", "e0703f"),
            0.5 + (X - x) / (wide / 4), np.pi / 2)
        up = (foot - 0.12 * height - Y) / (0.88 * height)
        edge = wide * np.clip(up + 0.04, 0, 1) ** 0.4 * np.clip(1 - up, 0, 1) ** 0.6 * 1.25 + 8 * noise(rng, 36, 2)
        tuft = np.sin((Y + 0.5 * np.abs(X - x)) / (0.16 * wide + 5) + 1.3 * noise(rng, 60, 2))
        lay((np.abs(X - x) < edge) & (up > 0) & (up < 1), ("141a52", "104c4c", "1f7a4d", "8cba40", "ffd23f", "ffa04a"),
            0.36 + (X - x) / (2.6 * wide) + 0.16 * tuft + 0.06 * noise(rng, 26, 2),
            -np.pi / 2 + 0.9 * np.tanh((X - x) / (0.6 * wide)))
    return picture, angle


def dots(rng):
    """Three layers of dabs: broad and dark, then the colour in its parts, then lights and complements."""
    picture, angle = shore(rng)
    image, draw = sheet(picture * 0.55 + np.array([40, 26, 60]))
    value = picture.mean(-1, keepdims=True)
    shadow, light = picture * 0.72 + np.array([6, -4, 34]), value + (picture - value) * 1.3 + 14
    layers = (shadow, 14, 64, 23, 34, 0.0), (light, 11, 46, 15, 25, 0.0), (light, 10, 26, 10, 22, 0.12)
    for target, gap, length, width, spread, complements in layers:
        for line in strokes(rng, angle, gap, length):
            colour = at(target, line[len(line) // 2]) + rng.normal(size=3) * 16
            if rng.random() < complements:                                    # they make both colours glow
                colour = 2 * colour.mean() - colour + 20
            chance = np.exp(-((PIGMENTS - colour) ** 2).sum(1) / (2 * spread ** 2)) + 1e-9
            pigment = PIGMENTS[rng.choice(len(PIGMENTS), p=chance / chance.sum())] * rng.uniform(0.93, 1.06)
            widths = width * rng.uniform(0.75, 1.1) * np.sqrt(np.sin(np.linspace(0.25, np.pi - 0.25, len(line))))
            mark(draw, line + 0.9, widths, pigment * 0.72)                    # a little shadow: dabs are thick
            mark(draw, line, widths, pigment)
    return weave(rng, finished(image), 0.04)
