"""Sliders over a function in a running kernel, and a picture that is redrawn while it is painted.

What happens between a slider and the picture: the page sends the new value to the kernel. JupyterLab's kernel reads
such messages in a thread of its own, even while a cell runs. That thread must not draw: two threads would touch one
widget, and what it captures could be the running cell's. So `moved` only leaves the values and wakes the kernel's loop,
which draws the newest ones in the cells' own thread, as soon as no cell holds it.
"""

import asyncio
import contextlib
import io
import sys
import threading
from collections import deque

import ipywidgets
import numpy as np
from IPython import get_ipython
from IPython.display import display

from helpers import images


class Printed:
    """Stands for sys.stdout: keeps what this thread prints until `end`; everything else passes."""

    def __init__(self, stream, outputs):
        self.stream, self.outputs, self.thread = stream, outputs, threading.get_ident()

    def write(self, text):
        if threading.get_ident() != self.thread:
            return self.stream.write(text)
        if self.outputs and self.outputs[-1]["output_type"] == "stream":
            self.outputs[-1]["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": "stdout", "text": text})
        return len(text)

    def end(self):
        self.thread = None          # whoever still holds this object writes to the stream from now on

    def __getattr__(self, name):    # flush, encoding, and set_parent, which ipykernel calls from its other threads
        return getattr(self.stream, name)


def outputs_of(function, **values):
    """What a function prints and displays, in its order, in Jupyter's form: [{"output_type": …}, …].

    IPython's `capture_output` takes what any thread prints meanwhile, a running cell's too. Here only the calling
    thread's output is taken: its prints by `Printed`, its displays by ipykernel's hook, which is kept for each thread.
    """
    outputs, publisher = [], getattr(get_ipython(), "display_pub", None)
    printed, hooked = Printed(sys.stdout, outputs), hasattr(publisher, "register_hook")     # a plain program has none

    def keep(message):
        if message["msg_type"] != "display_data":
            return message
        outputs.append({"output_type": "display_data", "data": message["content"]["data"],
                        "metadata": message["content"]["metadata"]})
        return None                 # taken: it is not sent

    if hooked:
        publisher.register_hook(keep)
    try:
        with contextlib.redirect_stdout(printed):
            function(**values)
    finally:
        printed.end()
        if hooked:
            publisher.unregister_hook(keep)
    return outputs


def slider(name, options):
    """A slider over a list; it tells its value when it is let go."""
    return ipywidgets.SelectionSlider(options=options, description=name.replace("_", " "), continuous_update=False,
                                      style={"description_width": "initial"},
                                      layout=ipywidgets.Layout(width="420px"))


def interact(function, **controls):
    """Sliders over a function that shows something; it is called anew when a slider is let go.

    controls: {argument: a list to choose from, or a widget}. The function is always called in the thread that called
    `interact`, never while a cell runs there; of several moves in the meantime the last counts. The last drawing stays
    until the next is ready; an error is shown in its place. On a page without a kernel one line says what is missing.
    """
    widgets = {name: control if isinstance(control, ipywidgets.Widget) else slider(name, control)
               for name, control in controls.items()}
    area, newest, owner = ipywidgets.Output(), deque(maxlen=1), threading.get_ident()
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:            # a plain program has no loop, and no second thread that moves sliders
        loop = None

    def chosen():
        return {name: widget.value for name, widget in widgets.items()}

    def draw():
        if not newest:              # an earlier call has drawn what was the newest by then
            return
        try:
            area.outputs = outputs_of(function, **newest.pop())
        except Exception as error:  # after the cell has ended nobody would see it
            area.outputs = ({"output_type": "stream", "name": "stderr", "text": f"{type(error).__name__}: {error}"},)
            raise

    def moved(_):
        newest.append(chosen())
        if loop is None or threading.get_ident() == owner:
            draw()
        else:
            loop.call_soon_threadsafe(draw)

    area.outputs = outputs_of(function, **chosen())
    for widget in widgets.values():
        widget.observe(moved, "value")
    panel = ipywidgets.VBox([*widgets.values(), area])
    names = ", ".join(name.replace("_", " ") for name in controls)
    display({"application/vnd.jupyter.widget-view+json": {"model_id": panel.model_id, "version_major": 2,
                                                          "version_minor": 0},
             "text/plain": f"[sliders: {names} – run the notebook to move them]"}, raw=True)


class Live:
    """A picture that is redrawn in place while it is painted; a callback for `StyleTransfer.run`.

    every: seconds between two drawings at least. After the run, the last picture stays, with its caption.
    """

    def __init__(self, caption, steps, every=1.0, width=256):
        self.caption, self.steps, self.every, self.width = caption, steps, every, width
        self.handle, self.drawn = None, -np.inf

    def __call__(self, evaluation, image, record):
        if record["seconds"] - self.drawn >= self.every or evaluation == self.steps:
            self.drawn = record["seconds"]
            self._draw(image, evaluation)

    def _draw(self, image, evaluation):
        data = io.BytesIO()
        images.to_pil(image).save(data, "JPEG", quality=88)
        text = f"{self.caption} (evaluation {evaluation} of {self.steps})"
        bundle = {"image/jpeg": data.getvalue(), "text/plain": text}
        options = {"raw": True, "metadata": {"image/jpeg": {"alt": self.caption, "width": self.width}}}
        if self.handle is None:
            self.handle = display(bundle, display_id=True, **options)
        else:
            self.handle.update(bundle, **options)
