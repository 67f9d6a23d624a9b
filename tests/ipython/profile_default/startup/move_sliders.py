"""Runs at the start of every kernel whose IPYTHONDIR is tests/ipython: a chapter's sliders are moved as soon as they
are there, each to its ends and back. What its function raises on the way fails the cell.
"""

import functools

import ipywidgets

from helpers import figures
from helpers.figures import sliders


def move(widget):
    """To both ends and back to where it stands."""
    ends = (widget.options[0], widget.options[-1]) if hasattr(widget, "options") else (widget.min, widget.max)
    for value in (*ends, widget.value):
        widget.value = value


@functools.wraps(sliders.interact)
def interact(function, **controls):
    widgets = {name: control if isinstance(control, ipywidgets.Widget) else sliders.slider(name, control)
               for name, control in controls.items()}
    sliders.interact(function, **widgets)
    for widget in widgets.values():
        move(widget)


figures.interact = interact
