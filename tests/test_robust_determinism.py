"""The same seed and settings give the same picture twice, in another process too; a saved one paints itself again."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from test_painter import SECONDS, gone, small

from helpers import images
from helpers.transfer import StyleTransfer, coarse_to_fine

# Every way down, from noise: at 64 px as TensorFlow runs it step by step, at 128 px compiled by XLA.
PAINTS = """
import hashlib
from helpers.transfer import StyleTransfer
for size in (64, 128):
    made = StyleTransfer("china.jpg", "swirls.jpg", size=size)
    for method in ("lbfgs", "adam", "gradient_descent"):
        result = made.run(4, method, start="noise", seed=5, progress=False)
        print(size, method, hashlib.sha256(result.image.tobytes()).hexdigest(), [r["loss"] for r in result.history])
"""


@pytest.mark.slow
def test_two_processes_paint_the_same_picture_bit_for_bit(tmp_path):
    """The first compiles, the second takes what was kept on disk, the third compiles anew. On one machine: with another
    number of cores the sums are added up in another order, and the loss differs from its sixth digit on."""
    said = []
    for cache in ("one", "one", "other"):
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / cache)}
        done = subprocess.run([sys.executable, "-c", PAINTS], env=environment, capture_output=True, text=True,
                              timeout=SECONDS)
        assert done.returncode == 0, done.stderr[-500:]
        said.append(done.stdout.splitlines())
    assert len(said[0]) == 6 and len({line.split()[2] for line in said[0]}) == 6
    assert said[0] == said[1] == said[2]


def test_another_seed_gives_another_picture():
    made = StyleTransfer("china.jpg", "swirls.jpg", size=64)
    pictures = [made.run(3, start="noise", seed=seed, progress=False).image.tobytes() for seed in (1, 1, 2)]
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_picture_painted_in_stages_is_the_same_twice():
    first, second = (coarse_to_fine("china.jpg", "swirls.jpg", (48, 64), 5, start="noise", seed=3, progress=False)
                     for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert [r["loss"] for r in first.history] == [r["loss"] for r in second.history]


def painted(tmp_path, read=None, **changes):
    """Paint to the end, from settings or from those of a saved picture → the file that was saved. All is compiled
    first: while a step is being compiled, the coarse size goes on, and how far depends on the machine."""
    painter = small(**changes)
    if read is not None:
        painter.read(read).result(SECONDS)
    painter.prepare()
    assert painter.wait(SECONDS)
    painter.paint()
    assert painter.wait(SECONDS) and not painter.snapshot.error
    path = painter.save(tmp_path).result(SECONDS)
    painter.close()
    gone()
    return path


@pytest.mark.slow
@pytest.mark.parametrize("changes", [
    {"size": 192, "second": "ink", "blend": 0.25, "layer_weights": (0.0, 1.0, 2.5, 1.0, 0.0)},
    {"start": "noise", "method": "adam", "style": "wave", "keep_colours": True}], ids=["coarse to fine", "from noise"])
def test_a_saved_picture_painted_again_from_its_settings_is_itself(tmp_path, changes):
    first = painted(tmp_path, steps=6, **changes)
    again = painted(tmp_path, read=first)
    assert first != again
    assert hashlib.sha256(images.load_image(first).tobytes()).digest() == hashlib.sha256(
        images.load_image(again).tobytes()).digest()
