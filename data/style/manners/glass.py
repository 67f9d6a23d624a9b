"""A rose window."""

import numpy as np

from manners.tools import HEIGHT, WIDTH, X, Y, blur, colours, noise


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
