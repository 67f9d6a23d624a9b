"""The studio: a transfer that is steered while it runs. Chapter 06.

`Painter` is the state: settings, a painting thread, the picture so far; it knows no widget and is tested without a
browser. `Studio` is the page: ipywidgets over a Painter. The thread writes into the Painter, a timer in the kernel's
event loop reads it and changes the widgets, so that no widget is ever touched by two threads.
"""

import asyncio
import base64
import collections
import dataclasses
import html
import io
import json
import math
import os
import queue
import threading
import time
import weakref
from pathlib import Path

import ipywidgets
import numpy as np
from IPython.display import Javascript, display
from PIL import Image

from helpers import descent, images, transfer
from helpers.transfer import STYLE_LAYERS

NEUTRAL = {"content_weight": 1.0, "style_weight": 10.0, "tv_weight": 0.5}
SIZES = (128, 192, 256, 384, 512, 768)
STARTS = ("content", "noise", "style")
PATIENCE = 12        # seconds without a sign of life from the page, after which nobody is watching
EVERY = 0.15         # seconds between two looks at the painter


@dataclasses.dataclass(frozen=True)
class Settings:
    """All that decides what is painted. Pictures are named; a weight of 0 switches its term off."""
    content: str = "china"
    style: str = "swirls"
    second: str = ""                 # another style, mixed in by `blend`, its share of 0…1
    blend: float = 0.5
    content_weight: float = NEUTRAL["content_weight"]
    style_weight: float = NEUTRAL["style_weight"]
    tv_weight: float = NEUTRAL["tv_weight"]
    layer_weights: tuple = (1.0,) * len(STYLE_LAYERS)
    pooling: str = "max"
    size: int = 256                  # longer side, pixels
    start: str = "content"
    method: str = "lbfgs"
    keep_colours: bool = False
    steps: int = 150                 # evaluations for one press of Paint

    def check(self, pictures):
        """Raise ValueError, in one sentence, for a setting that cannot be painted."""
        for name in (self.content, self.style, *([self.second] if self.second else [])):
            if name not in pictures:
                raise ValueError(f"the picture {name!r} is not here: upload it first.")
        numbers = (self.content_weight, self.style_weight, self.tv_weight, *self.layer_weights)
        if not all(isinstance(x, (int, float)) and 0 <= x <= 1e6 for x in numbers):
            raise ValueError("a weight is a number from 0 to a million.")
        if len(self.layer_weights) != len(STYLE_LAYERS) or not 0 <= self.blend <= 1:
            raise ValueError(f"there are {len(STYLE_LAYERS)} layer weights, and a blend lies in 0…1.")
        allowed = {"pooling": ("max", "avg"), "size": SIZES, "start": STARTS, "method": tuple(descent.METHODS),
                   "keep_colours": (True, False), "steps": range(1, 100_001)}
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name.replace('_', ' ')} cannot be {getattr(self, name)!r}.")


ONE_LAYER = (0.0, 0.0, 1.0, 0.0, 0.0)
EVEN = (1.0,) * len(STYLE_LAYERS)
PRESETS = {"balanced": {**NEUTRAL, "layer_weights": EVEN},
           "content only": {**NEUTRAL, "style_weight": 0.0, "layer_weights": EVEN},
           "style only": {**NEUTRAL, "content_weight": 0.0, "layer_weights": EVEN},
           "too much": {**NEUTRAL, "style_weight": 1000.0, "layer_weights": EVEN},
           "one layer": {**NEUTRAL, "layer_weights": ONE_LAYER}}


