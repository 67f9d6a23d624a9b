"""The atlas: what the course's code gives when a run may go on until it has arrived. Reads what `make atlas` painted.

    for run in figures.atlas.runs("rebuilt", seed=0):
        print(run.key["layer"], run.ended, run.final["loss"])

Families: rebuilt, textures, statistics, figure, weights, starts, ways, sizes, hero; data/atlas/plan.py says what each
one varies.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from helpers import images

FOLDER = images.DATA / "atlas"


@dataclass(frozen=True)
class Run:
    """One run of the atlas. Its pictures are JPEGs, its numbers come from the run itself.

    key: what tells it from its family, {"layer": "block1_conv2", "seed": 0} for one; name: the key as one word.
    settings: all that it depends on; weights: one line, whose they were.
    first: the first three losses in full; curve: {"evaluation", "loss", "content", "style", "tv": list}, 60 points at
    most; final: {"loss", term or style layer: value} of `path`'s picture.
    evaluations: how many there were; ended: "arrived", in its last hundred evaluations the loss had fallen by less
    than 2 %; "reached", it was under 0.001; "limit", neither until the evaluations were over. seconds: it took.
    path: the picture's file; stages: {evaluation: file} on the way. `figures.scrub` takes such files as they are.
    """
    family: str
    name: str
    key: dict
    settings: dict
    weights: str
    first: list
    curve: dict
    final: dict
    evaluations: int
    ended: str
    seconds: int
    path: Path
    stages: dict

    def image(self, evaluation=None):
        """The final picture, or the one kept at an evaluation of `stages`: float32 (H, W, 3), 0…1."""
        return images.load_image(self.path if evaluation is None else self.stages[evaluation])


def runs(family, **key):
    """→ [Run] of one family, in the order of data/atlas/plan.py; of those alone whose key has these values.

    Raises FileNotFoundError, in one sentence, where no such run has been painted.
    """
    found = []
    for path, entry in _read()["runs"].items():
        if path.startswith(family + "/") and key.items() <= entry["key"].items():
            stages = {int(n): FOLDER / file for n, file in entry["stages"].items()}
            told = {name: entry[name] for name in ("key", "settings", "weights", "first", "curve", "final",
                                                   "evaluations", "ended", "seconds")}
            found.append(Run(family, path.partition("/")[2], **told, path=FOLDER / entry["picture"], stages=stages))
    if not found:
        asked = ", ".join([family, *(f"{name} {value}" for name, value in key.items())])
        raise FileNotFoundError(f"The atlas has no run of {asked}: `make atlas` paints what is missing.")
    return found


def run(family, **key):
    """→ the first Run of `runs(family, **key)`."""
    return runs(family, **key)[0]


def seeds():
    """→ {layer: {"seeds", "spread", "of colours", "from the photograph"}}, in pixel units 0…1: how far the pictures
    rebuilt from one layer lie apart, where two seeds at least are there. spread: standard deviation over the seeds,
    root mean square over the pixels; of colours: the same after averaging patches of 16 × 16 pixels; from the
    photograph: of the seeds' mean picture."""
    return _read()["seeds"]


def _read():
    path = FOLDER / "atlas.json"
    if not path.exists():
        raise FileNotFoundError("The atlas is not here: copy the course's data/atlas/, or paint it: `make atlas`.")
    return json.loads(path.read_text(encoding="utf-8"))
