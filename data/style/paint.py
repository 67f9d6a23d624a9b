"""Paint the course's style pictures: `python data/style/paint.py [name …]`.

Each picture is a function of a seeded generator and nothing else; the same call paints the same picture.
They are meant for a network that looks at texture: broad strokes, several scales, strong colour.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

FOLDER = Path(__file__).resolve().parent
HEIGHT, WIDTH = 768, 896
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)


# --- tools ------------------------------------------------------------------------------------------------

def colours(*codes):
    """Hex codes → (n, 3) floats, 0…255."""
    return np.array([[int(code[i:i + 2], 16) for i in (0, 2, 4)] for code in codes], np.float32)


def noise(rng, scale, octaves=4, shape=(HEIGHT, WIDTH)):
    """Smooth fractal noise (H, W), mean about 0, spread about 1; `scale` is its largest feature in pixels."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cell = max(1.0, scale / 2 ** octave)
        small = rng.normal(size=(int(shape[0] / cell) + 3, int(shape[1] / cell) + 3)).astype(np.float32)
        grown = Image.fromarray(small).resize((int(small.shape[1] * cell) + 1, int(small.shape[0] * cell) + 1),
                                              Image.Resampling.BICUBIC)
        total += np.asarray(grown)[:shape[0], :shape[1]] * 0.55 ** octave
    return total / total.std()


def ramp(value, palette):
    """value (H, W) in 0…1 → colours (H, W, 3) along a palette."""
    stops = np.linspace(0, 1, len(palette))
    return np.stack([np.interp(value, stops, palette[:, c]) for c in range(3)], axis=-1)


def blur(array, radius):
    """A Gaussian blur of (H, W) floats."""
    taps = np.arange(-int(2.5 * radius) - 1, int(2.5 * radius) + 2)
    weights = np.exp(-0.5 * (taps / radius) ** 2).astype(np.float32)
    for axis in (0, 1):
        array = sum(w * np.roll(array, t, axis) for t, w in zip(taps, weights / weights.sum(), strict=True))
    return array


def relief(picture, height, strength):
    """Light from the upper left over a height map: what makes paint look thick."""
    dy, dx = np.gradient(height.astype(np.float32))
    return picture * (1 + strength * np.clip(-(dx + dy), -1, 1))[..., None]


def weave(rng, picture, strength=0.05):
    """The grain of a canvas over the picture."""
    threads = np.sin(X * 1.55) * np.sin(Y * 1.55) + 0.6 * rng.normal(size=picture.shape[:2])
    return picture * (1 + strength * blur(threads, 0.6))[..., None]


def follow(angle, x, y, length, step=3.0):
    """The points of a stroke of some length through a field of angles, (n, 2)."""
    points = [(x, y)]
    for _ in range(max(2, int(length / step))):
        i, j = int(np.clip(y, 0, HEIGHT - 1)), int(np.clip(x, 0, WIDTH - 1))
        x, y = x + step * np.cos(angle[i, j]), y + step * np.sin(angle[i, j])
        points.append((x, y))
    return np.array(points, np.float32)


def spline(points, count=260):
    """A smooth curve (count, 2) through some points (Catmull-Rom)."""
    p = np.asarray(points, np.float64)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    at = np.linspace(0, len(points) - 1 - 1e-9, count)
    n, t = at.astype(int), (at % 1)[:, None]
    a, b, c, d = p[n], p[n + 1], p[n + 2], p[n + 3]
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2 + (3 * b - a - 3 * c + d) * t ** 3)


