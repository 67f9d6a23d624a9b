"""The studio's painter: one thread owns all that is painted. No widget in here. Chapter 06.

Anybody, in any thread, posts commands to a queue; the owner, `owner.Owner`, obeys them one after the other and
publishes a frozen `Snapshot` by one assignment.
"""

import concurrent.futures
import threading
import time
import weakref
from concurrent.futures import Future

from helpers.studio.owner import Owner


class Painter:
    """A handle on the thread that paints. Every command returns at once, with a Future of its result.

    callback(evaluation, image, record), if given, is called after each fine evaluation, in the owner's thread.
    Whatever is raised there, by a command or by the transfer is kept in the snapshot's `error` as one sentence, ends
    the painting (a command's error does not) and loses no picture.
    """

    def __init__(self, callback=None):
        owner = Owner(callback)
        self._owner, self._queue = owner, owner.queue
        threading.Thread(target=owner.live, daemon=True, name="studio").start()
        weakref.finalize(self, owner.queue.put, ("close", (), {}, None))     # a painter that nobody holds ends

    @property
    def snapshot(self):
        return self._owner.snapshot

    def post(self, command, /, *arguments, **options):
        """Queue a command, from any thread → its Future."""
        future = Future()
        self._queue.put((command, arguments, options, future))
        if self._owner.ended:
            self._owner.refuse()
        return future

    def set(self, held=False, **changes):
        """Change settings. Weights act on the running descent from its next evaluation; another style, size, network
        or method goes on from the picture so far; another content, start or split begins a new one and puts the old
        aside. Another number of steps moves the end. A weight or a split moved on a finished picture goes on painting.
        held: a slider's handle is still in the hand, so that only the coarse size works."""
        return self.post("set", held, **changes)

    def set_layer(self, layer, weight, held=False):
        """Change the weight of one style layer, counted from 0; the others stay as they are by then."""
        return self.post("set_layer", layer, weight, held)

    def paint(self):
        """Start, or go on."""
        return self.post("paint")

    def pause(self, note=""):
        """Stop; the picture stays."""
        return self.post("pause", note)

    def start_over(self):
        """Back to the beginning; the picture so far is put aside."""
        return self.post("start_over")

    def bring_back(self):
        """Exchange the picture for the one that was put aside last, with its settings; painting stops."""
        return self.post("bring_back")

    def prepare(self):
        """Load the network and compile the steps for the present size, while the learner still chooses."""
        return self.post("prepare")

    def add(self, name, source):
        """Take in a picture of the learner's → Future of the name that it got, or of an ImageError."""
        return self.post("add", name, source)

    def save(self, folder="pictures"):
        """Write a PNG with its settings inside → Future of its path. See `files.save`."""
        return self.post("save", folder)

    def save_gif(self, folder="pictures"):
        """Write the stages as an animation → Future of its path."""
        return self.post("save_gif", folder)

    def read(self, source):
        """Take the settings out of a PNG that `save` wrote, a path or bytes, to paint it again."""
        return self.post("read", source)

    def sources(self):
        """{name: what `load_image` takes} of all pictures that are there."""
        return dict(self._owner.library.sources)

    def wait(self, seconds=None):
        """Until every command has been obeyed and nothing is painted, loaded or compiled → whether that is so."""
        end = None if seconds is None else time.monotonic() + seconds
        try:
            self.post("nothing").result(seconds)
        except concurrent.futures.TimeoutError:      # in Python 3.10 another class than the built-in one
            return False
        while self.snapshot.painting or self.snapshot.phase:
            if end is not None and time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def close(self):
        """End the thread; the last snapshot stays."""
        return self.post("close")
