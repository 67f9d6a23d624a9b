"""Run in a chapter's kernel before its first cell while the book is built: a page has no kernel, so `figures.interact`
draws its states now, and shows them as a `figures.scrub`.
"""

import base64
import io
import itertools
import math

import ipywidgets
from IPython.display import Markdown, display
from PIL import Image

from helpers import figures
from helpers.figures.sliders import outputs_of

MOST = 60                # frames of one figure


def thinned(options):
    """{name: values} with the longest lists thinned evenly, both ends kept, until there are at most MOST states."""
    counts = {name: len(values) for name, values in options.items()}
    while math.prod(counts.values()) > MOST:
        counts[max(counts, key=counts.get)] -= 1
    return {name: [values[round(i * (len(values) - 1) / max(1, counts[name] - 1))] for i in range(counts[name])]
            for name, values in options.items()}


def picture(found):
    """The images of one state as the bytes of one file: one as it is, several one above the other."""
    if len(found) == 1:
        return found[0]
    opened = [Image.open(io.BytesIO(data)).convert("RGB") for data in found]
    sheet = Image.new("RGB", (max(image.width for image in opened), sum(image.height for image in opened)), "white")
    below = 0
    for image in opened:
        sheet.paste(image, (0, below))
        below += image.height
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=88)
    return data.getvalue()


def cells_of(table):
    """A table in Markdown as {name: text}."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    head, rows = lines[0][1:], lines[2:]
    return {f"{label}: {name}" if name == head[0] else name: value
            for label, *values in rows for name, value in zip(head, values, strict=True)}


def state(outputs):
    """What a function has shown, as a frame: → (the bytes of its picture, its caption, its numbers)."""
    found, words, numbers = [], [], {}
    for output in outputs:
        data = output.get("data", {})
        kind = next((kind for kind in data if kind.startswith("image/")), None)
        if kind:
            found.append(base64.b64decode(data[kind]))
            words.append(data["text/plain"])
        elif data.get("text/markdown", "").startswith("|"):
            numbers |= cells_of(data["text/markdown"])
        elif output["output_type"] == "stream":
            words.append(output["text"].strip())
    return picture(found), " ".join(words), numbers


def interact(function, **controls):
    """As `figures.interact`; what it would draw is drawn now."""
    options = {name: list(control.options if isinstance(control, ipywidgets.Widget) else control)
               for name, control in controls.items()}
    kept = thinned(options)
    states = {key: state(outputs_of(function, **dict(zip(kept, key, strict=True))))
              for key in itertools.product(*kept.values())}
    frames, captions, numbers = ({key: values[i] for key, values in states.items()} for i in range(3))
    with Image.open(io.BytesIO(next(iter(frames.values())))) as first:
        width = first.width
    figures.scrub(frames, captions, [name.replace("_", " ") for name in kept], numbers, width=width)
    all_states = math.prod(map(len, options.values()))
    if len(states) < all_states:
        display(Markdown(f"This page has {len(states)} of {all_states} positions; the notebook has them all."))


figures.interact = interact