def explain(settings):
    """Two sentences about what a setting does to the picture, and the chapter that explains it: (text, notebook)."""
    s, active = settings, [name for name, weight in zip(STYLE_LAYERS, settings.layer_weights, strict=True) if weight]
    ratio = (s.style_weight / NEUTRAL["style_weight"]) / max(s.content_weight, 1e-9)
    cases = [
        (s.content_weight == 0 and s.style_weight == 0, "Neither picture is asked for, so only smoothness acts. "
         "It irons out whatever is there.", "04_total_loss"),
        (s.style_weight == 0, "Nothing asks for the style, so the picture becomes what one deep layer remembers of "
         "the photograph. From the photograph itself that changes almost nothing: start from noise to see it come "
         "back.", "02_content_loss"),
        (not active, "All five layers are off, so the style has no say. Switch at least one on.", "03_style_loss"),
        (s.content_weight == 0, "Nothing holds the photograph, so only the Gram matrices decide, and they do not "
         "know where things are. The picture drifts towards a texture; from noise it is one from the start.",
         "03_style_loss"),
        (len(active) == 1, f"Only {active[0] if active else ''} speaks for the style. Near the input it is colour "
         "and fine grain, deeper it is strokes and larger shapes.", "03_style_loss"),
        (ratio >= 10, "The style counts so much that the photograph gives way. Its outlines break up into strokes, "
         "and raising the weight further changes less and less.", "04_total_loss"),
        (ratio <= 0.1, "The photograph counts so much that only colours and fine grain of the style come through. "
         "The content distance stays low, the style distance high.", "04_total_loss"),
        (s.tv_weight >= 5, "Smoothness wins over detail: neighbouring pixels become alike. Flat areas with sharp "
         "borders remain, as in a poster.", "04_total_loss"),
        (bool(s.second), "The target is a mixture of two Gram matrices, so both manners appear everywhere in the "
         "picture, not side by side. Move the blend and watch the colours first.", "07_after_2015"),
        (s.keep_colours, "Only brightness is taken from the painting; the colours are the photograph's. Strokes "
         "remain, the palette goes.", "07_after_2015"),
        (s.method != "lbfgs", "This method looks at the slope alone and takes many small steps. L-BFGS learns the "
         "curvature from its last steps and gets further with each.", "05_gradient_descent"),
        (s.start == "noise", "Starting from noise, the content must be found first; broad shapes come before fine "
         "ones. Another start ends in another picture of nearly the same loss.", "05_gradient_descent"),
        (s.pooling == "avg", "Average pooling passes the gradient to every pixel, maximum pooling to one in four. "
         "The picture gets a little softer, as Gatys et al. found.", "01_cnn_activations")]
    for applies, text, notebook in cases:
        if applies:
            return text, notebook
    return ("Content and style pull with about equal force: objects stay where they are, surfaces take on strokes "
            "and colours. The style distance falls fast, the content distance rises and levels off."), "04_total_loss"


