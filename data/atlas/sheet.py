"""data/results.jpg: pictures of the atlas, each with its photograph and its style beside it. `make atlas` makes it."""

import io

from PIL import Image, ImageOps

from helpers import images
from helpers.figures import atlas

PATH = images.DATA / "results.jpg"
PAIRS = [("china", "swirls"), ("astronaut", "glass"), ("cat", "geometry"), ("astronaut", "wave"), ("china", "dots"),
         ("cat", "ink")]
WIDTH, HEIGHT, GAP, COLUMNS = 416, 276, 8, 2          # of a picture, in pixels; two thumbnails are as high as it is


def unit(content, style):
    """One painted picture with its two sources → a PIL image. A tall picture loses its lower part: heads stay."""
    side = (HEIGHT - GAP) // 2
    made = Image.new("RGB", (WIDTH + GAP + side, HEIGHT), "white")
    made.paste(fit(atlas.run("hero", content=content, style=style).path, WIDTH, HEIGHT), (0, 0))
    made.paste(fit(images.available("content")[content], side, side), (WIDTH + GAP, 0))
    made.paste(fit(images.available("style")[style], side, side), (WIDTH + GAP, side + GAP))
    return made


def fit(path, width, height):
    with Image.open(path) as picture:
        return ImageOps.fit(picture.convert("RGB"), (width, height), Image.Resampling.LANCZOS, centering=(0.5, 0.0))


def there(runs):
    """Those of PAIRS whose run is among `runs`, the names in atlas.json, as far as they fill whole rows."""
    pairs = [pair for pair in PAIRS if "hero/" + "-".join(pair) in runs]
    return pairs[:len(pairs) // COLUMNS * COLUMNS]


def jpeg(pairs):
    """All units, two a row → a JPEG's bytes."""
    units = [unit(*pair) for pair in pairs]
    right, down = units[0].width + 2 * GAP, units[0].height + 2 * GAP
    made = Image.new("RGB", (COLUMNS * right - 2 * GAP, -(-len(units) // COLUMNS) * down - 2 * GAP), "white")
    for index, one in enumerate(units):
        made.paste(one, (index % COLUMNS * right, index // COLUMNS * down))
    data = io.BytesIO()
    made.save(data, "JPEG", quality=88, optimize=True)
    return data.getvalue()
