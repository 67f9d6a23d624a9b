"""What the studio writes and reads: a PNG with its settings inside, and the stages as an animation. Chapter 06."""

import base64
import dataclasses
import io
import json
import re
import time
from pathlib import Path

import numpy as np
from PIL import Image

from helpers import images, network
from helpers.studio.settings import PICTURES

# In a file's name, on one system or another; and what turns the line that it stands in, or is half a character.
FORBIDDEN = re.compile('[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]')


def clean(name, longest=24):
    """A picture's name as a person typed or uploaded it, fit for a button and for a file of any system."""
    name = FORBIDDEN.sub(" ", Path(str(name)).stem)
    return " ".join(name.split()).strip(" .")[:longest].strip(" .") or "picture"


def save(image, settings, own, folder="pictures"):
    """Write the image, (H, W, 3), as PNG with its settings and the learner's `own` pictures inside; → its path.

    own: {name: (H, W, 3)}. What is already there is not overwritten. Raises ImageError.
    """
    text = {"Software": "Style transfer studio", "Studio": json.dumps(dataclasses.asdict(settings))}
    used = sorted({getattr(settings, role) for role in PICTURES} & set(own))
    text["Pictures"] = json.dumps({name: base64.b64encode(jpeg(own[name], 512, quality=92)).decode() for name in used})
    return images.save_image(image, _new_path(folder, settings, "png"), text)


def save_gif(stages, settings, folder="pictures"):
    """Write the stages, (evaluation, uint8 (h, w, 3)) each, as an animated GIF; → its path."""
    if not stages:
        raise ValueError("there is nothing to animate yet: press Paint first.")
    shape = stages[-1][1].shape[1::-1]
    frames = [Image.fromarray(stage).resize(shape) for _, stage in stages]
    path, data = _new_path(folder, settings, "gif"), io.BytesIO()
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:], loop=0,
                   duration=[120] * (len(frames) - 1) + [2000])
    try:
        network.write(path, data.getvalue())
    except OSError as error:
        raise images.ImageError(f"{path.name} cannot be written ({error.strerror}): free some space.") from error
    return path


def read(source):
    """What `save` has put into a PNG → (settings as a dictionary, {name: (H, W, 3)}). Raises ImageError."""
    try:
        data = bytes(source) if isinstance(source, (bytes, memoryview)) else Path(source).read_bytes()
    except OSError as error:
        raise images.ImageError(f"{Path(source).name} cannot be opened ({error.strerror}): "
                                "check the spelling, and the folder that the notebook runs in.") from error
    images.load_image(data)                                  # says in its own words what is no picture
    text = getattr(Image.open(io.BytesIO(data)), "text", {})
    try:
        settings = json.loads(text["Studio"])
        # A file that is older than a setting was painted without it.
        settings = {"split": 0.0, **settings, "layer_weights": tuple(settings["layer_weights"])}
        own = {name: images.load_image(base64.b64decode(value, validate=True))
               for name, value in json.loads(text.get("Pictures", "{}")).items()
               if name in [settings.get(role) for role in PICTURES]}
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise images.ImageError("this picture holds no settings: take a PNG that the studio has saved.") from error
    return settings, own


def strip(stages, count=6, height=60):
    """The first, the last and some stages between, closer together at the beginning, in one row.

    → (JPEG, the evaluations of the stages shown).
    """
    picks = sorted({round((len(stages) - 1) * (k / (count - 1)) ** 2) for k in range(count)})
    frames = [Image.fromarray(stages[k][1]) for k in picks]
    frames = [f.resize((max(1, f.width * height // f.height), height)) for f in frames]
    row = Image.new("RGB", (sum(f.width + 3 for f in frames) - 3, height), "white")
    for k, frame in enumerate(frames):
        row.paste(frame, (sum(f.width + 3 for f in frames[:k]), 0))
    return jpeg(row, quality=85), [stages[k][0] for k in picks]


def jpeg(image, max_side=None, quality=88):
    """(H, W, 3) in 0…1, or a PIL image → the bytes of a JPEG."""
    if isinstance(image, np.ndarray):
        image = images.to_pil(images.resize(image, max_side) if max_side else image)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return data.getvalue()


def _new_path(folder, settings, ending):
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path.home()
    names = f"{clean(settings.content)}-{clean(settings.style)}".replace(" ", "_")
    stem = f"{names}-{time.strftime('%Y%m%d-%H%M%S')}"
    path, number = folder / f"{stem}.{ending}", 2
    while path.exists():
        path, number = folder / f"{stem}-{number}.{ending}", number + 1
    return path
