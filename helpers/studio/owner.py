"""The thread that owns all that is painted: settings, pictures, stages. Chapter 06.

It obeys one command after the other, and paints between them. A picture is begun, and a moved weight answered, at a
coarse size, by the owner itself: the change is enlarged and added to the fine image, and shown at once. What takes
longer is done by `workers`, which post what they found.
"""

import numpy as np

from helpers import images
from helpers.studio import files
from helpers.studio.actor import Actor
from helpers.studio.library import Library
from helpers.studio.picture import Picture, kept_with
from helpers.studio.settings import COARSE, WEIGHTS, Settings
from helpers.studio.snapshot import Snapshot
from helpers.studio.words import sentence
from helpers.studio.workers import NO_END, Networks, Run, weigh

BEGIN, ANSWER = 60, 12   # coarse evaluations for a new picture, and after a weight was moved
# At 128 px an eye has three pixels. With content counted three times there, faces and outlines stay and the strokes are
# as bold; counted once, they dissolve.
FIRM = 3.0
# The answer goes down by Adam, whose first step already moves every pixel that has a reason to move. L-BFGS feels its
# way first: after 12 evaluations half as much has changed, and 40 fine ones later the loss is the same within 2 %.
QUICK = {"method": "adam", "learning_rate": 0.01}
WAITING = 200            # coarse evaluations at most while a handle is held or the fine step is being compiled