def blur_line(values):
    """Neighbours along axis 0 averaged: a hand trembles, it does not jump."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def stroke(rng, draw, bump, points, width, colour, spread=22):
    """One brush stroke: bristles side by side, each of its own shade; `bump` collects their thickness."""
    along = np.gradient(points, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-6)
    bristles = max(3, int(width / 1.8))
    for k, offset in enumerate(np.linspace(-0.5, 0.5, bristles)):
        cut = slice(int(rng.integers(0, 2)), len(points) - int(rng.integers(0, 2)))
        line = [tuple(p) for p in points[cut] + across[cut] * offset * width]
        shade = colour + rng.normal() * spread + (10 if k < bristles / 2 else -10)
        draw.line(line, fill=tuple(int(v) for v in np.clip(shade, 0, 255)), width=3, joint="curve")
        ridge = 83 + 360 * (0.25 - offset ** 2) + rng.normal() * 25
        bump.line(line, fill=int(np.clip(ridge, 0, 255)), width=2)


def brushwork(rng, target, angle, passes, spread=20, ground=None):
    """Repaint a target picture with strokes along a field of angles. passes: [(count, width, length), …]."""
    canvas = Image.fromarray(np.clip(target if ground is None else ground, 0, 255).astype(np.uint8))
    thick = Image.new("L", canvas.size, 128)
    draw, bump = ImageDraw.Draw(canvas), ImageDraw.Draw(thick)
    for count, width, length in passes:
        for _ in range(count):
            x, y = rng.uniform(-10, WIDTH + 10), rng.uniform(-10, HEIGHT + 10)
            colour = target[int(np.clip(y, 0, HEIGHT - 1)), int(np.clip(x, 0, WIDTH - 1))]
            points = follow(angle, x, y, length * rng.uniform(0.6, 1.3))
            stroke(rng, draw, bump, points, width * rng.uniform(0.7, 1.2), colour + rng.normal(size=3) * 14, spread)
    return relief(np.asarray(canvas, np.float32), blur(np.asarray(thick, np.float32), 0.8) / 20, 0.28)


# --- the pictures -----------------------------------------------------------------------------------------

def swirls(rng):
    """Night over hills: impasto strokes along a field of vortices, blues against yellows."""
    vx, vy = np.full_like(X, 1.1), 0.35 * np.sin(X / 120) + 0.2
    lights = [(640, 150, 95), (265, 190, 120), (445, 300, 85), (90, 90, 60), (800, 330, 55), (480, 70, 45),
              (130, 370, 50)]
    glow = np.zeros_like(X)
    for k, (cx, cy, size) in enumerate(lights):
        dx, dy = X - cx, Y - cy
        distance = np.hypot(dx, dy) + 1e-3
        pull = 5 * np.exp(-(distance / (1.5 * size)) ** 2) * (1 if k % 2 else -1)
        vx, vy = vx + pull * -dy / distance, vy + pull * dx / distance
        rings = 0.75 + 0.25 * np.cos(distance / size * 9)
        glow = np.maximum(glow, np.exp(-(distance / (0.68 * size)) ** 2) * rings)
    hills = 560 + 40 * np.sin(X / 95 + 1) + 25 * np.sin(X / 41) + 8 * np.sin(X / 17)
    land = hills < Y
    angle = np.where(land, 0.5 * np.cos(X / 95 + 1) + 0.25 * np.sin(Y / 23), np.arctan2(vy, vx))
    bands = 0.5 + 0.5 * np.sin((X * vy - Y * vx) / 60 + 2.2 * noise(rng, 220, 3))
    sky = ramp(np.clip(0.15 + 0.5 * bands + 0.3 * (Y / 560), 0, 1),
               colours("0b1c4a", "16337c", "2056a8", "3f83c4", "8fbdd6", "c8dcd0"))
    fire = ramp(glow, colours("2f66b0", "5f97b0", "9db56a", "eebf30", "ffd535", "ffe873", "fffbe0"))
    sky = sky * (1 - np.clip(glow * 2, 0, 1))[..., None] + fire * np.clip(glow * 2, 0, 1)[..., None]
    earth = ramp(np.clip(0.5 + 0.28 * noise(rng, 60, 3) + (Y - hills) / 700, 0, 1),
                 colours("071a33", "0f3d4a", "1d5a4f", "3f7a4a", "8a9a3c", "d1a52e"))
    picture = np.where(land[..., None], earth, sky)
    for cx, foot, top, wide in ((196, 790, 300, 58), (262, 790, 470, 40)):    # cypresses, black flames before the sky
        up = (foot - Y) / (foot - top)
        lean = cx + 16 * np.sin(5 * up + cx)
        edge = 1.3 * wide * np.clip(up + 0.1, 0, 1) ** 0.3 * np.clip(1 - up, 0, 1) ** 0.7 + 5 * noise(rng, 30, 2)
        flame = (np.abs(X - lean) < edge) & (up < 1)
        tint = ramp(np.clip(0.4 + (X - lean) / (4 * wide) + 0.22 * noise(rng, 34, 2), 0, 1),
                    colours("081222", "0d2b33", "12402f", "3d5a2a", "8a6a2c"))
        picture = np.where(flame[..., None], tint, picture)
        angle = np.where(flame, -np.pi / 2 + 0.6 * np.sin((X - lean) / 14 + 10 * up) + (X - lean) / 200, angle)
    return weave(rng, brushwork(rng, picture, angle, [(2000, 26, 95), (3600, 17, 75), (4200, 11, 50)], 17), 0.04)


def wave(rng):
    """Woodblock wave: striped water that rises, curls and breaks into claws of foam; grain of the wood over all."""
    k, line, foam = 2, (20, 32, 66), (247, 242, 226)
    inks = [tuple(int(v) for v in c) for c in colours("1d3f7c", "f0ead6", "2a5c9e", "16305f", "86b3cc", "234b8c",
                                                      "dfe6da", "3f7db4")]
    dusk = ramp(np.clip(Y / 620 + 0.05 * noise(rng, 260, 2), 0, 1),
                colours("b9713f", "d99a56", "ecc58a", "e6cfa0", "b9a98e", "8f8b86"))
    sheet = Image.fromarray(dusk.astype(np.uint8)).resize((WIDTH * k, HEIGHT * k))
    draw = ImageDraw.Draw(sheet)

    def outline(points, width, colour=line):
        draw.line([(k * x, k * y) for x, y in points], fill=colour, width=int(width * k), joint="curve")

    def polygon(points, colour):
        draw.polygon([(k * x, k * y) for x, y in points], fill=colour)

    def water(upper, lower, bands, first=0):
        """Stripes of ink between two curves, each with its contour and a thinner line inside."""
        t = np.linspace(0, 1, len(upper))[:, None]
        edges = []
        for j in range(bands + 1):
            share = j / bands + (0.25 / bands) * np.sin(9 * t + 1.7 * j) * (0 < j < bands)
            edges.append(upper + share * (lower - upper))
        for j in range(bands):
            ink = inks[(first + j) % len(inks)]
            polygon(np.concatenate([edges[j], edges[j + 1][::-1]]), ink)
            cut = slice(int(rng.integers(5, 60)), len(t) - int(rng.integers(5, 40)))
            for share in (0.38, 0.7) if min(ink) < 120 else (0.55,):
                shade = inks[4] if min(ink) < 60 else inks[2]
                outline((edges[j] + share * (edges[j + 1] - edges[j]))[cut], 2.6, shade)
        for edge in edges:
            outline(edge, 5)

    def blob(circles, grow, colour):
        for x, y, r in circles:
            draw.ellipse([k * v for v in (x - r - grow, y - r - grow, x + r + grow, y + r + grow)], fill=colour)

    def claw(x, y, heading, size, bend):
        """One hand of foam: an arm that bends and three or four hooked fingers, with a single contour round it."""
        arm, fingers = [], []
        for n in range(9):
            arm.append((x, y, size * (0.25 - 0.008 * n)))
            x, y, heading = x + 0.10 * size * np.cos(heading), y + 0.10 * size * np.sin(heading), heading + 0.10 * bend
        for turn in np.linspace(-0.95, 0.75, int(rng.integers(3, 5))):
            fx, fy, way, reach = x, y, heading + turn * bend, size * rng.uniform(0.09, 0.13)
            for n in range(7):
                fingers.append((fx, fy, size * (0.155 - 0.012 * n)))
                fx, fy, way = fx + reach * np.cos(way), fy + reach * np.sin(way), way + 0.3 * bend
        circles = arm + fingers
        blob(circles, 4.2, line)
        blob(circles, 0, foam)
        for side, colour, width in ((0.11, inks[4], 4.5), (-0.04, inks[7], 2.4)):
            outline([(cx - side * size * np.sin(heading), cy + side * size * np.cos(heading)) for cx, cy, _ in arm[2:]],
                    width, colour)
        for n in range(0, len(fingers), 7):
            outline([(cx, cy) for cx, cy, _ in fingers[n + 1:n + 5]], 2.2, inks[4])

    def surf(crest, heading, size, every, bend=1.0, rows=2):
        """Claws along a crest, the back row first."""
        steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(crest, axis=0).T))])
        for row in range(rows):
            places = np.arange(rng.uniform(0, every), steps[-1], every)
            for at in rng.permutation(places) + rng.normal(size=len(places)) * 0.25 * every:
                x, y = np.interp(at, steps, crest[:, 0]), np.interp(at, steps, crest[:, 1])
                share = at / steps[-1]
                turn = heading[0] + share * (heading[1] - heading[0]) + rng.normal() * 0.35
                shift = (row - 0.4) * 0.34 * size
                claw(x - shift * np.cos(turn) + rng.normal() * 3, y - shift * np.sin(turn) + rng.normal() * 3, turn,
                     size * rng.uniform(0.65, 1.3), bend)

    draw.ellipse([k * v for v in (668, 60, 806, 198)], fill=(201, 58, 40), outline=line, width=4 * k)
    for level in (545, 505, 478):                                     # a bank of mist behind
        mist = spline([(-30, level), (200, level - 14), (460, level + 8), (700, level - 18), (930, level)])
        outline(mist, 3, (140, 126, 118))
    cone = spline([(560, 560), (650, 505), (705, 452), (722, 440), (748, 441), (770, 460), (830, 512), (930, 560)])
    polygon(cone, (74, 96, 132))
    polygon(spline([(690, 468), (705, 452), (722, 440), (748, 441), (770, 460), (784, 474), (764, 470), (750, 486),
                    (736, 470), (720, 490), (708, 470), (690, 468)]), foam)
    outline(cone, 4)

    far = spline([(380, 640), (560, 560), (660, 575), (760, 545), (850, 470), (930, 430)])
    water(far, spline([(380, 720), (560, 690), (700, 720), (800, 730), (880, 700), (930, 660)]), 7, 2)
    surf(far[90:], (-2.6, -2.0), 38, 21, -1.0)

    back = spline([(-70, 720), (-10, 500), (110, 300), (225, 180), (360, 112), (480, 112), (575, 165), (625, 250),
                   (632, 335)])
    front = spline([(700, 860), (560, 720), (430, 625), (350, 520), (325, 420), (360, 330), (440, 275), (530, 275),
                    (618, 342)])
    polygon([*back[:1], (-70, 900), (900, 900), *front[:1]], inks[3])
    water(back, front, 15)
    surf(back[40:245], (-2.2, 0.55), 58, 25, 1.0, 2)
    surf(back[120:], (0.1, 1.7), 66, 24, 1.0, 2)
    surf(front[175:238], (1.1, 1.5), 44, 21, 1.0, 1)

    near = spline([(-40, 600), (90, 575), (220, 640), (400, 705), (560, 690), (700, 610), (800, 565), (940, 600)])
    water(near, spline([(-40, 840), (90, 850), (300, 860), (450, 850), (560, 840), (700, 830), (800, 830), (940, 850)]),
          9, 4)
    surf(near[10:100], (-0.9, 0.2), 46, 24)
    surf(near[130:], (-2.4, -1.0), 46, 24, -1.0)
    for _ in range(260):                                              # spray before the crest
        at = back[int(rng.integers(60, len(back)))]
        x, y = at + np.array([30, 6]) + rng.normal(size=2) * np.array([62, 46])
        blob([(x, y, rng.uniform(1.5, 5.5))], 0, foam)

    picture = np.asarray(sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float32)
    figure = Y / 7 + 3.2 * noise(rng, 420, 2) + 0.25 * noise(rng, 40, 1)   # the year rings of the block
    grain = (figure % 1) ** 3 + 0.5 * ((2.7 * figure) % 1) ** 4
    baren = 1 - 0.09 * (grain - 0.35) + 0.025 * noise(rng, 7, 2) + 0.02 * rng.normal(size=X.shape)
    return picture * baren[..., None]


def glass(rng):
    """Stained glass: a rose window with the sun behind it, ruby and cobalt, leaded piece by piece."""
    cx, cy = WIDTH / 2, HEIGHT / 2
    u, v = X - cx + 2.5 * noise(rng, 60, 2), Y - cy + 2.5 * noise(rng, 60, 2)
    r, turn = np.hypot(u, v), np.arctan2(v, u) / (2 * np.pi) + 0.5
    palette = colours("c0142c", "1238a6", "f0ac18", "10844f", "6a1f9a", "e8601f", "1c86d6", "fbe08a", "8c0f3c",
                      "19a596", "f4f0d8", "2b55d0")
    piece, hue = np.zeros(X.shape, np.int64), np.zeros(X.shape, int)

    def cut(inside, part, inks):
        """Put pieces numbered `part` over a region; each number takes its ink in turn."""
        part = np.broadcast_to(part, X.shape).astype(np.int64)
        cut.count += 1
        piece[inside] = (cut.count * 100_000 + part % 100_000)[inside]
        hue[inside] = np.array(inks)[part % len(inks)][inside]

    cut.count = 0

    def sector(n, shift=0.0):
        """The number of the sector of n, and the coordinates (along, across) from its middle line."""
        share = turn * n + shift
        middle = (np.floor(share) + 0.5 - shift) / n
        bend = (turn - middle) * 2 * np.pi
        return np.floor(share).astype(int) % n, r * np.cos(bend), r * np.sin(bend)

    # The corners: a net of lozenges with a border, and a roundel of four leaves in each.
    p, q = np.floor((X + Y) / 46).astype(int), np.floor((X - Y) / 46).astype(int)
    cut(r > 0, 300 * (p + 40) + q + 60, (1, 6, 11, 1, 9, 11, 4))
    cut((p % 3 == 0) & (q % 3 == 0), 300 * (p + 40) + q + 60, (2, 7, 0))
    edge = np.minimum(np.minimum(X, WIDTH - 1 - X), np.minimum(Y, HEIGHT - 1 - Y))
    cut(edge < 30, np.where(np.minimum(Y, HEIGHT - 1 - Y) < 30, X // 42, 60 + Y // 42), (0, 2, 0, 3))
    for x, y in ((82, 82), (WIDTH - 82, 82), (82, HEIGHT - 82), (WIDTH - 82, HEIGHT - 82)):
        du, dv = X - x, Y - y
        d, a = np.hypot(du, dv), np.arctan2(dv, du) / (2 * np.pi) + 0.5
        cut(d < 76, np.floor(a * 12), (7, 0))
        cut(d < 62, np.floor(a * 8), (1, 11))
        for k in range(4):
            leaf = np.hypot(du - 29 * np.cos(np.pi / 2 * k), dv - 29 * np.sin(np.pi / 2 * k)) < 25
            cut(leaf, k, (0, 5))
        cut(d < 15, 0, (7,))
    # The rose, from the rim inwards.
    ring, along, across = sector(48)
    cut(r < 378, ring, (2, 0, 3, 0))
    ring, along, across = sector(24)
    cut(r < 352, ring * 2 + (across > 0), (1, 11, 6, 11))
    cut(np.hypot(along - 326, across) < 22, ring, (0, 7, 3, 7))
    ring, along, across = sector(12)
    cut((r < 302), ring * 3 + np.floor(r / 34).astype(int) * 40, (4, 8, 0))
    outer = np.hypot(along - 246, across) < 51
    cut(outer, ring * 6 + np.floor((np.arctan2(across, along - 246) / np.pi + 1) * 3).astype(int), (1, 6))
    cut(np.hypot(along - 246, across) < 34, ring * 2 + (along > 246), (5, 2, 0, 2))
    cut(np.hypot(along - 246, across) < 14, ring, (7, 10))
    ring, along, across = sector(12, 0.5)
    petal = np.abs(across) < 43 * np.abs(np.sin(np.pi * np.clip((along - 62) / 168, 0, 1))) ** 0.8
    cut(r < 178, ring * 4 + np.floor(r / 45).astype(int), (9, 3, 11))
    cut(petal, ring * 8 + (across > 0) * 4 + np.floor((along + 0.5 * np.abs(across)) / 42).astype(int), (0, 8, 0, 5))
    core = np.abs(across) < 21 * np.abs(np.sin(np.pi * np.clip((along - 96) / 106, 0, 1))) ** 0.9
    cut(core, ring * 2 + (along > 158), (2, 7, 2, 5))
    ring, along, across = sector(8)
    cut(r < 88, ring, (1, 4))
    bud = np.abs(across) < 20 * np.abs(np.sin(np.pi * np.clip((along - 22) / 62, 0, 1))) ** 0.7
    cut(bud, ring, (5, 0))
    cut(r < 27, 0, (7,))

    numbers, which = np.unique(piece, return_inverse=True)
    which = which.reshape(X.shape)
    lead = np.zeros(X.shape, np.float32)
    for shift in ((0, 1), (1, 0)):
        lead[which != np.roll(which, shift, (0, 1))] = 1
    for bound in (27, 88, 178, 302, 378):                             # heavier bars carry the rose
        lead[np.abs(r - bound) < 2.2] = 1
    near = blur(lead, 2.2)
    dark = np.clip((near - 0.055) / 0.07, 0, 1)
    glow = np.clip(1.25 - 1.2 * blur(lead, 11) / 0.17, 0.1, 1)        # each piece is brightest away from its lead

    shade = (0.82 + 0.36 * rng.random(len(numbers)))[which]
    tilt, pitch = rng.uniform(0, np.pi, len(numbers))[which], rng.uniform(3.2, 6.5, len(numbers))[which]
    ripple = np.sin((X * np.cos(tilt) + Y * np.sin(tilt)) / pitch + 1.6 * noise(rng, 30, 2))
    bubbles = np.clip(noise(rng, 7, 1) - 1.5, 0, 1)
    sun = 0.80 + 0.55 * np.exp(-((X - 520) / 330) ** 2 - ((Y - 250) / 290) ** 2)
    light = shade * sun * (0.62 + 0.62 * glow + 0.10 * ripple + 0.09 * noise(rng, 24, 3)) + 0.25 * bubbles
    ink = palette[hue]
    flash = np.roll(palette, 1, 1)[hue]                               # pot metal is never of one colour
    mix = np.clip(0.10 + 0.10 * noise(rng, 55, 2), 0, 0.3)[..., None]
    picture = (ink * (1 - mix) + flash * mix) * light[..., None]
    picture += 85 * np.clip(light - 1.05, 0, 1)[..., None] * np.array([1.0, 0.92, 0.75])
    vein = np.abs(np.sin(r / 6.5 + 3 * np.sin(turn * 24 * np.pi))) < 0.13     # lines fired into the glass
    picture[vein & (glow > 0.35) & (hue % 3 == 0)] *= 0.55
    dy, dx = np.gradient(near)
    metal = np.array([26, 23, 27]) + 420 * np.clip(-(dx + dy), 0, 0.2)[..., None] * np.array([1.0, 0.95, 0.9])
    return picture * (1 - dark)[..., None] + metal * dark[..., None]


def dots(rng):
    """Pointillism: a river at sunset in dots of pure colour, each area woven from neighbours and complements."""
    shore, sun_x, sun_y = 318, 590, 236
    from_sun = np.hypot(X - sun_x, (Y - sun_y) * 1.15)
    picture = ramp(np.clip(from_sun / 560 + 0.05 * noise(rng, 130, 3) + 0.03 * np.sin(from_sun / 17), 0, 1),
                   colours("fffbd0", "ffe169", "ffb545", "f78c6b", "d77fb4", "7f7fd0", "4a68c0"))
    picture[np.hypot(X - sun_x, Y - sun_y) < 46] = (255, 250, 200)
    for base, swing, length, inks in ((292, 16, 110, ("6a6fc4", "8f86d6", "c79bd0")),
                                      (308, 10, 60, ("3e5f9e", "4f86a8", "a68bc9"))):
        hill = base + swing * np.sin(X / length + base) + 5 * np.sin(X / 23)
        tint = ramp(np.clip(0.5 + 0.3 * noise(rng, 60, 2), 0, 1), colours(*inks))
        picture = np.where(((hill < Y) & (shore + 4 > Y))[..., None], tint, picture)
    depth = np.clip((Y - shore) / (HEIGHT - shore), 0, 1)
    ripple = np.sin(np.maximum(Y - shore, 0) ** 0.72 / 1.7 + 1.6 * noise(rng, 120, 2) + 0.6 * np.sin(X / 50))
    path = np.exp(-((X - sun_x) / (38 + 150 * depth)) ** 2)
    water = ramp(np.clip(0.62 - 0.5 * depth + 0.17 * ripple + 0.05 * noise(rng, 50, 2), 0, 1),
                 colours("14296b", "1d4fa0", "2b86c4", "62b6cf", "b9a3d8", "f2a6a0"))
    gold = ramp(np.clip(0.5 + 0.5 * ripple, 0, 1), colours("f0703a", "ffb02e", "ffe97a"))
    share = np.clip(path * (0.55 + 0.6 * ripple), 0, 1)[..., None]
    picture = np.where((shore < Y)[..., None], water * (1 - share) + gold * share, picture)

    def lay(inside, inks, value):
        np.copyto(picture, ramp(np.clip(value, 0, 1), colours(*inks)), where=inside[..., None])

    for bx, by, size in ((720, 352, 1.0), (400, 372, 0.7), (810, 470, 1.7)):               # boats and their sails
        up, side = (by - Y) / size, (X - bx) / size
        lay((up > 4) & (up < 78) & (side > 1) & (side < 34 * (1 - up / 80)), ("fffbe8", "ffe3b4"), up / 80)
        lay((up > 8) & (up < 66) & (side < -2) & (side > -24 * (1 - up / 68)), ("ffe0d0", "f39a7a"), up / 80)
        lay((up > -10) & (up < 2) & (np.abs(side) < 34 + up), ("5a1f4d", "a8323f"), 0.5 + side / 60)
        lay((up < -12) & (up > -60) & (np.abs(side) < 22 + up / 5) & (ripple > -0.1), ("f7c9a8", "9fb4e0"), -up / 60)
    bank = 352 + 0.00085 * X ** 2 + 9 * np.sin(X / 47) + 7 * noise(rng, 50, 2)
    ground = 0.42 + 0.17 * noise(rng, 80, 3) + 0.22 * np.sin((0.3 * X - Y) / 26) + (Y - bank) / 900
    lay(bank < Y, ("123f5a", "16624a", "2f8a3c", "86bb3a", "e8d84a", "ffa04a"), ground)
    lay((735 + 14 * np.sin(X / 70) < Y), ("3a1d63", "1f6a4a", "7fbf3a", "ffd84a"), ground)
    for x, foot, height, wide in ((88, 640, 560, 92), (232, 560, 420, 60), (340, 470, 250, 40)):
        trunk = x + 12 * np.sin((foot - Y) / 90)
        lay((np.abs(X - trunk) < wide / 8) & (foot > Y) & (foot - 0.55 * height < Y), ("2a1450", "7a2f6a", "d9643a"),
            0.5 + (X - trunk) / (wide / 4))
        shade = (np.abs((Y - foot) * 1.6 - (x - X) * 0.35) < wide / 5) & (x + 10 > X) & (x - X < 2.2 * wide)
        lay(shade, ("22205e", "2b5f7a"), ground)
        for k in range(9):
            cx = x + rng.normal() * wide * 0.42
            cy = foot - height * (0.42 + 0.55 * k / 9) + rng.normal() * 8
            r = wide * (0.78 - 0.045 * k)
            leaf = np.hypot(X - cx, (Y - cy) * 1.1) + 9 * noise(rng, 32, 2) < r
            lay(leaf, ("1b1f6b", "0f5f52", "2f9a3f", "b6d335", "ffd23f", "ff8a3a"),
                0.42 + (X - cx - (Y - cy)) / (3 * r) + 0.13 * noise(rng, 26, 2))

    sheet = Image.new("RGB", (WIDTH * 2, HEIGHT * 2), (238, 222, 188))
    draw = ImageDraw.Draw(sheet)
    for radius, pitch in ((9.5, 11), (7.4, 9.6), (5.6, 8.2)):
        rows, columns = int(HEIGHT / pitch) + 2, int(WIDTH / pitch) + 2
        grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2) * pitch
        places = grid + rng.uniform(-0.55, 0.55, size=grid.shape) * pitch
        for x, y in rng.permutation(places):
            colour = picture[int(np.clip(y, 0, HEIGHT - 1)), int(np.clip(x, 0, WIDTH - 1))]
            mean, kind = colour.mean(), rng.random()
            pure = mean + (colour - mean) * 1.45
            if kind < 0.10:                                           # the complement, as the pointillists set it
                pure = mean + (mean - colour) * 0.9 + 25
            elif kind < 0.34:                                         # neighbours on the colour circle
                pure = 0.62 * pure + 0.38 * np.roll(pure, 1 if kind < 0.22 else -1)
            pure = np.clip(pure * rng.uniform(0.86, 1.16), 0, 255)
            r = 2 * radius * rng.uniform(0.75, 1.1)
            for shift, shade in ((1.5, 0.8), (0.0, 1.0)):             # a little shadow: dabs are thick
                box = 2 * x + shift - r, 2 * y + shift - r, 2 * x + shift + r, 2 * y + shift + r
                draw.ellipse(box, fill=tuple(int(v * shade) for v in pure))
    return weave(rng, np.asarray(sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float32), 0.04)


def ink(rng):
    """Reed pen: sun, cypresses and ploughed fields told in hatching alone, sepia ink on warm paper."""
    sun_x, sun_y = 235, 165
    around = np.hypot(X - sun_x, Y - sun_y)
    angle = np.arctan2(Y - sun_y, X - sun_x) + np.pi / 2 + 0.35 * noise(rng, 170, 2)
    tone = 0.38 + 0.27 * np.sin(around / 19 + 0.8 * noise(rng, 170, 2)) - 0.2 * np.exp(-(around / 110) ** 2)
    tone = np.where(around < 50, 0, tone + 0.00025 * around)
    gap, crossed = np.full_like(X, 11.0), np.zeros(X.shape, bool)

    def region(inside, new_angle, new_tone, spacing, cross=False):
        for old, new in ((angle, new_angle), (tone, new_tone), (gap, np.float32(spacing)), (crossed, np.bool_(cross))):
            np.copyto(old, np.broadcast_to(new, old.shape), where=inside)

    ridges = []
    for k, (base, swing, length) in enumerate(((392, 42, 150), (440, 34, 95), (492, 22, 190))):
        ridge = base + swing * np.sin(X / length + 2.1 * k) + 7 * np.sin(X / 27 + k)
        fall = (Y - ridge) / 80
        slope = np.gradient(ridge, axis=1)
        region(ridge < Y, np.arctan(slope) + 0.75 + 0.5 * fall + 0.3 * np.sin(X / 60 + k),
               np.clip(0.72 - 0.5 * fall + 0.9 * slope + 0.14 * noise(rng, 60, 2), 0.12, 0.95), 10, True)
        ridges = [np.where(old < ridge, old, np.nan) for old in ridges] + [ridge]
    # Fields: furrows run towards points on the horizon, each strip with its own tone and crop.
    horizon = 520 + 8 * np.sin(X / 120)
    lane = (X - 470) / np.maximum(Y - 440, 20) + 0.04 * noise(rng, 200, 2)
    strip = np.floor(lane * 1.25)
    furrow = np.arctan2(Y - 440, X - 470)
    crop = np.where(strip % 3 == 0, 1.45 + 0.4 * noise(rng, 50, 2), np.where(strip % 3 == 1, furrow, furrow + 1.0))
    light = 0.42 + 0.30 * np.sin(strip * 2.4) + 0.18 * np.sin(lane * 34) + 0.10 * noise(rng, 90, 2)
    region(horizon < Y, crop, np.clip(light, 0.10, 0.92), np.where(Y < 600, 9, 12), strip % 3 != 0)
    ridges = [np.where(old < horizon, old, np.nan) for old in ridges] + [horizon]
    # Cypresses: flames of ink. Bushes: curls.
    trees = np.zeros(X.shape, bool)
    for cx, foot, top, wide in ((690, 655, 60, 66), (785, 640, 190, 50), (610, 600, 300, 30)):
        up = (foot - Y) / (foot - top)
        lean = cx + 20 * np.sin(up * 5 + cx)
        edge = wide * np.clip(up + 0.08, 0, 1) ** 0.35 * np.clip(1 - up, 0, 1) ** 0.65 * 1.35 + 6 * noise(rng, 26, 2)
        inside = (np.abs(X - lean) < edge) & (up > -0.02) & (up < 1)
        flame = np.pi / 2 - 0.75 * np.sin((X - lean) / 15 + up * 11) - (X - lean) / 260
        region(inside, flame, np.clip(0.92 + (X - lean) / (2.2 * wide) + 0.15 * noise(rng, 38, 2), 0.6, 1.2), 7)
        trees |= inside
    for cx, cy, r in ((95, 560, 62), (185, 590, 48), (300, 552, 34), (470, 560, 40), (860, 640, 70), (30, 640, 55)):
        d = np.hypot(X - cx, (Y - cy) * 1.25) + 7 * noise(rng, 30, 2)
        region(d < r, np.arctan2((Y - cy) * 1.25, X - cx) + 1.9,
               np.clip(0.62 + (X - cx + Y - cy) / (1.6 * r) + 0.2 * noise(rng, 24, 2), 0.15, 1.1), 8)
        trees |= d < r

    sheet = Image.new("L", (WIDTH * 2, HEIGHT * 2), 255)
    draw = ImageDraw.Draw(sheet)

    def mark(points, width):
        """One line of the pen: it swells, thins out towards its end, and trembles."""
        points = points + blur_line(rng.normal(size=points.shape)) * 0.9
        swell = width * np.sin(np.linspace(0.35, 2.85, len(points))) * (1 + 0.12 * rng.normal(size=len(points)))
        shade = int(np.clip(rng.normal() * 22 + 18, 0, 90))
        for (x, y), (u, v), w in zip(points[:-1], points[1:], swell, strict=False):
            draw.line((2 * x, 2 * y, 2 * u, 2 * v), fill=shade, width=max(1, round(2 * w)))
            draw.ellipse((2 * u - w, 2 * v - w, 2 * u + w, 2 * v + w), fill=shade)

    def hatch(field, threshold, closeness, longest, thickness):
        """Lines along a field that keep their distance from one another: closer where the tone is darker."""
        taken = np.zeros((HEIGHT, WIDTH), bool)
        for x, y in rng.uniform(size=(26000, 2)) * (WIDTH - 1, HEIGHT - 1):
            i, j = int(y), int(x)
            dark = tone[i, j]
            if taken[i, j] or dark < threshold or (threshold > 0.1 and not crossed[i, j]):
                continue
            space = gap[i, j] * closeness * (1.25 - 0.62 * dark)
            half = longest * rng.uniform(0.5, 1) * (0.45 + 0.55 * dark) / 2
            line = np.concatenate([follow(field + np.pi, x, y, half, 4.0)[:0:-1], follow(field, x, y, half, 4.0)])
            cells = line.astype(int)
            inside = (cells >= 0).all(1) & (cells[:, 0] < WIDTH) & (cells[:, 1] < HEIGHT)
            free = inside.copy()
            free[inside] = ~taken[cells[inside, 1], cells[inside, 0]]
            free[inside] &= np.abs(gap[cells[inside, 1], cells[inside, 0]] - gap[i, j]) < 0.4
            centre = len(follow(field, x, y, half, 4.0)) - 1
            stops = np.flatnonzero(~free)
            first = stops[stops < centre].max(initial=-1) + 1
            last = stops[stops > centre].min(initial=len(line))
            if last - first < 4:
                continue
            mark(line[first:last], thickness * (1.2 + 2.6 * dark))
            reach = max(1, int(space / 2 + 0.5))
            for u, v in cells[first:last]:
                taken[max(v - reach, 0):v + reach + 1, max(u - reach, 0):u + reach + 1] = True

    hatch(angle, 0.07, 1.0, 150, 1.0)
    hatch(angle + 0.9, 0.55, 1.15, 80, 0.75)
    hatch(angle - 0.8, 0.74, 1.2, 60, 0.65)
    xs = np.arange(0, WIDTH, 6)
    for ridge in ridges:
        ys = np.broadcast_to(ridge, X.shape)[HEIGHT // 2, xs]
        for shift in (0, 2):
            for start in range(0, len(xs), 12):
                part = np.stack([xs, ys + shift], 1)[start:start + 15]
                seen = np.isfinite(part[:, 1])
                seen[seen] &= ~trees[part[seen, 1].astype(int), part[seen, 0].astype(int)]
                if seen.sum() > 4:
                    mark(part[seen].astype(np.float32), 2.8)
    turns = np.linspace(0.3, 6.5, 60)
    mark(np.stack([sun_x + 46 * np.cos(turns), sun_y + 46 * np.sin(turns)], 1), 3)
    pen = np.asarray(sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float32)[..., None] / 255
    paper = np.array([238, 218, 176]) * (1 + 0.03 * noise(rng, 150, 4) + 0.02 * noise(rng, 3, 1))[..., None]
    wash = 1 - np.clip(blur(tone, 5) - 0.25, 0, 0.8)[..., None] * np.array([0.30, 0.47, 0.66])
    sepia = np.array([44, 27, 22]) + 14 * np.clip(noise(rng, 18, 2), -1, 2)[..., None] * np.array([1.4, 0.8, 0.4])
    return paper * wash * pen + sepia * (1 - pen)


def geometry(rng):
    """A composition of the 1920s: discs, wedges, bars, chequers; dry gouache and heavy contours."""
    k, black = 2, (24, 22, 26)
    palette = [tuple(int(v) for v in c) for c in colours("cf2a1e", "f0b41c", "1b4a9c", "e4682a", "2b8c82", "7a2f6e",
                                                         "f3e8cf", "86b4d2", "14264f", "e58fa0", "5d8f3a")]
    light = np.clip(0.35 + 0.5 * (X + 0.6 * Y) / (WIDTH + HEIGHT) + 0.10 * noise(rng, 300, 2), 0, 1)
    ground = ramp(light, colours("d8b07a", "ecd3a0", "f1e2c0", "cfdcd2"))
    sheet = Image.fromarray(ground.astype(np.uint8)).resize((WIDTH * k, HEIGHT * k))

    def pick(*indices):
        return palette[int(rng.choice(indices) if indices else rng.integers(len(palette)))]

    def fill(mask_of, colour, other=None, way=0.0, length=90.0, contour=5):
        """One shape in dry paint: its colour fades into a second one along `way` and breaks into streaks there."""
        mask = Image.new("L", sheet.size, 0)
        mask_of(ImageDraw.Draw(mask))
        box = mask.getbbox()
        if box is None:
            return
        box = (max(box[0] - 12, 0), max(box[1] - 12, 0), min(box[2] + 12, WIDTH * k), min(box[3] + 12, HEIGHT * k))
        part = np.asarray(mask.crop(box), np.float32)[..., None] / 255
        v, u = np.mgrid[box[1]:box[3], box[0]:box[2]].astype(np.float32) / k
        along, across = u * np.cos(way) + v * np.sin(way), v * np.cos(way) - u * np.sin(way)
        streak = bristle[(across * 1.6).astype(int) % len(bristle)] + 0.4 * bristle[(across * 5.1).astype(int) % 997]
        share = (along - along.min()) / max(float(np.ptp(along)), length) + 0.13 * streak
        paint_ = ramp(np.clip(share * 1.25 - 0.1, 0, 1), np.array([colour, other or colour], np.float32))
        paint_ = paint_ * (1 + 0.05 * streak)[..., None]
        below = np.asarray(sheet.crop(box), np.float32)
        sheet.paste(Image.fromarray(np.clip(below * (1 - part) + paint_ * part, 0, 255).astype(np.uint8)), box[:2])
        if contour:
            inner = mask.crop(box).filter(ImageFilter.MinFilter(2 * contour + 1))
            rim = np.asarray(mask.crop(box), np.int16) - np.asarray(inner, np.int16)
            sheet.paste(Image.new("RGB", rim.shape[::-1], black), box[:2], Image.fromarray(rim.astype(np.uint8)))

    bristle = blur_line(rng.normal(size=1000)) * 1.4

    def polygon(points, *inks, **options):
        fill(lambda d: d.polygon([(k * x, k * y) for x, y in points], fill=255), *inks, **options)

    def disc(x, y, r, *inks, **options):
        fill(lambda d: d.ellipse((k * (x - r), k * (y - r), k * (x + r), k * (y + r)), fill=255), *inks, **options)

    def bar(x, y, way, length, width, *inks, **options):
        a, b = np.array([np.cos(way), np.sin(way)]) * length, np.array([-np.sin(way), np.cos(way)]) * width
        p = np.array([x, y])
        polygon([p, p + a, p + a + b, p + b], *inks, way=way, **options)

    def rings(x, y, r, inks, turn):
        """Discs in one another, the outer ones split into quarters of two colours."""
        for j, ink in enumerate(inks):
            size = r * (1 - j / len(inks))
            disc(x, y, size, ink, pick(), way=turn + j)
            if j % 2 == 0 and size > 24:
                for start in (turn, turn + 180):
                    box = [k * v for v in (x - size, y - size, x + size, y + size)]
                    fill(lambda d, box=box, start=start: d.pieslice(box, start, start + 90, fill=255), pick(),
                         contour=4)

    for j in range(9):                                                # large planes, fanned out from a corner
        turn = -0.25 + 0.23 * j
        far = 1250
        polygon([(-60, -40), (far * np.cos(turn), far * np.sin(turn)),
                 (far * np.cos(turn + 0.235), far * np.sin(turn + 0.235))],
                pick(6, 7, 3, 1, 9, 4), pick(6, 6, 7, 1, 9), way=turn, length=700, contour=0 if j % 2 else 4)
    disc(300, 262, 196, palette[2], palette[4], way=0.6, contour=8)
    disc(655, 560, 168, palette[3], palette[1], way=-0.7, contour=8)
    disc(742, 150, 120, palette[5], palette[9], way=1.2, contour=7)
    for x, y, way, length, width in ((-20, 640, -0.62, 860, 46), (120, -20, 0.86, 900, 30), (430, 800, -1.15, 640, 38),
                                     (560, 20, 0.35, 400, 26), (-30, 420, 0.12, 420, 24)):
        bar(x, y, way, length, width, pick(0, 2, 8, 1), pick(3, 7, 6, 0), contour=6)
    for _ in range(30):                                               # wedges
        x, y, r, t = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(50, 150), rng.choice((-0.62, 0.86, 2.4))
        open_ = rng.uniform(0.3, 0.9)
        polygon([(x, y)] + [(x + r * np.cos(t + o), y + r * np.sin(t + o)) for o in (0, open_)], pick(), pick(), way=t)
    for x, y, r, n in ((300, 262, 128, 5), (655, 560, 112, 4), (742, 150, 82, 4), (110, 590, 88, 4), (470, 110, 62, 3),
                       (500, 690, 58, 3), (830, 380, 74, 3), (90, 110, 66, 3), (330, 520, 60, 3), (840, 690, 52, 2)):
        rings(x, y, r, [pick() for _ in range(n)], float(rng.uniform(0, 90)))
    for _ in range(13):                                               # chequers on the diagonals
        x, y, t, side = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.choice((-0.62, 0.86)), rng.uniform(17, 27)
        a, b = np.array([np.cos(t), np.sin(t)]) * side, np.array([-np.sin(t), np.cos(t)]) * side
        inks = pick(8, 0, 2), pick(6, 1, 7)
        for i in range(int(rng.integers(3, 7))):
            for j in range(3):
                p = np.array([x, y]) + i * a + j * b
                polygon([p, p + a, p + a + b, p + b], inks[(i + j) % 2], contour=2)
    for _ in range(15):                                               # combs of bars
        x, y, t = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.choice((-0.62, 0.86, 0.12, -1.15))
        length, gap, inks = rng.uniform(60, 150), rng.uniform(15, 21), (pick(8, 0, 2, 5), pick(1, 3, 6))
        for j in range(int(rng.integers(4, 8))):
            start = x - j * gap * np.sin(t), y + j * gap * np.cos(t)
            bar(*start, t, length * (1 - 0.06 * j), gap * 0.58, *inks, contour=3)
    draw = ImageDraw.Draw(sheet)
    for _ in range(16):                                               # arcs and rays drawn last, with a ruling pen
        x, y, r, t = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(60, 190), rng.uniform(0, 360)
        for step in range(int(rng.integers(1, 4))):
            box = [k * v for v in (x - r - 17 * step, y - r - 17 * step, x + r + 17 * step, y + r + 17 * step)]
            draw.arc(box, t, t + rng.uniform(60, 150), fill=black, width=int(rng.integers(8, 14)))
        if rng.random() < 0.6:
            way = rng.choice((-0.62, 0.86, -1.15))
            draw.line((k * x, k * y, k * (x + 3 * r * np.cos(way)), k * (y + 3 * r * np.sin(way))), fill=black, width=9)
    for _ in range(40):                                               # beads where lines end
        disc(rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(7, 15), pick(0, 1, 6, 2, 8), contour=4)
    picture = np.asarray(sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float32)
    grain = 0.035 * noise(rng, 5, 2) + 0.03 * noise(rng, 40, 3) + 0.02 * rng.normal(size=X.shape)
    return weave(rng, picture * (1 + grain)[..., None] + 4, 0.05)


PICTURES = {"swirls": swirls, "wave": wave, "glass": glass, "dots": dots, "ink": ink, "geometry": geometry}


def paint(name):
    """→ (H, W, 3) uint8, the same at every call."""
    rng = np.random.default_rng([7, *name.encode()])
    return np.clip(np.round(PICTURES[name](rng)), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    for name in sys.argv[1:] or PICTURES:
        path = FOLDER / f"{name}.jpg"
        picture = Image.fromarray(paint(name))
        for quality in range(92, 60, -2):                            # the best that fits into 400 kB
            picture.save(path, quality=quality, optimize=True)
            if path.stat().st_size <= 400_000:
                break
        print(f"{name}: {picture.width} × {picture.height}, {path.stat().st_size / 1e3:.0f} kB")
