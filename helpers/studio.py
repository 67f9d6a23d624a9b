"""The studio: a page on which a transfer is steered while it runs. Chapter 06.

`painter.Painter` paints in a thread of its own and knows no widget; `Studio` is ipywidgets over it. A timer in the
kernel's event loop looks at the painter and changes the widgets, so that no widget is ever touched by two threads.
"""

import asyncio
import base64
import dataclasses
import html
import io
import math
import os
import queue
import threading
import time
import weakref

import ipywidgets
import psutil
from IPython.display import display
from PIL import Image

from helpers import images
from helpers.painter import NEUTRAL, PRESETS, SIZES, STARTS, Painter, explain, sentence
from helpers.transfer import STYLE_LAYERS

PATIENCE = 12        # seconds without a sign of life from the page, after which nobody is watching
EVERY = 0.15         # seconds between two looks at the painter
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
COLOURS = {"content": ("#2185D0", ""), "style": ("#D55E00", "6 3"), "tv": ("#009E73", "2 3")}
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

    marks = "".join(f'<path d="M{at(n, 1e-9)} L{at(n, 99)}" stroke="currentColor" opacity=".25"/>'
                    for n in sorted(set(changes)))
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
        self.film = w.Image(format="jpeg", layout=w.Layout(max_width="460px", align_self="flex-start"))
        self.curves, self.caption, self.stages = w.HTML(), w.HTML(), w.HTML()
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
        self._handle = self._loop.call_later(EVERY, self._again)      # first: whatever fails, it goes on looking
        self._guard(self.tick)()

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
        s, n = self.painter.settings, self.painter.evaluation
        manner = f"in the manner of {s.style}{' and ' + s.second if s.second else ''}, after {n} evaluations"
        self.caption.value = f"<small>{html.escape(f'{s.content} {manner}' if n else s.content)}</small>"

    def _draw_slowly(self):
        painter = self.painter
        stages = list(painter.stages)
        self.film.layout.display = "" if stages else "none"
        # Each value is set once: a change to and fro would go to the page, and keep an abandoned kernel alive.
        words = ""
        if stages:
            self.film.value, evaluations = strip(stages)
            words = f"<small>Stages: evaluations {', '.join(map(str, evaluations))}</small>"
        self.stages.value = words
        self.curves.value = curves(list(painter.history), list(painter.changes))
        bars = "".join(f'<div style="display:flex;align-items:center"><span style="width:60px">{name[:6]}</span><span '
                       f'style="background:#56B4E9;height:10px;width:{200 * share:.0f}px;margin-right:6px"></span>'
                       f"{share:.0%}</div>" for name, share in painter.shares().items())
        self.shares.value = bars and "<small>Share of each layer in the style distance now</small>" + bars

    def _say(self):
        painter, pace = self.painter, self.painter.seconds_per_evaluation()
        text = f"evaluation {painter.evaluation} of {painter.goal}" if painter.goal else self._expected()
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

    def _expected(self):
        """Time and memory before the start, as soon as the network is loaded."""
        expected, steps = self.painter.expect(), self.painter.settings.steps
        if expected is None:
            return "Loading the network; you can choose and press Paint meanwhile."
        free = psutil.virtual_memory().available + psutil.Process().memory_info().rss
        warning = " <b>⚠ more than is free: choose a smaller size</b>" if expected.memory > free else ""
        return (f"Ready: {steps} evaluations take about {expected.seconds:.0f} s and {expected.memory / 1e9:.1f} GB of "
                f"memory{warning}.")

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
        display({"application/javascript": NAMES, "text/plain": ""}, raw=True)
