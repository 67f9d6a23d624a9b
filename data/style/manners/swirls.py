"""Night over hills: impasto."""

import numpy as np
from PIL import Image, ImageDraw

from manners.tools import HEIGHT, WIDTH, X, Y, blur, colours, follow, noise, ramp, weave


def relief(picture, height, strength):
    """Light from the upper left over a height map: what makes paint look thick."""
    dy, dx = np.gradient(height.astype(np.float32))
    return picture * (1 + strength * np.clip(-(dx + dy), -1, 1))[..., None]


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