class Owner(Actor):
    """Other threads may read `snapshot` and `library`, and post."""

    def __init__(self, callback):
        super().__init__()
        self.callback, self.settings, self.library, self.networks = callback, Settings(), Library(), Networks(self.post)
        self.picture, self.kept, self.run, self.note, self.number = Picture(), [], None, "", 0
        self.painting = self.paused = self.held = self.preparing = False
        self.answer, self.spare = 0, WAITING                 # coarse evaluations that are due, and that may be
        self.publish()

    # --- commands ---

    def _do_close(self):
        self._stop()
        self.painting, self.closed = False, True

    def _do_set(self, held=False, **changes):
        before, after = self.settings, self.settings.changed(self.library.sources, **changes)
        self.library.original(after)             # raises what it must before anything has changed
        self.settings, self.held, self.error = after, held, ""
        moved = {name for name in vars(before) if getattr(before, name) != getattr(after, name)}
        if not moved:
            return
        if moved & {"content", "start"}:
            self._put_aside(before)
        elif "split" in moved and after.second:  # strokes that are there would stay
            again = self.picture.finished and not self.paused
            if not self.picture.evaluation:
                self.picture.image = None        # begun a moment ago, while the line was on its way
            self._put_aside(before)
            if again:
                self._do_paint()
        elif "steps" in moved and self.picture.evaluation < self.picture.goal:       # at least one further
            self.picture.goal = max(self.picture.evaluation + 1, self.picture.goal + after.steps - before.steps)
        if moved - {"keep_colours", "steps"}:
            self._stop()
            self.spare = WAITING
        if moved & set(WEIGHTS) and self.picture.image is not None:
            self.answer = max(self.answer, ANSWER)
            if self.picture.finished and not self.paused:
                self._do_paint()
        self.picture.changes += (self.picture.evaluation,)

    def _do_set_layer(self, layer, weight, held=False):
        weights = list(self.settings.layer_weights)
        weights[layer] = weight
        self._do_set(held, layer_weights=weights)

    def _do_paint(self):
        if self.painting:
            return
        if self.picture.evaluation >= self.picture.goal:
            self.picture.goal = self.picture.evaluation + self.settings.steps
        self.picture.go_on()
        self.error, self.note, self.painting, self.paused, self.spare = "", "", True, False, WAITING

    def _do_pause(self, note=""):
        self._stop()
        self.painting, self.paused, self.note = False, True, note

    def _do_start_over(self):
        self._put_aside(self.settings)

    def _do_bring_back(self):
        if not self.kept:
            raise ValueError("no picture has been put aside.")
        settings, picture = self.kept[-1]
        self.library.original(settings)          # raises what it must before anything has changed
        self.kept.pop()
        self._do_pause()
        self.paused = False                      # a weight moved on a finished picture goes on painting
        self._put_aside(self.settings, place=0)
        self.settings, self.picture = settings, picture

    def _do_prepare(self):
        self.preparing = True

    def _do_add(self, name, source):
        return self.library.add(name, source)

    def _do_save(self, folder):
        image = self.library.shown(self.settings, self.picture.image)
        return files.save(image, self.settings, self.library.own(), folder)

    def _do_save_gif(self, folder):
        return files.save_gif(self.picture.stages, self.settings, folder)

    def _do_read(self, source):
        self._do_set(**self.library.read(source, self.settings))

    # --- what the workers post ---

    def _do_built(self, key, made, error=None):
        if self.networks.take(self.settings, key, made) and error is not None:
            self.painting = self.preparing = False
            raise error

    def _do_evaluated(self, run, image, record):
        if run is not self.run or run.stop.is_set():         # a setting has changed since
            return
        self.picture.evaluation += 1
        if run.best is None or record["loss"] < run.best[0]:
            run.best = record["loss"], image
        self.picture.record(image, record, self.settings.size)
        try:
            if self.callback is not None:
                self.callback(self.picture.evaluation, image, self.picture.history[-1])
        except Exception:
            self._do_pause()
            raise
        if self.picture.finished:
            self._stop()
            self.painting, self.picture.complete = False, True

    def _do_ended(self, run, error=None):
        if run.stop.is_set():
            self.run = None
            return
        self._stop()
        self.run, self.painting = None, False
        if error is not None:
            raise error
        self.note = "The optimiser finds no way further down with these settings."

    # --- painting ---

    def works(self):
        """Whether it is the coarse size's turn."""
        if not self.painting or self.settings.size <= COARSE or self.networks.get(self.settings, COARSE) is None:
            return False
        fine = self.networks.get(self.settings, self.settings.size)
        return self.answer > 0 or (self.spare > 0 and (self.held or fine is None))

    def work(self):
        """Coarse evaluations, each shown at once; commands are obeyed between them."""
        coarse, base, method = self.networks.get(self.settings, COARSE), self._start(), self.settings.method
        small, way, firm = images.resize(base, shape=coarse.content.shape[:2]), QUICK, 1.0
        if not self.picture.evaluation:                      # a picture is begun by the way that is set
            way, firm = {"method": method}, FIRM
        weigh(coarse, self.settings, firm)

        def watch(_, image, record):
            change = 2 * images.resize((image - small + 1) / 2, shape=base.shape[:2]) - 1      # `resize` wants 0…1
            shown = np.clip(base + change, 0, 1)
            self.answer, self.spare = max(0, self.answer - 1), self.spare - 1
            self.picture.record(shown, record, COARSE)
            self.obey()
            weigh(coarse, self.settings, firm)
            return (self.picture.image is not shown or not self.works() or method != self.settings.method
                    or coarse is not self.networks.get(self.settings, COARSE))
        try:
            result = coarse.run(NO_END, callback=watch, start=small, progress=False, **way)
            if result.diverged:
                raise ValueError(result.diverged)
            if not result.stopped:
                self.answer = self.spare = 0                 # no way further down at this size
        except Exception as error:                           # said on the page; the picture so far stays
            self.error, self.painting = sentence(error), False
        self.obey()

    def go_on(self):
        """Have the workers do what is next: build a network, or descend at the fine size."""
        if not self.painting and not self.preparing:
            return
        if self.settings.size <= COARSE:
            self.answer = 0
        elif self.painting and self.picture.image is None:
            self.answer = self.answer or BEGIN
        missing = self.networks.missing(self.settings)
        self.preparing = self.preparing and bool(missing)
        try:
            if missing and self.networks.building is None:
                self.networks.refuse_too_large(self.settings, *self.library.original(self.settings).shape[:2])
                self.networks.build(self.settings, missing[0], self.library.sources)
            fine = self.networks.get(self.settings, self.settings.size)
            waits = self.held and self.spare > 0 and self.settings.size > COARSE
            if self.painting and fine is not None and self.run is None and not self.answer and not waits:
                weigh(fine, self.settings)
                self.run = Run(fine, self._start(), self.settings.method, self.post)
        except Exception as error:                           # said on the page; the picture so far stays
            self.error, self.painting, self.preparing = sentence(error), False, False

    def _stop(self):
        """End the fine descent after its evaluation, with the best image that it has found."""
        if self.run is not None and not self.run.stop.is_set():
            self.run.stop.set()
            if self.run.best is not None:
                self.picture.image = self.run.best[1]

    def _put_aside(self, settings, place=None):
        self._stop()
        if self.picture.image is not None:
            self.kept = kept_with(self.kept, settings, self.picture, place)
        self.picture, self.answer = Picture(self.settings.steps if self.painting else 0), 0
        self.error = self.note = ""

    def _start(self):
        """The image to go on from, at the size that is set."""
        s, image = self.settings, self.picture.image
        if image is None and s.start == "noise":             # as fine as the size at which the picture is begun
            image = (self.networks.get(s, COARSE) or self.networks.get(s, s.size)).start("noise")
        return self.library.fitted(s, image)

    # --- what is to be seen ---

    def publish(self):
        picture, networks, original = self.picture, self.networks, self.library.original(self.settings)
        phase = ("" if self.closed else "coarse" if self.works() else "fine" if self.run
                 else "" if networks.building is None
                 else "compiling" if networks.any() else "loading")
        self.number += 1
        self.snapshot = Snapshot(
            self.number, self.settings, self.library.names,
            self.library.shown(self.settings, picture.image), original, picture.history, picture.stages,
            picture.changes, picture.evaluation, picture.goal, self.painting, phase, len(self.kept),
            networks.expected(self.settings, *original.shape[:2]), networks.pace(self.settings), networks.any(),
            self.error, self.note)
