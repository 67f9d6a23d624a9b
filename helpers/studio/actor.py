"""A thread that owns what it works on: others post commands to its queue, and nothing else. Chapter 06."""

import contextlib
import queue

from helpers.studio.words import sentence


class Actor:
    """The rule of the studio's owner: one command after the other, by its method `_do_<command>`.

    Everything but `queue.put` and `refuse` is done by the one thread that runs `live`. After the commands that were
    waiting comes one call of `go_on` and one of `publish`; `works` says whether there is work to do in between.
    """

    def __init__(self):
        self.queue, self.error, self.closed, self.ended = queue.SimpleQueue(), "", False, False

    def live(self):
        try:
            while not self.closed:
                self.obey(block=not self.works())
                if not self.closed and self.works():
                    self.work()
        finally:                                 # whatever has failed: nobody waits for an answer for ever
            self.ended = True
            self.refuse()

    def obey(self, block=False):
        """All commands that are waiting, at least one if it may block; their futures are answered at the end."""
        done = []
        while (block or not self.queue.empty()) and not self.closed:
            command, arguments, options, future = self.queue.get()
            block = False
            if future is not None and not future.set_running_or_notify_cancel():
                continue                         # cancelled by whoever posted it
            try:
                result, error = getattr(self, f"_do_{command}")(*arguments, **options), None
            except Exception as caught:        # a command that fails is told, and changes nothing
                result, error, self.error = None, caught, sentence(caught)
            done.append((future, result, error))
        if not self.closed:
            self.go_on()
        self.publish()
        for future, result, error in done:
            if future is not None and error is None:
                future.set_result(result)
            elif future is not None:
                future.set_exception(error)

    def refuse(self):
        """Answer what was posted after the end; any thread may."""
        with contextlib.suppress(queue.Empty):
            while True:
                *_, future = self.queue.get_nowait()
                if future is not None and future.set_running_or_notify_cancel():
                    future.set_exception(RuntimeError("this studio is closed: make a new one."))

    def post(self, command, *arguments):
        """A command of which nobody awaits the result; any thread may."""
        self.queue.put((command, arguments, {}, None))

    def _do_nothing(self):
        """For whoever wants to know when all before it has been done."""
