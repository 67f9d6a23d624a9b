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
        glow = np.maximum(glow, np.exp(-(distance / (0.62 * size)) ** 2) * rings)
    hills = 560 + 40 * np.sin(X / 95 + 1) + 25 * np.sin(X / 41) + 8 * np.sin(X / 17)
    land = hills < Y
    angle = np.where(land, 0.5 * np.cos(X / 95 + 1) + 0.25 * np.sin(Y / 23), np.arctan2(vy, vx))
    bands = 0.5 + 0.5 * np.sin((X * vy - Y * vx) / 60 + 2.2 * noise(rng, 220, 3))
    sky = ramp(np.clip(0.15 + 0.5 * bands + 0.3 * (Y / 560), 0, 1),
               colours("0b1c4a", "16337c", "2056a8", "3f83c4", "8fbdd6", "c8dcd0"))
    fire = ramp(glow, colours("2f66b0", "8fb27a", "e3b637", "f6d13f", "fff3b0"))
    sky = sky * (1 - np.clip(glow * 1.8, 0, 1))[..., None] + fire * np.clip(glow * 1.8, 0, 1)[..., None]
    earth = ramp(np.clip(0.5 + 0.28 * noise(rng, 60, 3) + (Y - hills) / 700, 0, 1),
                 colours("071a33", "0f3d4a", "1d5a4f", "3f7a4a", "8a9a3c", "d1a52e"))
    picture = np.where(land[..., None], earth, sky)
    return weave(rng, brushwork(rng, picture, angle, [(1500, 26, 95), (3600, 17, 75), (4200, 11, 50)], 17), 0.04)


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
    """Stained glass: a rose window of leaded panes, each lit from behind."""
    cx, cy, seeds, hues = WIDTH / 2, HEIGHT / 2, [], []
    rings = [(0, 1), (55, 8), (105, 12), (160, 16), (215, 24), (275, 24), (340, 36), (410, 40), (485, 48), (560, 48)]
    for k, (radius, count) in enumerate(rings):
        for i in range(count):
            a = 2 * np.pi * (i + 0.5 * (k % 2)) / count
            seeds.append((cx + radius * np.cos(a) + rng.normal() * 5, cy + radius * np.sin(a) + rng.normal() * 5))
            hues.append((k * 3 + (i % 2) * (1 + k % 3) + (i % 4 == 0)) % 10)
    seeds, hues = np.array(seeds, np.float32), np.array(hues)
    warp_x, warp_y = X + 6 * noise(rng, 90, 2), Y + 6 * noise(rng, 90, 2)
    nearest, first, second = np.zeros(X.shape, int), np.full(X.shape, 1e9), np.full(X.shape, 1e9)
    for k, (sx, sy) in enumerate(seeds):
        d = np.hypot(warp_x - sx, warp_y - sy)
        closer = d < first
        second = np.where(closer, first, np.minimum(second, d))
        nearest, first = np.where(closer, k, nearest), np.where(closer, d, first)
    palette = colours("b3122a", "0d3fa8", "e8a30c", "0c7a4d", "5a1d8c", "e2572b", "1590c9", "f4d35e", "7c0f45",
                      "1fa187")
    pane = palette[hues[nearest]] * (0.78 + 0.4 * rng.random(len(seeds)))[nearest][..., None]
    light = 0.72 + 0.75 * np.exp(-(first / 24) ** 2) + 0.10 * noise(rng, 28, 3)
    streaks = np.sin((X * np.cos(nearest * 1.7) + Y * np.sin(nearest * 1.7)) / 4.5 + noise(rng, 40, 2))
    picture = pane * (light + 0.10 * streaks)[..., None] + 26 * np.clip(light - 1, 0, 1)[..., None]
    gap = second - first
    lead = np.clip((9 - gap) / 2.5, 0, 1)
    rim = np.abs(np.hypot(X - cx, Y - cy)[..., None] - np.array([132, 308])).min(-1)
    lead = np.maximum(lead, np.clip((8 - rim) / 2, 0, 1))
    metal = np.array([22, 20, 24]) + 55 * np.exp(-((gap - 2.5) / 1.3) ** 2)[..., None]
    return picture * (1 - lead)[..., None] + metal * lead[..., None]