class Painter:
    """Paints in a thread of its own; every method returns at once and may be called while it paints.

    callback(evaluation, image, record), if given, is called after each evaluation, in the painting thread. Whatever
    is raised there or by the transfer ends the painting, is kept in `error` as one sentence, and loses no picture.
    """

    def __init__(self, callback=None):
        self.callback, self.settings = callback, Settings()
        self.pictures = {role: dict(images.available(role)) for role in ("content", "style")}
        self.own = {}                            # name: (H, W, 3), the learner's
        self.earlier = collections.deque(maxlen=3)   # pictures that a new start has put aside
        self.transfer, self._key, self._original = None, None, (None, None)
        self._thread, self._stop, self._lock, self._generation = None, threading.Event(), threading.RLock(), 0
        self._stop.set()
        self._clear()

    def _clear(self):
        self._generation += 1
        self.image, self.history, self.stages, self.changes = None, [], [], []
        self.goal, self.error, self.note, self._stride, self._rebuild = 0, "", "", 1, True
        self._moments = collections.deque(maxlen=8)

    # --- what can be asked ---

    @property
    def evaluation(self):
        return len(self.history)

    @property
    def painting(self):
        return self._thread is not None and self._thread.is_alive() and not self._stop.is_set()

    def all_pictures(self):
        return {**self.pictures["content"], **self.pictures["style"], **self.own}

    def original(self):
        """The content image at the size that is set, (H, W, 3)."""
        key = self.settings.content, self.settings.size
        if self._original[0] != key:
            self._original = key, images.load_image(self.all_pictures()[key[0]], key[1])
        return self._original[1]

    def picture(self):
        """What is to be seen now, (H, W, 3): the picture so far, or the content image before the first one."""
        image = self.image
        if image is None:
            return self.original()
        if self.settings.keep_colours:
            return images.keep_colours(image, images.resize(self.original(), shape=image.shape[:2]))
        return image

    def seconds_per_evaluation(self):
        """Measured over the last evaluations; None before there are two."""
        moments = list(self._moments)
        return (moments[-1] - moments[0]) / (len(moments) - 1) if len(moments) > 1 else None

    def shares(self):
        """{style layer: its share of the weighted style distance now}, adding up to 1; {} before the first picture."""
        if not self.history:
            return {}
        parts = {name: weight * self.history[-1][name]
                 for name, weight in zip(STYLE_LAYERS, self.settings.layer_weights, strict=True)}
        return {name: part / max(sum(parts.values()), 1e-12) for name, part in parts.items()}

    # --- what can be done ---

    def set(self, **changes):
        """Change settings. Weights act on the running descent from its next evaluation; another style, size, network
        or method goes on from the picture so far; another content or start begins a new one and puts the old aside."""
        after = dataclasses.replace(self.settings, **changes)
        after.check(self.all_pictures())
        with self._lock:
            before, self.settings = self.settings, after
            if after == before:
                return
            if (after.content, after.start) != (before.content, before.start):
                self._put_aside(before)
            self._rebuild = self._rebuild or self._new_key(before) != self._new_key(after) \
                or before.method != after.method
            if self.transfer is not None:
                self._pass_on(self.transfer)
            self.changes.append(self.evaluation)

    def add(self, name, source):
        """Take in a picture of the learner's; → the name it got. Raises ImageError."""
        picture = images.load_image(source, max(SIZES))
        stem = Path(name).stem[:24] or "picture"
        taken, number = self.all_pictures(), 2
        name = stem
        while name in taken:
            name, number = f"{stem} {number}", number + 1
        self.own[name] = picture
        return name

    def prepare(self):
        """Load the network and compile the step for the present size in the thread, while the learner still chooses."""
        def work():
            try:
                settings = self.settings
                built = self._build(settings)
                self.transfer, self._key = built, self._new_key(settings)
                built.evaluate(built.content)
            except Exception as error:         # said in the status, as in _work
                self.error = sentence(error)
        self._thread = threading.Thread(target=work, daemon=True, name="studio")
        self._thread.start()

    def paint(self):
        """Start, or go on."""
        with self._lock:
            if self.painting:
                return
            if self.evaluation >= self.goal:
                self.goal = self.evaluation + self.settings.steps
            self.error, self.note, self._stop, previous = "", "", threading.Event(), self._thread
            self._moments.clear()
            self._thread = threading.Thread(target=self._work, args=(self._stop, previous), daemon=True, name="studio")
            self._thread.start()

    def pause(self):
        """Stop after the evaluation that is under way."""
        self._stop.set()

    def wait(self, seconds=None):
        """Until the thread has ended; for programs and tests. → whether it has."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def start_over(self):
        """Back to the beginning; the picture so far is put aside."""
        with self._lock:
            self._put_aside(self.settings)

    def bring_back(self):
        """The picture that was put aside last, with its settings; painting stops."""
        self.pause()
        with self._lock:
            if not self.earlier:
                raise ValueError("no picture has been put aside.")
            kept = self.earlier.pop()
            self._clear()
            self.settings, self.image, self.history, self.stages = kept
            self.goal = self.evaluation

    def _put_aside(self, settings):
        if self.image is not None:
            self.earlier.append((settings, self.image, self.history, self.stages))
        goal = self.painting and self.settings.steps
        self._clear()
        self.goal = goal or 0

    # --- the thread ---

    @staticmethod
    def _new_key(s):
        return s.content, s.style, s.second, s.pooling, s.size

    def _pass_on(self, transfer_):
        s = self.settings
        transfer_.content_weight, transfer_.style_weight, transfer_.tv_weight = (s.content_weight, s.style_weight,
                                                                                 s.tv_weight)
        transfer_.layer_weights = dict(zip(STYLE_LAYERS, s.layer_weights, strict=True))
        transfer_.blend = [1 - s.blend, s.blend] if len(transfer_.styles) == 2 else [1.0]

    def _work(self, stop, previous):
        try:
            if previous is not None:
                previous.join()
            while not stop.is_set():
                with self._lock:
                    s, self._rebuild, generation = self.settings, False, self._generation
                    start = s.start if self.image is None else self.image
                    left = self.goal - self.evaluation
                if self._key != self._new_key(s):
                    self.transfer = None                     # the old one's memory first
                    self.transfer, self._key = self._build(s), self._new_key(s)
                with self._lock:
                    self._pass_on(self.transfer)
                result = self.transfer.run(left, s.method, self._watcher(stop, generation), start, progress=False)
                with self._lock:
                    if not self._rebuild and generation == self._generation:
                        if result.history:
                            self.image = result.image
                        if self.evaluation < self.goal and not stop.is_set():
                            self.note = "The optimiser finds no way further down with these settings."
                        return
        except Exception as error:             # anything: the page must say it, and the picture so far stays
            self._key = self._key if self.transfer is not None else None
            self.error = sentence(error)
        finally:
            stop.set()

    def _build(self, s):
        sources = self.all_pictures()
        styles = [sources[s.style]] + ([sources[s.second]] if s.second else [])
        return transfer.StyleTransfer(sources[s.content], styles, pooling=s.pooling, size=s.size)

    def _watcher(self, stop, generation):
        def watch(_, image, record):
            with self._lock:
                if self._rebuild or generation != self._generation:
                    return True
                record = {**record, "evaluation": self.evaluation + 1}
                self.image = image
                self.history.append(record)
                self._moments.append(time.perf_counter())
                if (self.evaluation - 1) % self._stride == 0:
                    small = images.resize(image, max_side=256) if max(image.shape) > 256 else image
                    self.stages.append((self.evaluation, np.uint8(np.round(small * 255))))
                    if len(self.stages) > 48:
                        self.stages, self._stride = self.stages[::2], 2 * self._stride
            if self.callback is not None:
                self.callback(record["evaluation"], image, record)
            return stop.is_set()
        return watch

    # --- files ---

    def save(self, folder="pictures"):
        """Write the picture as PNG with its settings inside, and the learner's own pictures; → its path."""
        text = {"Software": "Style transfer studio", "Studio": json.dumps(dataclasses.asdict(self.settings))}
        for name in {self.settings.content, self.settings.style, self.settings.second} & set(self.own):
            data = io.BytesIO()
            images.to_pil(images.resize(self.own[name], max_side=512)).save(data, "JPEG", quality=92)
            text[f"Picture {name}"] = base64.b64encode(data.getvalue()).decode()
        return images.save_image(self.picture(), self._new_path(folder, "png"), text)

    def save_gif(self, folder="pictures"):
        """Write the stages as an animated GIF; → its path."""
        if not self.stages:
            raise ValueError("there is nothing to animate yet: press Paint first.")
        shape = self.stages[-1][1].shape[1::-1]
        frames = [Image.fromarray(stage).resize(shape) for _, stage in self.stages]
        path = self._new_path(folder, "gif")
        frames[0].save(path, save_all=True, append_images=frames[1:], loop=0,
                       duration=[120] * (len(frames) - 1) + [2000])
        return path

    def read(self, source):
        """Take the settings out of a picture that `save` wrote, to paint it again. Raises ImageError, ValueError."""
        data = bytes(source["content"]) if isinstance(source, dict) else Path(source).read_bytes()
        images.load_image(data)
        text = getattr(Image.open(io.BytesIO(data)), "text", {})
        try:
            values = json.loads(text["Studio"])
            after = Settings(**{**values, "layer_weights": tuple(values["layer_weights"])})
        except (KeyError, TypeError, ValueError) as error:
            raise images.ImageError("this picture holds no settings: take a PNG that the studio has saved.") from error
        given = {key.removeprefix("Picture "): base64.b64decode(value)
                 for key, value in text.items() if key.startswith("Picture ")}
        renamed = {name: self.add(name, picture) for name, picture in given.items()}
        self.set(**{**dataclasses.asdict(after),
                    **{role: renamed.get(getattr(after, role), getattr(after, role))
                       for role in ("content", "style", "second")}})

    def _new_path(self, folder, ending):
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            folder = Path.home()
        stem = f"{self.settings.content}-{self.settings.style}-{time.strftime('%Y%m%d-%H%M%S')}".replace(" ", "_")
        path, number = folder / f"{stem}.{ending}", 2
        while path.exists():
            path, number = folder / f"{stem}-{number}.{ending}", number + 1
        return path


