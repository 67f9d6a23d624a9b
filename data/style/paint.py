"""Paint the course's style pictures: `python data/style/paint.py [name …]`.

Each picture is a module of `manners/` and a function of a seeded generator, nothing else: the same call paints the
same picture. They are meant for a network that looks at texture: strokes at several scales that follow the forms,
few hues that belong together, each of them light and dark, and large shapes beneath.
"""

import sys
from pathlib import Path

import numpy as np
from manners.dots import dots
from manners.geometry import geometry
from manners.glass import glass
from manners.ink import ink
from manners.swirls import swirls
from manners.wave import wave
from PIL import Image

FOLDER = Path(__file__).resolve().parent
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
