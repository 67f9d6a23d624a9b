"""Sliders over images that exist already: they move without a kernel."""

import base64
import html
import io
import itertools
import json
import os
import urllib.parse
from pathlib import Path

from IPython.display import display
from PIL import Image

from helpers import images
from helpers.figures.base import number

# Without script this is all there is: one image and its caption. The script makes the sliders, so that none is dead.
FIGURE = """<figure class="scrub" style="margin:0">
<img src="{src}" alt="{alt}" width="{width}" height="{height}" style="max-width:100%;height:auto">
<figcaption><em>{alt}</em><br><span>{numbers}</span></figcaption>
<script type="application/json">{data}</script>
</figure>
<script>{script}</script>"""

# Every figure that no script has met yet is made ready, wherever a page has put this script. All words are set as
# text, never as HTML. A frame without an address is the one that the page came with; files are addressed from it,
# because JupyterLab serves it from another place than where the notebook lies.
SCRIPT = """
for (const figure of document.querySelectorAll("figure.scrub:not([data-ready])")) {
  const data = figure.querySelector("script");
  if (!data) continue;                            // one that a notebook not trusted has been stripped of
  figure.dataset.ready = "";
  const { axes, frames } = JSON.parse(data.textContent);
  const image = figure.querySelector("img");
  let first = null;
  const show = () => {
    first ??= image.src;
    const at = sliders.reduce((index, slider, i) => index * axes[i].values.length + Number(slider.value), 0);
    const frame = frames[at];
    image.src = frame.src === null ? first : new URL(frame.src, first).href;
    image.alt = figure.querySelector("em").textContent = frame.caption;
    figure.querySelector("figcaption span").textContent = frame.numbers;
  };
  const panel = document.createElement("div");
  const sliders = axes.map(axis => {
    const row = panel.appendChild(document.createElement("label"));
    row.style.cssText = "display:flex;align-items:center;gap:.6em;min-height:2.75em;max-width:36em";
    const name = row.appendChild(document.createElement("span"));
    name.textContent = axis.label;
    const slider = row.appendChild(document.createElement("input"));
    slider.style.cssText = "flex:1;min-width:8em;height:1.75em";
    Object.assign(slider, { type: "range", min: 0, max: axis.values.length - 1, step: 1 });
    slider.value = axis.start;
    slider.dataset.lmSuppressShortcuts = "true";  // else JupyterLab's shortcuts take the arrow keys
    slider.setAttribute("aria-label", axis.label);
    const value = row.appendChild(document.createElement("output"));
    const tell = () => {
      value.textContent = axis.values[slider.value];
      slider.setAttribute("aria-valuetext", value.textContent);
    };
    slider.addEventListener("input", () => { tell(); show(); });
    tell();
    return slider;
  });
  figure.insertBefore(panel, figure.firstChild);
}
"""


def scrub(frames, captions, labels="frame", numbers=None, start=None, width=360, embed=True):
    """One slider or several over images that exist. It needs no kernel: it moves in JupyterLab, in a notebook that was
    only opened, in the book and from a file. Where script is not allowed, one image with its caption remains.

    frames: [image, …] for one slider that counts from 1; {value: image} for one over these values; or
        {(value, value): image} for two or more, every combination there. An image is an array (H, W, 3) in 0…1, a path,
        or a file's bytes.
    captions: one text for all frames, or a text for each, in the form of `frames`: what is to be seen. It is the
        image's `alt` as well.
    labels: the slider's name, or all their names.
    numbers: None, or {name: value} for each frame, in the form of `frames`; shown under the caption.
    start: the key of the frame that is shown first, and alone where nothing can move; the first one if None.
    width: the width on the page, in CSS pixels.
    embed: True stores every frame inside the notebook, arrays as JPEG. False refers to files, which are given as paths
        and must stay where they lie from the notebook's folder (the kernel's working directory).

    Raises ValueError where frames, captions, numbers, labels or start do not fit each other. Displays text/html, and
    returns nothing. The same call always gives the same text.
    """
    text, caption = page(frames, captions, labels, numbers, start, width, embed)
    display({"text/html": text, "text/plain": caption}, raw=True)


