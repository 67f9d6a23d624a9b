"""A composition of the 1920s."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from manners.tools import HEIGHT, WIDTH, X, Y, blur_line, colours, noise, ramp, weave


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
