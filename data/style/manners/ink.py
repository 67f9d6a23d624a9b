"""Sun, cypresses and fields: reed pen, in lines that swell with the shade, over washes of thinned ink."""

import numpy as np

from manners.tools import X, Y, at, blur_line, colours, finished, mark, noise, sheet, strokes, swelling

SUN = 235, 165


def view(rng):
    """→ the way of the lines, the shade (0 = paper, 1 = full), the part of the view and the wash, each (H, W, …)."""
    around = np.hypot(X - SUN[0], Y - SUN[1])
    angle = np.arctan2(Y - SUN[1], X - SUN[0]) + np.pi / 2 + 0.55 * noise(rng, 210, 2) * np.clip(around / 260, 0, 1)
    shade = 0.46 + 0.26 * np.sin(around / 24 + 0.9 * noise(rng, 190, 2)) - 0.30 * np.exp(-(around / 130) ** 2)
    shade = np.where(around < 52, 0.04, shade + 0.0001 * around)
    part = np.where(around < 52, 1, 0)
    cold, warm, earth, green = colours("6f88a8", "e0a64e", "bd6c34", "67693c")
    wash = cold + (warm - cold) * np.exp(-(around / 250) ** 2)[..., None]

    def lay(here, number, way, darkness, ink):
        for field, value in ((angle, way), (shade, np.clip(darkness, 0.05, 1)), (part, number)):
            np.copyto(field, np.broadcast_to(value, X.shape), where=here, casting="unsafe")
        np.copyto(wash, np.broadcast_to(ink, wash.shape), where=here[..., None])

    for k, (base, swing, length) in enumerate(((382, 46, 150), (438, 36, 95), (486, 22, 190))):          # hills
        ridge = base + swing * np.sin(X / length + 2.1 * k) + 7 * np.sin(X / 27 + k)
        fall, slope = (Y - ridge) / 80, np.gradient(ridge, axis=1)
        lay(ridge < Y, 2 + k, np.arctan(slope) + 0.6 + 0.6 * fall + 0.3 * np.sin(X / 60 + k),
            0.72 - 0.5 * fall + 0.9 * slope + 0.14 * noise(rng, 60, 2), (cold, 0.5 * (cold + earth), earth)[k])
    # Fields: furrows run towards a point on the horizon, each strip with its own shade and crop.
    horizon = 520 + 8 * np.sin(X / 120)
    lane = (X - 470) / np.maximum(Y - 440, 20) + 0.04 * noise(rng, 200, 2)
    strip = np.floor(lane * 1.25)
    furrow = np.arctan2(Y - 440, X - 470)
    way = np.choose(strip.astype(int) % 3, [1.45 + 0.4 * noise(rng, 50, 2), furrow, furrow + 0.5 * np.sin(Y / 22)])
    light = 0.44 + 0.30 * np.sin(strip * 2.4) + 0.22 * np.sin(lane * 30) + 0.10 * noise(rng, 90, 2)
    lay(horizon < Y, 10 + strip.astype(int) % 4, way, light,
        np.where((strip % 3 == 0)[..., None], warm, np.where((strip % 3 == 1)[..., None], earth, green)))
    for n, (x, y, r) in enumerate(((95, 560, 66), (185, 592, 50), (300, 552, 36), (455, 566, 44), (862, 642, 76),
                                   (30, 645, 60), (395, 650, 40))):                                      # bushes
        d = np.hypot(X - x, (Y - y) * 1.25) + 7 * noise(rng, 30, 2)
        lay(d < r, 20 + n, np.arctan2((Y - y) * 1.25, X - x) + 1.9,
            0.62 + (X - x + Y - y) / (1.6 * r) + 0.2 * noise(rng, 24, 2), green)
    # Cypresses: flames of ink.
    for n, (x, foot, top, wide) in enumerate(((610, 610, 270, 34), (695, 668, 40, 74), (800, 645, 170, 56))):
        up = (foot - Y) / (foot - top)
        lean = x + 20 * np.sin(up * 5 + x)
        edge = wide * np.clip(up + 0.08, 0, 1) ** 0.35 * np.clip(1 - up, 0, 1) ** 0.65 * 1.35 + 6 * noise(rng, 26, 2)
        lay((np.abs(X - lean) < edge) & (up > -0.02) & (up < 1), 30 + n,
            np.pi / 2 - 0.75 * np.sin((X - lean) / 18 + up * 9) - (X - lean) / 260,
            0.80 + (X - lean) / (1.7 * wide) + 0.20 * noise(rng, 38, 2), 0.6 * green + 12)
    return angle, shade, part, wash


def ink(rng):
    """Washes with a broad brush, then the pen from broad to fine, then the light in body colour."""
    angle, shade, part, wash = view(rng)
    paper = np.array([242, 224, 184]) * (1 + 0.03 * noise(rng, 150, 4))[..., None]
    image, draw = sheet(paper)
    for gap, length, width in ((17, 150, 30), (13, 90, 15)):
        for line in strokes(rng, angle, gap, length, part):
            middle = line[len(line) // 2]
            thin = np.clip(0.25 + 0.85 * at(shade, middle) + 0.14 * rng.normal(), 0.08, 1)
            colour = at(paper, middle) * (1 - thin) + at(wash, middle) * thin + 6 * rng.normal()
            mark(draw, line, width * swelling(len(line), power=0.4), colour)

    def pen(way, gap, length, width, least, parts):
        """Lines as broad as the shade is dark; a hand trembles, and a reed runs dry."""
        for line in strokes(rng, way, gap, length, part, step=3.5):
            dark = blur_line(at(shade, line))
            if dark.mean() < least or at(part, line[len(line) // 2]) not in parts:
                continue
            line = line + 0.8 * blur_line(rng.normal(size=line.shape))
            widths = width * (0.25 + dark) * (0.3 + 0.7 * swelling(len(line), rng.uniform(0.3, 0.6)))
            dry = np.clip(0.75 - dark.mean() + 0.25 * rng.normal(), 0, 1)
            widths *= 1 + 0.10 * rng.normal(size=len(line))
            mark(draw, line, widths, (30 + 74 * dry, 20 + 40 * dry, 22 + 14 * dry))

    pen(angle, 12.5, 140, 9.5, 0.06, range(40))
    pen(angle, 7.5, 80, 5, 0.34, range(40))
    pen(angle + 0.95, 12, 70, 3.8, 0.55, range(2, 20))
    pen(angle - 0.85, 12, 54, 3.6, 0.72, range(2, 20))
    for line in strokes(rng, angle, 12, 70, part):                            # the light
        if at(shade, line[len(line) // 2]) + 0.08 * rng.normal() < 0.34:
            mark(draw, line, 6.5 * rng.uniform(0.6, 1.3) * swelling(len(line)), (252, 243, 216))
    turns = np.linspace(0.3, 6.5, 60)
    ring = np.stack([SUN[0] + 50 * np.cos(turns), SUN[1] + 50 * np.sin(turns)], 1)
    mark(draw, ring, 6.5 * (0.4 + 0.6 * swelling(60)), (38, 24, 22))
    return finished(image) * (1 + 0.02 * rng.normal(size=X.shape))[..., None]