def dots(rng):
    """Pointillism: a river at evening in dots of pure colour, each beside its complement."""
    horizon = 330 + 10 * np.sin(X / 140)
    far = ramp(np.clip(Y / 330 + 0.08 * noise(rng, 160, 3), 0, 1),
               colours("5f7fc4", "93a7d8", "e7b9c4", "f6cf8c", "f9e08a"))
    ripple = np.sin(Y / 5.5 + 2.5 * noise(rng, 70, 2)) * 0.22
    water = ramp(np.clip(1 - (Y - 330) / 440 + ripple, 0, 1), colours("1d3f7a", "2e6aa5", "5c9ec4", "e8a56c", "f8d978"))
    picture = np.where((horizon > Y)[..., None], far, water)
    picture[np.hypot(X - 600, Y - 285) < 44] = (255, 236, 120)
    bank = 330 + 90 * np.exp(-((X - 60) / 210) ** 2) + 330 * np.clip((260 - X) / 330, 0, 1) ** 1.4
    grass = ramp(np.clip(0.5 + 0.3 * noise(rng, 70, 3), 0, 1), colours("2e5b2f", "4f8a35", "8fb43a", "d6c94a"))
    picture = np.where(((bank > Y) & (horizon < Y))[..., None] & (X < 420)[..., None], grass, picture)
    for cx, cy, r in ((120, 190, 125), (285, 245, 85), (800, 265, 70), (720, 300, 45)):
        leaf = np.hypot((X - cx) / 1.0, (Y - cy) / 1.1) + 14 * noise(rng, 40, 3) < r
        crown = ramp(np.clip(0.5 + 0.3 * noise(rng, 45, 3) - (X - cx) / 400, 0, 1),
                     colours("1e3b5c", "25603f", "5a9139", "c2b93f", "e98a3a"))
        picture = np.where(leaf[..., None], crown, picture)
        trunk = (np.abs(X - cx) < r / 12) & (cy < Y) & (cy + r * 1.5 > Y)
        picture = np.where(trunk[..., None], (70, 40, 72), picture)
    sheet = Image.new("RGB", (WIDTH * 2, HEIGHT * 2), (232, 222, 196))
    draw = ImageDraw.Draw(sheet)
    for radius, count in ((11.5, 9000), (8.5, 17000), (6.2, 16000)):
        xs, ys = rng.uniform(0, WIDTH - 1, count), rng.uniform(0, HEIGHT - 1, count)
        for x, y in zip(xs, ys, strict=True):
            colour = picture[int(y), int(x)]
            mean = colour.mean()
            pure = mean + (colour - mean) * 1.75 + rng.normal(size=3) * 20
            if rng.random() < 0.14:                                 # the complement, as the pointillists set it
                pure = 2 * mean - pure + 28
            r = radius * rng.uniform(0.8, 1.15)
            fill = tuple(int(v) for v in np.clip(pure, 0, 255))
            draw.ellipse((2 * x - r, 2 * y - r, 2 * x + r, 2 * y + r), fill=fill)
    return weave(rng, np.asarray(sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float32), 0.05)


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
    """A composition of the 1920s: discs, wedges, bars and chequers in gouache, floating and overlapping."""
    k = 2
    sheet = Image.new("RGB", (WIDTH * k, HEIGHT * k), (236, 226, 202))
    palette = [tuple(int(v) for v in c) for c in colours("c8281e", "e9b21a", "1c4f9c", "16161a", "d9642b", "3d8f86",
                                                         "7b3f74", "efe9dc", "8fb0c9", "a3381f")]

    def paint(shape, colour, alpha, outline=0):
        mask = Image.new("L", sheet.size, 0)
        shape(ImageDraw.Draw(mask), int(255 * alpha))
        sheet.paste(Image.new("RGB", sheet.size, colour), mask=mask)
        if outline:
            edge = Image.new("L", sheet.size, 0)
            shape(ImageDraw.Draw(edge), 255)
            rim = np.asarray(edge.filter(ImageFilter.FIND_EDGES).filter(ImageFilter.MaxFilter(2 * outline + 1)))
            sheet.paste(Image.new("RGB", sheet.size, (20, 20, 26)), mask=Image.fromarray(rim))

    def pick():
        return palette[int(rng.integers(len(palette)))]

    def around(x, y, r):
        return (k * (x - r), k * (y - r), k * (x + r), k * (y + r))

    for _ in range(10):                                              # large quiet planes
        x, y, r, t = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(120, 300), rng.uniform(0, 6.28)
        corners = [(k * (x + r * np.cos(t + a)), k * (y + r * np.sin(t + a)))
                   for a in (0, 1.1 + rng.random(), 3.1, 4.4)]
        paint(lambda d, v, c=corners: d.polygon(c, fill=v), pick(), 0.55)
    for _ in range(17):                                              # discs inside discs
        x, y, r = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(26, 105)
        for part in (1.0, 0.72, 0.42)[:int(rng.integers(1, 4))]:
            box = around(x, y, r * part)
            paint(lambda d, v, b=box: d.ellipse(b, fill=v), pick(), rng.uniform(0.75, 1), 2)
    for _ in range(26):                                              # wedges
        x, y, r, t = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(40, 150), rng.uniform(0, 6.28)
        corners = [(k * x, k * y)] + [(k * (x + r * np.cos(t + a)), k * (y + r * np.sin(t + a))) for a in (0, 0.5)]
        paint(lambda d, v, c=corners: d.polygon(c, fill=v), pick(), rng.uniform(0.7, 1), 1)
    for _ in range(9):                                               # chequers, turned
        x, y, t, side = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(0, 1.57), rng.uniform(13, 24)
        a, b = np.array([np.cos(t), np.sin(t)]) * side, np.array([-np.sin(t), np.cos(t)]) * side
        inks = pick(), pick()
        for i in range(6):
            for j in range(4):
                p = np.array([x, y]) + i * a + j * b
                corners = [tuple(k * q) for q in (p, p + a, p + a + b, p + b)]
                ImageDraw.Draw(sheet).polygon(corners, fill=inks[(i + j) % 2])
    draw = ImageDraw.Draw(sheet)
    for _ in range(16):                                              # combs of bars
        x, y, t, length = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(0, 3.14), rng.uniform(60, 190)
        gap, width, colour = rng.uniform(9, 16), int(rng.integers(4, 11)), pick()
        for i in range(int(rng.integers(4, 9))):
            px, py = x - i * gap * np.sin(t), y + i * gap * np.cos(t)
            end = k * (px + length * np.cos(t)), k * (py + length * np.sin(t))
            draw.line((k * px, k * py, *end), fill=colour, width=width)
    for _ in range(15):                                              # arcs and long rays
        x, y, r, t = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(50, 200), rng.uniform(0, 360)
        for step in range(int(rng.integers(1, 5))):
            draw.arc(around(x, y, r + 12 * step), t, t + rng.uniform(70, 190), fill=(22, 22, 28), width=7)
        draw.line((k * x, k * y, k * (x + 4 * r * np.cos(t)), k * (y + 4 * r * np.sin(t))), fill=(22, 22, 28), width=6)
    picture = np.asarray(sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float32)
    gouache = 1 + 0.06 * noise(rng, 36, 4) + 0.03 * rng.normal(size=X.shape)
    return picture * gouache[..., None]


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