def sentence(error):
    """An exception as one line for the status."""
    words = " ".join(str(error).split())[:300] or type(error).__name__
    return words if isinstance(error, (images.ImageError, ValueError)) else f"{type(error).__name__}: {words}"


# --- the page ---------------------------------------------------------------------------------------------

HINTS = {"content_weight": "Watch outlines: do roofs and eyes stay where they are?",
         "style_weight": "Watch flat areas: the sky takes on strokes first.",
         "tv_weight": "Watch the finest grain: it goes first, then the edges.",
         "layers": "block1 is colour and grain, block5 the largest strokes; only their ratios count.",
         "blend": "Watch the colours: they move before the strokes.",
         "pooling": "Average is a little softer. The picture goes on from where it is.",
         "size": "Strokes keep their size in pixels: in a larger picture they are finer. Time grows with the area.",
         "start": "From noise, shapes come out of the fog. A new start puts the picture so far aside.",
         "method": "Watch the curve: L-BFGS falls furthest for each evaluation.",
         "keep_colours": "Only brightness comes from the painting: strokes stay, its palette goes."}
COLOURS = {"content": ("#0072B2", ""), "style": ("#D55E00", "6 3"), "tv": ("#009E73", "2 3")}
STYLE = """<style>
.studio {color: var(--jp-ui-font-color1, #222)} .studio small {opacity: .8; line-height: 1.2; display: block}
.studio .widget-html-content, .studio .jupyter-widget-html-content {line-height: 1.3; white-space: normal}
.studio .studio-neutral .noUi-target::after {content: ""; position: absolute; left: calc(50% - 1px); top: -7px;
  width: 2px; height: 18px; background: currentColor; opacity: .7; pointer-events: none}
.studio button:focus-visible, .studio .noUi-handle:focus-visible {outline: 3px solid #E69F00; outline-offset: 1px}
.studio .studio-thumbs button {width: 74px; height: 66px; line-height: 16px; padding: 50px 0 0; margin: 2px;
  background-size: 74px 50px; background-repeat: no-repeat; font-size: 11px; overflow: hidden}
.studio .studio-thumbs button.mod-active {outline: 3px solid #56B4E9; font-weight: bold}
.studio svg text {fill: currentColor; font: 11px sans-serif}
.studio img {image-rendering: auto; object-fit: contain}
</style>"""
# ipywidgets gives its sliders, toggle buttons and pictures no names for a screen reader: this does.
NAMES = """(() => { if (window.studioNames) return; window.studioNames = setInterval(() => {
  for (const box of document.querySelectorAll('.studio')) {
    for (const s of box.querySelectorAll('.widget-slider')) for (const h of s.querySelectorAll('.noUi-handle')) {
      h.setAttribute('aria-label', s.querySelector('label')?.textContent ?? '');
      h.setAttribute('aria-valuetext', s.querySelector('.widget-readout')?.textContent ?? ''); }
    for (const b of box.querySelectorAll('.jupyter-button.widget-toggle-button'))
      b.setAttribute('aria-pressed', b.classList.contains('mod-active'));
    for (const i of box.querySelectorAll('img')) i.alt = i.nextElementSibling?.textContent.trim() ?? '';
    box.querySelector('.studio-status')?.setAttribute('role', 'status'); } }, 1000); })()"""


