"""The studio's page: one widget of plain HTML, over a painter that it only posts to and looks at. Chapter 06.

A message of the page may arrive in any thread, so it becomes a command in the painter's queue and nothing else. A timer
in the kernel's own loop looks at the painter's newest snapshot and sends what is new in it. page.js draws it.
"""

import asyncio
import dataclasses
import queue
import threading
import time
import weakref
from pathlib import Path

import anywidget
from traitlets import Bytes, Dict, List

from helpers import images
from helpers.cost import free_memory
from helpers.studio.curves import curves, fine
from helpers.studio.files import jpeg, strip
from helpers.studio.painter import Painter
from helpers.studio.settings import COARSE, NEUTRAL, PRESETS, RESET, SIZES, STARTS
from helpers.studio.words import HINTS, explain, sentence, title
from helpers.transfer import STYLE_LAYERS

PATIENCE = 12        # seconds without a sign of life from the page, after which nobody is watching
EVERY = 0.07         # seconds between two looks at the painter
SLOWLY = 1.0         # seconds between two drawings of what costs more: curves, stages
PLAIN = ("paint", "pause", "start_over", "bring_back")           # commands that carry nothing
SCRIPTS = ("controls.js", "picture.js", "page.js")               # one module
GONE = "Paused because the page was closed, reloaded or hidden: Resume goes on."


def levels(neutral):
    """Labelled values on a log scale, ten a side: (label, value), `neutral` in the middle, off at the left end."""
    values = [neutral * 10 ** (k / 5) for k in range(-9, 11)]
    values = [neutral if k == 9 else float(f"{v:.3g}") for k, v in enumerate(values)]
    return [("off", 0.0)] + [(f"{v:g}", v) for v in values]


def words():
    """What page.js needs to know once: the notches of each slider, the entries of each menu, hints and presets."""
    weights = {"content_weight": "Content", "style_weight": "Style", "tv_weight": "Smoothness"}
    return {"weights": [[name, label, levels(NEUTRAL[name])] for name, label in weights.items()],
            "layers": [name.replace("_conv1", "") for name in STYLE_LAYERS], "layer": levels(1.0),
            "blend": [(f"{k * 5} %", k / 20) for k in range(21)],
            "split": [("off", 0.0), *((f"{k * 5} %", k / 20) for k in range(1, 20))],
            "hints": HINTS, "presets": list(PRESETS.items()), "reset": RESET,
            "menus": {"size": [(f"{n} px", n) for n in SIZES], "start": [(name, name) for name in STARTS],
                      "method": [("L-BFGS", "lbfgs"), ("Adam", "adam"), ("gradient descent", "gradient_descent")],
                      "pooling": [("maximum", "max"), ("average", "avg")],
                      "steps": [(str(n), n) for n in (50, 150, 300, 1000)]}}


def status(snapshot):
    """What it is doing, in a word, and the rest of the line: ("Painting", "evaluation 12 of 150, 30 s left")."""
    s, count = snapshot, f"evaluation {snapshot.evaluation} of {snapshot.goal}"
    if s.painting:
        left = f", {(s.goal - s.evaluation) * s.pace:.0f} s left" if s.pace else ""
        phase = {"loading": ", loading the network", "compiling": ", compiling for this size"}
        if s.settings.size > COARSE:
            phase["coarse"] = f", first at {COARSE} px"
        return "Painting", count + phase.get(s.phase, left)
    if s.history:
        return ("Paused" if s.evaluation < s.goal else "Done"), count
    if s.expected is None:
        return "Loading", "the network; you can choose and press Paint meanwhile"
    short = s.expected.memory > free_memory()
    return "Ready", (f"{s.settings.steps} evaluations take about {s.expected.seconds:.0f} s and "
                     f"{s.expected.memory / 1e9:.1f} GB{', more than is free: choose a smaller size' if short else ''}")


def shares(snapshot):
    """The share of each style layer in the weighted style distance now, adding up to 1; [] before the first."""
    if not snapshot.history:
        return []
    parts = [weight * snapshot.history[-1][name]
             for name, weight in zip(STYLE_LAYERS, snapshot.settings.layer_weights, strict=True)]
    return [part / max(sum(parts), 1e-12) for part in parts]


