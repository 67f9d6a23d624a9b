"""The studio's state: settings, a thread that paints, the picture so far. No widget in here. Chapter 06."""

import base64
import collections
import dataclasses
import io
import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from helpers import descent, images, transfer
from helpers.transfer import STYLE_LAYERS

NEUTRAL = {"content_weight": 1.0, "style_weight": 10.0, "tv_weight": 0.5}
SIZES = (128, 192, 256, 384, 512, 768)
STARTS = ("content", "noise", "style")
NO_END = sys.maxsize                 # the goal may move while it paints, so the watcher decides
BUILDING = threading.Lock()          # two threads at once would load the network twice


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
         "picture, not side by side. Move the blend and watch the colours first.", "03_style_loss"),
        (s.keep_colours, "Only brightness is taken from the painting; the colours are the photograph's. Strokes "
         "remain, the palette goes.", "06_studio"),
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
        self.transfer, self._key, self._paced, self._original = None, None, None, (None, None)
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

    def expect(self):
        """`transfer.Estimate` for the evaluations that are set, or None while the network is not loaded yet."""
        if self._paced is None:
            return None
        height, width = self.original().shape[:2]
        return self._paced.estimate(height, width, self.settings.steps)

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
        or method goes on from the picture so far; another content or start begins a new one and puts the old aside.
        Another number of steps moves the end of what is being painted."""
        after = dataclasses.replace(self.settings, **changes)
        after.check(self.all_pictures())
        with self._lock:
            before, self.settings = self.settings, after
            if after == before:
                return
            if (after.content, after.start) != (before.content, before.start):
                self._put_aside(before)
            elif self.evaluation < self.goal:            # painting or paused: the end moves, at least one further
                self.goal = max(self.evaluation + 1, self.goal + after.steps - before.steps)
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
                built.evaluate(built.content)            # compiles
                built.evaluate(built.content)            # shows the pace
                self._paced = built
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
                    if self.evaluation >= self.goal:
                        return
                    s, self._rebuild, generation = self.settings, False, self._generation
                    start = s.start if self.image is None else self.image
                if self._key != self._new_key(s):
                    self._refuse_too_large()
                    self.transfer = None                     # the old one's memory first
                    self.transfer, self._key = self._build(s), self._new_key(s)
                with self._lock:
                    self._pass_on(self.transfer)
                result = self.transfer.run(NO_END, s.method, self._watcher(stop, generation), start, progress=False,
                                           preview=self._previewer(generation))
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

    def _refuse_too_large(self):
        """Better no picture than a machine that swaps; unknown while the network has not been loaded yet."""
        expected = self.expect()
        free = psutil.virtual_memory().available + psutil.Process().memory_info().rss
        if expected is None or expected.memory <= free:
            return
        height, width = self.original().shape[:2]
        scale = [size / max(height, width) for size in SIZES]
        fit = [size for size, k in zip(SIZES, scale, strict=True)
               if self._paced.estimate(round(k * height), round(k * width), 1).memory <= free]
        way = f"choose {fit[-1]} px" if fit else "close other programs"
        raise ValueError(f"{self.settings.size} px need {expected.memory / 1e9:.1f} GB of memory and "
                         f"{free / 1e9:.1f} GB are free: {way}.")

    def _build(self, s):
        sources = self.all_pictures()
        styles = [sources[s.style]] + ([sources[s.second]] if s.second else [])
        with BUILDING:
            return transfer.StyleTransfer(sources[s.content], styles, pooling=s.pooling, size=s.size)

    def _previewer(self, generation):
        """Shows a picture before its evaluation: a slider's effect is seen one evaluation earlier."""
        def preview(image):
            with self._lock:
                if self.history and generation == self._generation:
                    self.image = image
        return preview

    def _watcher(self, stop, generation):
        def watch(_, image, record):
            with self._lock:
                if self._rebuild or generation != self._generation:
                    return True
                record = {**record, "evaluation": self.evaluation + 1}
                self.image = image
                self.history.append(record)
                self._moments.append(time.perf_counter())
                self._paced = self.transfer if len(self._moments) > 1 else self._paced
                if (self.evaluation - 1) % self._stride == 0:
                    small = images.resize(image, max_side=256) if max(image.shape) > 256 else image
                    self.stages.append((self.evaluation, np.uint8(np.round(small * 255))))
                    if len(self.stages) > 48:
                        self.stages, self._stride = self.stages[::2], 2 * self._stride
            if self.callback is not None:
                self.callback(record["evaluation"], image, record)
            return stop.is_set() or self.evaluation >= self.goal
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