def levels(neutral):
    """Labelled values on a log scale, ten a side: (label, value), `neutral` in the middle, off at the left end."""
    values = [neutral * 10 ** (k / 5) for k in range(-9, 11)]
    return [("off", 0.0)] + [(f"{v:.3g}", neutral if k == 9 else float(f"{v:.3g}")) for k, v in enumerate(values)]


def jpeg(image, max_side=None):
    data = io.BytesIO()
    images.to_pil(images.resize(image, max_side) if max_side else image).save(data, "JPEG", quality=88)
    return data.getvalue()


def strip(stages, count=6, height=60):
    """The first, the last and some stages between, closer together at the beginning, in one row: a JPEG."""
    picks = sorted({round((len(stages) - 1) * (k / (count - 1)) ** 2) for k in range(count)})
    frames = [Image.fromarray(stages[k][1]) for k in picks]
    frames = [f.resize((max(1, f.width * height // f.height), height)) for f in frames]
    row = Image.new("RGB", (sum(f.width + 3 for f in frames) - 3, height), "white")
    for k, frame in enumerate(frames):
        row.paste(frame, (sum(f.width + 3 for f in frames[:k]), 0))
    data = io.BytesIO()
    row.save(data, "JPEG", quality=85)
    return data.getvalue(), [stages[k][0] for k in picks]


def curves(history, changes, width=400, height=140):
    """The distances so far as an SVG drawing, logarithmic; a grey line where a control was moved."""
    if len(history) < 2:
        return ""
    rows = history[::max(1, len(history) // 200)]
    last, low, high = history[-1]["evaluation"], -2.5, 1.0

    def at(n, value):
        share = (math.log10(max(value, 1e-9)) - low) / (high - low)
        return f"{30 + (width - 95) * n / last:.1f},{height - 8 - (height - 20) * min(max(share, 0), 1):.1f}"

    marks = "".join(f'<path d="M{at(n, 1e-9)} L{at(n, 99)}" stroke="currentColor" opacity=".25"/>' for n in changes)
    scale = "".join(f'<path d="M{at(0, v)} L{at(last, v)}" stroke="currentColor" opacity=".15"/>'
                    f'<text x="0" y="{at(0, v).split(",")[1]}">{v:g}</text>' for v in (0.01, 0.1, 1, 10))
    lines, ends = "", []
    for name, (colour, dash) in COLOURS.items():
        points = " ".join(at(r["evaluation"], r[name]) for r in rows)
        lines += (f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
                  f'stroke-dasharray="{dash}"/>')
        ends.append((float(at(last, history[-1][name]).split(",")[1]), "smooth" if name == "tv" else name, colour))
    y = 0
    for end, name, colour in sorted(ends):
        y = max(end + 4, y + 12)
        lines += f'<text x="{width - 62}" y="{y}" style="fill:{colour};font-weight:bold">{name}</text>'
    words = ", ".join(f"{name} {history[-1][name]:.3g}" for name in COLOURS)
    return (f'<svg role="img" aria-label="Distances over {last} evaluations, now {words}" width="{width}" '
            f'height="{height}">{scale}{marks}{lines}</svg>')


class Studio(ipywidgets.VBox):
    """The page: choose, paint, steer, save. callback: as in `Painter`. A new one stops the one before it."""

    _open = None                                 # a weak reference: one kernel, one painting thread

    def __init__(self, callback=None):
        before = Studio._open and Studio._open()
        if before is not None:
            before.close()
        Studio._open = weakref.ref(self)
        self.painter = Painter(callback)
        self._fetched, self._drawn, self._slow, self._showing = queue.Queue(), None, 0.0, False
        self._handle, self._ticked, self._alive, self._thumbs = None, time.monotonic(), None, {}
        self._build()
        super().__init__([self.css, self.head, self.body])
        self.add_class("studio")
        self._show_settings()
        self.tick()
        try:
            self._loop = asyncio.get_running_loop()
            self._handle = self._loop.call_later(EVERY, self._again)
            self.painter.prepare()
        except RuntimeError:                     # no kernel: a program calls tick() itself
            self._loop = None

    def _build(self):
        w, wide = ipywidgets, ipywidgets.Layout(width="auto", max_width="430px")
        label_width = {"description_width": "100px"}
        self.css, self.status = w.HTML(), w.HTML()
        self.status.add_class("studio-status")
        self.buttons = {name: self._button(name, action, tip) for name, action, tip in (
            ("Paint", self._paint, "start, or go on"),
            ("Pause", self.painter.pause, "stop after this evaluation; the picture stays"),
            ("Start over", self.painter.start_over, "a new picture; this one is put aside"),
            ("Bring back", self._bring_back, "the picture that was put aside last"),
            ("Save", self._save, "a PNG with its settings inside"), ("GIF", self._gif, "the stages as an animation"))}
        # The front end counts this up while the page is open, and stops when it is closed: a sign of life.
        self.pulse = w.Play(interval=2000, max=10 ** 9, layout=w.Layout(display="none"))
        self.pulse.observe(self._beat, "value")
        self.download = w.HTML()
        self.head = w.VBox([w.HBox([*self.buttons.values(), self.download, self.pulse],
                                   layout=w.Layout(flex_flow="row wrap")), self.status])
        self.view = w.Image(format="jpeg", layout=w.Layout(width="100%", max_width="460px", max_height="400px",
                                                           object_fit="contain"))
        self.wipe = w.FloatSlider(description="Wipe", min=0, max=1, step=0.02, readout=False, layout=wide,
                                  tooltip="left of it the photograph, right of it the painting")
        self.wipe.observe(self._guard(lambda _: self._draw()), "value")
        self.film, self.curves = w.Image(format="jpeg", layout=w.Layout(max_width="460px")), w.HTML()
        self.caption, self.stages = w.HTML(), w.HTML()
        self.shares, self.explanation = w.HTML(), w.Output()

        self.controls = {}
        for name, label in (("content_weight", "Content"), ("style_weight", "Style"), ("tv_weight", "Smoothness")):
            self._slider(name, label, NEUTRAL[name])
        self.layers = [self._slider(name, name.replace("_conv1", ""), 1.0) for name in STYLE_LAYERS]
        for name, label, options in (
                ("second", "Second style", []), ("pooling", "Pooling", [("maximum", "max"), ("average", "avg")]),
                ("size", "Size", [(f"{n} px", n) for n in SIZES]), ("start", "Start from", STARTS),
                ("method", "Optimiser", [("L-BFGS", "lbfgs"), ("Adam", "adam"),
                                         ("gradient descent", "gradient_descent")]),
                ("steps", "Evaluations", [50, 150, 300, 1000])):
            self.controls[name] = w.Dropdown(description=label, options=options, layout=wide, style=label_width)
        self.controls["keep_colours"] = w.Checkbox(description="Keep the photograph's colours", indent=False)
        self.controls["blend"] = w.FloatSlider(description="Blend", min=0, max=1, step=0.05, layout=wide)
        self.controls["blend"].style.description_width = label_width["description_width"]
        for role in ("content", "style"):
            self.controls[role] = w.ToggleButtons(layout=w.Layout(width="auto"))
            self.controls[role].add_class("studio-thumbs")
            self.controls[role].add_class(f"studio-{role}-{id(self)}")
        for name, control in self.controls.items():
            control.observe(self._guard(lambda change, name=name: self._set(name, change.new)), "value")

        self.presets = [self._button(name, lambda name=name: self._apply(PRESETS[name]), "weights for a lesson")
                        for name in PRESETS]
        reset = self._button("Reset", lambda: self._apply({**PRESETS["balanced"], "blend": 0.5}),
                             "all sliders to their middle")
        reset.layout.align_self = "flex-start"
        self.role = w.ToggleButtons(options=[("the photograph", "content"), ("the style", "style")],
                                    description="Yours for", style={"button_width": "110px"})
        self.upload = w.FileUpload(accept="", description="Upload a picture", layout=w.Layout(width="180px"))
        self.upload.observe(self._guard(self._uploaded), "value")
        self.address = w.Text(description="or from", placeholder="https://…", continuous_update=False, layout=wide)
        self.address.observe(self._guard(lambda change: change.new.strip() and self._fetch(
            change.new.strip(), change.new.strip())), "value")
        self.again = w.FileUpload(accept=".png", description="Paint a saved one again",
                                  layout=w.Layout(width="230px"))
        self.again.observe(self._guard(self._recall), "value")
        swap = self._button("Swap", self._swap, "the style becomes the photograph, and the other way round")

        c = self.controls
        self.sections = {
            "Pictures": [w.HTML("Photograph"), c["content"], w.HTML("Style"), c["style"], c["second"], c["blend"],
                         self._hint("blend"), self.role, w.HBox([self.upload, swap]), self.address],
            "Weights": [w.HBox(self.presets, layout=w.Layout(flex_flow="row wrap")),
                        *[part for name in NEUTRAL for part in (c[name], self._hint(name))], reset],
            "Layers": [*self.layers, self._hint("layers"), self.shares],
            "More": [part for name in ("size", "start", "method", "pooling", "keep_colours")
                     for part in (c[name], self._hint(name))] + [c["steps"], self.again]}
        panes = {name: w.VBox(parts) for name, parts in self.sections.items()}
        self.section = w.ToggleButtons(options=list(panes), style={"button_width": "90px"})

        def turn(_=None):
            for name, pane in panes.items():
                pane.layout.display = "" if name == self.section.value else "none"
        self.section.observe(turn, "value")
        turn()
        left = w.VBox([self.view, self.caption, self.wipe, self.film, self.stages],
                      layout=w.Layout(flex="1 1 320px", max_width="470px"))
        right = w.VBox([self.section, *panes.values(), self.curves, self.explanation],
                       layout=w.Layout(flex="1 1 380px", max_width="500px"))
        self.body = w.HBox([left, right], layout=w.Layout(flex_flow="row wrap"))

    def _button(self, name, action, tip):
        button = ipywidgets.Button(description=name, tooltip=tip, layout=ipywidgets.Layout(width="auto"))
        button.on_click(self._guard(lambda _: action()))
        return button

    def _slider(self, name, label, neutral):
        self.controls[name] = ipywidgets.SelectionSlider(
            description=label, options=levels(neutral), value=neutral,
            layout=ipywidgets.Layout(width="auto", max_width="430px"))
        self.controls[name].add_class("studio-neutral")
        return self.controls[name]

    @staticmethod
    def _hint(name):
        return ipywidgets.HTML(f"<small>{HINTS[name]}</small>")

    def _guard(self, action):
        """Whatever a control raises becomes a line in the status."""
        def guarded(*arguments):
            try:
                action(*arguments)
            except (Exception, KeyboardInterrupt) as error:
                self.painter.error = sentence(error)
            self._say()
        return guarded

    # --- from the controls to the painter ---

    def _set(self, name, value):
        if self._showing or value is None:
            return
        if name in STYLE_LAYERS:
            name, value = "layer_weights", tuple(control.value for control in self.layers)
        self.painter.error = ""
        self.painter.set(**{name: value})
        self._explain()

    def _apply(self, changes):
        self.painter.set(**changes)
        self._show_settings()

    def _swap(self):
        self._apply({"content": self.painter.settings.style, "style": self.painter.settings.content})

    def _bring_back(self):
        self.painter.bring_back()
        self._show_settings()

    def _uploaded(self, _):
        for file in self.upload.value:
            self._fetch(file, file["name"])
        with self.hold_trait_notifications():
            self.upload.value = ()

    def _recall(self, _):
        for file in self.again.value:
            self.painter.read(file)
        self.again.value = ()
        self._show_settings()

    def _fetch(self, source, name):
        """Read a picture in a thread: a slow network must not hold up the page."""
        def work(role=self.role.value):
            try:
                self._fetched.put((role, self.painter.add(name, source)))
            except Exception as error:           # shown by the next tick
                self._fetched.put((None, sentence(error)))
        threading.Thread(target=work, daemon=True, name="studio picture").start()

    def _save(self):
        self._offer(self.painter.save(), "image/png")

    def _gif(self):
        self._offer(self.painter.save_gif(), "image/gif")

    def _offer(self, path, kind):
        data = base64.b64encode(path.read_bytes()).decode()
        self.download.value = (f'<a download="{path.name}" href="data:{kind};base64,{data}">Download</a> '
                               f"<small>{path.parent.name}/{path.name}</small>")

    # --- from the painter to the widgets, in the kernel's own thread ---

    def _again(self):
        self._guard(self.tick)()
        self._handle = self._loop.call_later(EVERY, self._again)

    def _beat(self, _):
        self._alive = time.monotonic()

    def tick(self):
        """Show what is new; what costs more, once a second."""
        now = time.monotonic()
        if self._alive is not None and now - self._ticked > 2:
            self._alive = now                    # a cell held the kernel up: signs of life are still in the queue
        self._ticked = now
        painter = self.painter
        if painter.painting and self._alive is not None and now - self._alive > PATIENCE:
            painter.pause()
            self._alive, painter.note = None, "Paused because the page was closed, reloaded or hidden: Paint goes on."
        while not self._fetched.empty():
            role, name = self._fetched.get()
            if role is None:
                painter.error = name
            else:
                self._apply({role: name})
        state = painter._generation, painter.evaluation, painter.settings, id(painter.image)
        if state != self._drawn:
            self._drawn = state
            self._draw()
        if now - self._slow > 1:
            self._slow = now
            self._draw_slowly()
        self._say()

    def _draw(self):
        picture, share = self.painter.picture(), self.wipe.value
        if share > 0:
            picture, edge = picture.copy(), round(share * picture.shape[1])
            picture[:, :edge] = images.resize(self.painter.original(), shape=picture.shape[:2])[:, :edge]
            if edge < picture.shape[1]:
                picture[:, edge - 1:edge + 1] = 1
        self.view.value = jpeg(picture)
        s = self.painter.settings
        self.caption.value = (f"<small>{s.content} in the manner of {s.style}{' and ' + s.second if s.second else ''}, "
                              f"after {self.painter.evaluation} evaluations</small>")

    def _draw_slowly(self):
        painter = self.painter
        stages = list(painter.stages)
        self.film.layout.display = "" if stages else "none"
        self.stages.value = ""
        if stages:
            self.film.value, evaluations = strip(stages)
            self.stages.value = f"<small>Stages: evaluations {', '.join(map(str, evaluations))}</small>"
        self.curves.value = curves(list(painter.history), list(painter.changes))
        bars = "".join(f'<div style="display:flex;align-items:center"><span style="width:60px">{name[:6]}</span><span '
                       f'style="background:#56B4E9;height:10px;width:{200 * share:.0f}px;margin-right:6px"></span>'
                       f"{share:.0%}</div>" for name, share in painter.shares().items())
        self.shares.value = bars and "<small>Share of each layer in the style distance now</small>" + bars

    def _say(self):
        painter, pace = self.painter, self.painter.seconds_per_evaluation()
        text = f"evaluation {painter.evaluation} of {painter.goal}" if painter.goal else "ready"
        if painter.painting:
            left = (painter.goal - painter.evaluation) * pace if pace else None
            text = ("<b>Painting</b>: " + text + (f", {left:.0f} s left" if left is not None else
                                                  "; the first one of a new size is compiled first"))
        elif painter.evaluation:
            text = "<b>Paused</b>: " + text if painter.evaluation < painter.goal else "<b>Done</b>: " + text
        if painter.error:
            text += f' <b style="color:#D55E00">⚠ {html.escape(painter.error)}</b>'
        self.status.value = f"{text} {painter.note}"
        self.buttons["Pause"].disabled = not painter.painting
        self.buttons["Paint"].disabled = painter.painting
        self.buttons["Bring back"].disabled = not painter.earlier
        self.buttons["Paint"].description = "Resume" if painter.evaluation else "Paint"

    def _explain(self):
        text, notebook = explain(self.painter.settings)
        chapter = f"chapter {notebook[:2]}, {notebook[3:].replace('_', ' ')}"
        if "voila" not in os.environ.get("SERVER_SOFTWARE", ""):     # that page serves no other notebook
            chapter = f"[{chapter}]({notebook}.ipynb)"
        self.explanation.outputs = ({"output_type": "display_data", "metadata": {},
                                     "data": {"text/markdown": f"{text} → {chapter}"}},)

    def _show_settings(self):
        """Set all controls to the painter's settings."""
        s, all_ = self.painter.settings, self.painter.all_pictures()
        self._showing = True
        try:
            rules = ""
            for role in ("content", "style"):
                names = list(dict.fromkeys([*self.painter.pictures[role], *self.painter.own, getattr(s, role)]))
                if names != list(self.controls[role].options):
                    self.controls[role].options = names
                for k, name in enumerate(names, 1):
                    rules += (f".studio-{role}-{id(self)} button:nth-child({k}) {{background-image: "
                              f"url(data:image/jpeg;base64,{self._thumbnail(name, all_[name])})}}\n")
            self.css.value = STYLE.replace("</style>", rules + "</style>")
            self.controls["second"].options = [("none", "")] + [(name, name) for name in all_
                                                                if name not in self.painter.pictures["content"]]
            values = {**dataclasses.asdict(s), **dict(zip(STYLE_LAYERS, s.layer_weights, strict=True))}
            for name, control in self.controls.items():
                value = values[name]
                if isinstance(control, ipywidgets.SelectionSlider):
                    value = min((v for _, v in control.options),
                                key=lambda v, value=value: abs(math.log((v + 1e-4) / (value + 1e-4))))
                elif name == "steps" and value not in control.options:
                    control.options = sorted([*control.options, value])
                control.value = value
        finally:
            self._showing = False
        self._explain()

    def _thumbnail(self, name, source):
        if name not in self._thumbs:
            self._thumbs[name] = base64.b64encode(jpeg(images.load_image(source, 110))).decode()
        return self._thumbs[name]

    def _paint(self):
        self.painter.paint()
        self._alive, self.pulse.playing = None, False
        self.pulse.playing = True                # a change, not the state, sets the front end going

    def close(self):
        """Stop painting and the timer; the picture stays in `painter`."""
        self.painter.pause()
        if self._handle is not None:
            self._handle.cancel()
        super().close()

    def _ipython_display_(self):
        display({"application/vnd.jupyter.widget-view+json": {"model_id": self.model_id, "version_major": 2,
                                                              "version_minor": 0},
                 "text/plain": "[the studio: run the notebook to paint]"}, raw=True)
        display(Javascript(NAMES))