class Studio(anywidget.AnyWidget):
    """The page: choose, paint, steer, save. callback: as in `Painter`. A new one closes the one before it."""

    _esm = "".join(Path(__file__).with_name(name).read_text("utf-8") for name in SCRIPTS)
    _css = Path(__file__).with_name("page.css").read_text("utf-8")
    _open = None                                 # a weak reference: one kernel, one painting thread

    words = Dict().tag(sync=True)                # sent once
    state = Dict().tag(sync=True)                # sent with every snapshot: settings, status, title
    image = Bytes().tag(sync=True)               # what is to be seen now, JPEG
    original = Bytes().tag(sync=True)            # the photograph, JPEG
    slow = Dict().tag(sync=True)                 # at most once a second: curves, shares, film strip
    thumbs = List().tag(sync=True)               # [{"name", "jpeg"}]

    def __init__(self, callback=None):
        before = Studio._open and Studio._open()
        if before is not None:
            before.close()
        Studio._open = weakref.ref(self)
        self.painter = Painter(callback)
        self._error, self._files, self._alive, self._ticked = "", queue.SimpleQueue(), None, time.monotonic()
        self._seen = self._image = self._original = self._drawn = self._handle = None
        self._slowly = 0.0
        super().__init__(words=words())
        self.on_msg(self._receive)
        self.tick()
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:                     # no kernel: a program calls tick() itself
            return
        self._handle = self._loop.call_later(EVERY, self._again)
        self.painter.prepare()

    @property
    def snapshot(self):
        return self.painter.snapshot

    # --- from the page to the painter, in whatever thread a message arrives ---

    def _receive(self, _, message, buffers):
        command = message.get("command")
        if command == "alive":
            self._alive = time.monotonic()
            return
        self._error = ""
        if command in PLAIN:
            getattr(self.painter, command)()
        elif command == "set":
            self.painter.set(held=message.get("held", False), **message["changes"])
        elif command == "layer":                 # one alone: the page may not know yet what became of the others
            self.painter.set_layer(message["layer"], message["weight"], message.get("held", False))
        elif command == "save":
            self.painter.save().add_done_callback(self._files.put)
        elif command == "gif":
            self.painter.save_gif().add_done_callback(self._files.put)
        elif command == "read":
            self.painter.read(bytes(buffers[0]))
        elif command == "upload":
            self._fetch({"name": message["name"], "content": bytes(buffers[0])}, message["name"], message["role"])
        elif command == "address":
            self._fetch(message["address"], message["address"], message["role"])

    def _fetch(self, source, name, role):
        """Read a picture in a thread, for a network may be slow, and choose it as "content" or "style"."""
        def choose(added):
            if not added.cancelled() and not added.exception():
                self.painter.set(**{role: added.result()})

        def work():
            try:
                self.painter.add(name, images.load_image(source, max(SIZES), public=True)).add_done_callback(choose)
            except Exception as error:           # shown by the next tick
                self._error = sentence(error)
        threading.Thread(target=work, daemon=True, name="studio picture").start()

    # --- from the painter to the page, in the kernel's own thread ---

    def _again(self):
        self._handle = self._loop.call_later(EVERY, self._again)      # first: whatever fails, it goes on looking
        try:
            self.tick()
        except (Exception, KeyboardInterrupt) as error:
            self._error = sentence(error)

    def tick(self):
        """Send what is new; what costs more, at most once a second. At rest nothing is sent."""
        now, snapshot = time.monotonic(), self.painter.snapshot
        self._look_for_life(now, snapshot)
        while not self._files.empty():
            self._offer(self._files.get())
        if (snapshot.number, self._error) != self._seen:
            self._seen = snapshot.number, self._error
            self._show(snapshot)
        if snapshot.number != self._drawn and now - self._slowly >= SLOWLY:
            self._drawn, self._slowly = snapshot.number, now
            film, evaluations = strip(snapshot.stages) if snapshot.stages else (b"", [])
            self.slow = {"film": film, "stages": evaluations, "shares": shares(snapshot),
                         "curves": curves(fine(snapshot.history), snapshot.changes)}

    def _look_for_life(self, now, snapshot):
        if self._alive is not None and now - self._ticked > 2:
            self._alive = now                    # a cell held the kernel up: signs of life are still in the queue
        self._ticked = now
        if not snapshot.painting:
            self._alive = None                   # the page says that it is there as soon as it paints, and only then
        elif self._alive is not None and now - self._alive > PATIENCE:
            self._alive = None
            self.painter.pause(note=GONE)

    def _show(self, snapshot):
        s, (doing, rest) = snapshot.settings, status(snapshot)
        with self.hold_sync():
            names = {name for group in snapshot.names.values() for name in group}
            if names != {thumb["name"] for thumb in self.thumbs}:
                made = {thumb["name"]: thumb for thumb in self.thumbs}
                sources = self.painter.sources()
                self.thumbs = [made.get(name) or {"name": name, "jpeg": jpeg(images.load_image(sources[name], 150))}
                               for name in sorted(names)]
            if snapshot.image is not self._image:
                self._image, self.image = snapshot.image, jpeg(snapshot.image)
            if snapshot.original is not self._original:
                self._original, self.original = snapshot.original, jpeg(snapshot.original)
            self.state = {
                "settings": dataclasses.asdict(s), "names": {role: list(n) for role, n in snapshot.names.items()},
                "title": title(s, len(snapshot.history)), "doing": doing, "status": rest, "note": snapshot.note,
                "error": self._error or snapshot.error, "explanation": explain(s), "painting": snapshot.painting,
                "started": bool(snapshot.history), "evaluation": snapshot.evaluation, "goal": snapshot.goal,
                "earlier": snapshot.earlier}

    def _offer(self, future):
        """Send a file that was saved; what went wrong is in the snapshot already."""
        if not future.cancelled() and not future.exception():
            path = future.result()
            self.send({"file": path.name, "folder": path.parent.name}, [path.read_bytes()])

    # --- its life ---

    def close(self):
        """End the painting thread and the timer; the picture stays in `snapshot`."""
        if self._handle is not None:
            self._handle.cancel()
        self.painter.close()
        self.layout.close()
        super().close()

    def _repr_mimebundle_(self, **_):
        data, metadata = super()._repr_mimebundle_()
        return {**data, "text/plain": "[the studio: run the notebook to paint]"}, metadata
