"""What can be set in the studio, and what of it cannot be painted. Chapter 06."""

import dataclasses
import difflib

from helpers import descent
from helpers.transfer import STYLE_LAYERS

NEUTRAL = {"content_weight": 1.0, "style_weight": 10.0, "tv_weight": 0.5}
WEIGHTS = (*NEUTRAL, "layer_weights", "blend")               # what acts on a picture that is being painted
PICTURES = ("content", "style", "second")
COARSE = 128             # pixels: the longer side at which a picture is begun, and a moved weight is answered
SIZES = (128, 192, 256, 384, 512, 768)
STARTS = ("content", "noise", "style")
EVEN = (1.0,) * len(STYLE_LAYERS)
PRESETS = {"balanced": {**NEUTRAL, "layer_weights": EVEN},
           "content only": {**NEUTRAL, "style_weight": 0.0, "layer_weights": EVEN},
           "style only": {**NEUTRAL, "content_weight": 0.0, "layer_weights": EVEN},
           "too much": {**NEUTRAL, "style_weight": 1000.0, "layer_weights": EVEN},
           "one layer": {**NEUTRAL, "layer_weights": (0.0, 0.0, 1.0, 0.0, 0.0)}}


@dataclasses.dataclass(frozen=True)
class Settings:
    """All that decides what is painted. Pictures are named; a weight of 0 switches its term off."""
    content: str = "china"
    style: str = "swirls"
    second: str = ""                 # another style, mixed in by `blend`, its share of 0…1
    blend: float = 0.5
    split: float = 0.0               # share of the width left of a line, `second` right of it; 0: mixed everywhere
    content_weight: float = NEUTRAL["content_weight"]
    style_weight: float = NEUTRAL["style_weight"]
    tv_weight: float = NEUTRAL["tv_weight"]
    layer_weights: tuple = EVEN
    pooling: str = "max"
    size: int = 256                  # longer side, pixels
    start: str = "content"
    method: str = "lbfgs"
    keep_colours: bool = False
    steps: int = 150                 # evaluations for one press of Paint

    def changed(self, names, /, **changes):
        """These settings with `changes`; ValueError, in one sentence, for what cannot be painted.

        names: of the pictures that are there.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for name in changes:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1) or [", ".join(known)]
                raise ValueError(f"there is no setting {name!r:.60}: did you mean {near[0]}?")
        if "layer_weights" in changes:
            changes["layer_weights"] = tuple(changes["layer_weights"])
        after = dataclasses.replace(self, **changes)
        after._check(names)
        return after

    @property
    def parted(self):
        """Whether each of two styles has its side of a line."""
        return bool(self.second and self.split)

    def _check(self, names):
        for name in (self.content, self.style, *([self.second] if self.second else [])):
            if not isinstance(name, str) or name not in names:
                raise ValueError(f"the picture {name!r:.60} is not here: upload it first.")
        for weight in (self.content_weight, self.style_weight, self.tv_weight, *self.layer_weights):
            if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight <= 1e6:
                raise ValueError("a weight is a number from 0 to a million.")
        if len(self.layer_weights) != len(STYLE_LAYERS):
            raise ValueError(f"there are {len(STYLE_LAYERS)} layer weights, one for each of {', '.join(STYLE_LAYERS)}.")
        if isinstance(self.blend, bool) or not isinstance(self.blend, (int, float)) or not 0 <= self.blend <= 1:
            raise ValueError("a blend is a number from 0 to 1.")
        if isinstance(self.split, bool) or not isinstance(self.split, (int, float)) or not (
                self.split == 0 or 0.05 <= self.split <= 0.95):       # nearer to an edge a style has no place left
            raise ValueError("a split is 0, for none, or a number from 0.05 to 0.95.")
        allowed = {"pooling": ("max", "avg"), "size": SIZES, "start": STARTS, "method": tuple(descent.METHODS),
                   "keep_colours": (True, False), "steps": range(1, 100_001)}
        for name, values in allowed.items():     # by type as well: 128.0 is equal to a size, True to a number of steps
            value = getattr(self, name)
            if type(value) is not type(values[0]) or value not in values:
                raise ValueError(f"{name.replace('_', ' ')} cannot be {value!r:.60}.")


# What changes how the picture looks, as at the beginning; the two pictures and what else stands under "More" stay.
RESET = {**PRESETS["balanced"],
         **{name: getattr(Settings, name) for name in ("second", "blend", "split", "keep_colours")}}