def page(frames, captions, labels, numbers, start, width, embed):
    """→ the HTML of one scrub, and the caption of its first frame. Arguments and errors as in `scrub`."""
    frames = _by_key(frames)
    if not frames:
        raise ValueError("There is no frame: scrub needs at least one.")
    labels = (labels,) if isinstance(labels, str) else tuple(labels)
    if {len(key) for key in frames} - {len(labels)}:
        raise ValueError(f"{len(labels)} label(s) for a frame at {next(iter(frames))}: one for each of its values.")
    axes = [list(dict.fromkeys(values)) for values in zip(*frames, strict=True)]
    keys = list(itertools.product(*axes))
    captions = dict.fromkeys(keys, captions) if isinstance(captions, str) else _by_key(captions)
    numbers = {key: {} for key in keys} if numbers is None else _by_key(numbers)
    for what, given in (("frame", frames), ("caption", captions), ("entry in numbers", numbers)):
        for key in keys:
            if key not in given:
                raise ValueError(f"There is no {what} for {', '.join(map(str, key))}: every position needs one.")
    start = keys[0] if start is None else start if isinstance(start, tuple) else (start,)
    if start not in keys:
        raise ValueError(f"start is {', '.join(map(str, start))}, and no frame has this key.")

    told = {key: " · ".join(f"{name} {number(value)}" for name, value in numbers[key].items()) for key in keys}
    folder = None if embed else _address(frames[start]).rpartition("/")[0]
    data = {"axes": [{"label": label, "start": values.index(first),
                      "values": [f"{value:g}" if isinstance(value, float) else str(value) for value in values]}
                     for label, values, first in zip(labels, axes, start, strict=True)],
            "frames": [{"src": None if key == start else _source(frames[key], folder), "caption": captions[key],
                        "numbers": told[key]} for key in keys]}
    wide, high = _size(frames[start])
    text = FIGURE.format(src=html.escape(_source(frames[start], None if embed else "")),
                         alt=html.escape(captions[start]), numbers=html.escape(told[start]), width=width,
                         height=round(width * high / wide), script=SCRIPT,
                         # "</script>" inside a caption would end the data
                         data=json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"))
    return text, captions[start]


def _by_key(given):
    """A list or a dictionary as {(value,) or (value, value): …}."""
    given = given if isinstance(given, dict) else dict(enumerate(given, 1))
    return {key if isinstance(key, tuple) else (key,): value for key, value in given.items()}


def _source(frame, folder):
    """An image as a data: URL where folder is None, else the address of its file from that folder."""
    if folder is not None:
        path = _address(frame)
        return urllib.parse.quote(os.path.relpath(path, folder).replace(os.sep, "/") if folder else path)
    data = _bytes(frame)
    with Image.open(io.BytesIO(data)) as opened:
        kind = opened.get_format_mimetype()
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _address(frame):
    """The path of a frame's file from the working directory."""
    if not isinstance(frame, (str, Path)) or not Path(frame).exists():
        named = frame if isinstance(frame, (str, Path)) else f"a frame of type {type(frame).__name__}"
        raise ValueError(f"embed=False refers to files, and {named} is none: give the path of a file that exists.")
    return os.path.relpath(frame).replace(os.sep, "/")


def _bytes(frame):
    """An image as the bytes of a file: files as they are, arrays as a JPEG."""
    if isinstance(frame, bytes):
        return frame
    if isinstance(frame, (str, Path)):
        return Path(frame).read_bytes()
    data = io.BytesIO()
    images.to_pil(frame).save(data, "JPEG", quality=85)
    return data.getvalue()


def _size(frame):
    """(width, height) in pixels."""
    with Image.open(io.BytesIO(_bytes(frame))) as opened:
        return opened.size
