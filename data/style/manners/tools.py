"""What the painters share: colours, noise, fields of directions, and marks of a brush or a pen.

All sizes are in pixels of the finished picture, x to the right, y downwards, angles in radians from x towards y.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy.spatial import KDTree

HEIGHT, WIDTH = 768, 896
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
FINER = 2                                         # marks are drawn at twice the size, and get soft edges


# --- colour and light -------------------------------------------------------------------------------------

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


def weave(rng, picture, strength=0.05):
    """The grain of a canvas over the picture."""
    threads = np.sin(X * 1.55) * np.sin(Y * 1.55) + 0.6 * rng.normal(size=picture.shape[:2])
    return picture * (1 + strength * blur(threads, 0.6))[..., None]


# --- marks ------------------------------------------------------------------------------------------------

def sheet(ground):
    """A picture (H, W, 3), 0…255 → (PIL image at FINER times its size, its ImageDraw) to make marks on."""
    image = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8)).resize((WIDTH * FINER, HEIGHT * FINER))
    return image, ImageDraw.Draw(image)


def finished(image):
    """A sheet → (H, W, 3) floats, 0…255."""
    return np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float32)


def mark(draw, points, widths, colour):
    """One stroke along points (n, 2), as wide as widths (n,) or a number."""
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
    side = np.stack([-along[:, 1], along[:, 0]], 1) * np.broadcast_to(widths, len(points))[:, None] / 2
    outline = np.concatenate([points + side, (points - side)[::-1]]) * FINER
    draw.polygon([tuple(p) for p in outline.tolist()], fill=tuple(int(v) for v in np.clip(colour, 0, 255)))


def swelling(count, first=0.5, power=0.8):
    """The widths of a mark with pointed ends, 0…1; its widest place is at the share `first` of its length."""
    share = np.linspace(0, 1, count)
    return np.sin(np.pi * share ** (np.log(0.5) / np.log(first))) ** power


def strokes(rng, angle, gap, length, part=None, tries=24_000, step=3.0):
    """Lines along a field of angles that keep their distance from one another, [(n, 2), …], in order of their making.

    gap, length: a number or (H, W). part: whole numbers (H, W); no line leaves the part in which it began.
    """
    margin = 30
    # Rounded, so that another processor's last digit moves no line: one line more, and all that follow have other luck.
    dx, dy = np.round(step * np.cos(angle, dtype=float), 3), np.round(step * np.sin(angle, dtype=float), 3)
    dx, dy, gap, length, part = (np.pad(np.broadcast_to(field, X.shape), margin, mode="edge")
                                 for field in (dx, dy, gap, length, 0 if part is None else part))
    taken, lines = np.zeros(dx.shape, bool), []
    for x, y in rng.uniform(size=(tries, 2)) * (WIDTH + 2 * margin - 1, HEIGHT + 2 * margin - 1):
        i, j = int(y), int(x)
        if taken[i, j]:
            continue
        here, half, both = part[i, j], length[i, j] * rng.uniform(0.35, 0.65), []
        for way in (-1, 1):
            u, v, line = x, y, []
            for _ in range(int(half / step)):
                u, v = u + way * dx[int(v), int(u)], v + way * dy[int(v), int(u)]
                if not (0 <= u < taken.shape[1] and 0 <= v < taken.shape[0]):
                    break
                if taken[int(v), int(u)] or part[int(v), int(u)] != here:
                    break
                line.append((u, v))
            both.append(line)
        line = np.array([*both[0][::-1], (x, y), *both[1]])
        if len(line) < 3:
            continue
        reach = max(1, round(0.8 * float(gap[i, j])))
        for u, v in line[::2].astype(int):
            taken[max(v - reach, 0):v + reach + 1, max(u - reach, 0):u + reach + 1] = True
        lines.append(line - margin)
    return lines


def at(field, points):
    """The values of a field (H, W, …) at points (…, 2); beyond the border those of the border."""
    x, y = np.moveaxis(np.asarray(points).astype(int), -1, 0)
    return field[np.clip(y, 0, HEIGHT - 1), np.clip(x, 0, WIDTH - 1)]


# --- forms ------------------------------------------------------------------------------------------------

def inside(points):
    """The polygon through some points → (H, W) bool."""
    mask = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(mask).polygon([tuple(p) for p in np.asarray(points).tolist()], fill=1)
    return np.asarray(mask, bool)


def nearest(curves):
    """For each pixel, of the curve that is nearest: (its number, its angle there, the distance), each (H, W)."""
    points = np.concatenate(curves)
    number = np.repeat(np.arange(len(curves)), [len(curve) for curve in curves])
    along = np.concatenate([np.gradient(curve, axis=0) for curve in curves])
    distance, which = KDTree(points).query(np.stack([X, Y], -1)[::2, ::2].reshape(-1, 2))
    fields = number[which], np.arctan2(along[which, 1], along[which, 0]), distance
    return tuple(f.reshape(HEIGHT // 2, -1).repeat(2, 0).repeat(2, 1) for f in fields)


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
