"""A studio that is killed in any phase: what it leaves is whole, and the next one can use it."""

import signal

import pytest
from PIL import Image
from test_robust_interruptions import PHASES, STUDIO, child, evaluations

from helpers import images


@pytest.mark.slow
def test_a_studio_that_is_killed_in_any_phase_leaves_what_the_next_one_can_use(tmp_path):
    """All die over one cache and one folder of pictures."""
    for last in ("loading", "compiling", "coarse", "save"):                # it saves while it paints at the fine size
        with child(tmp_path, STUDIO, tmp_path / "pictures") as studio:
            for phase in PHASES[:1 + PHASES.index(last)] if last in PHASES else PHASES:
                studio.reach(phase)
            if last == "save":
                studio.say("save")
                studio.until("saved")
            studio.signal(signal.SIGKILL)
    kept = [path for path in (tmp_path / "pictures").iterdir() if not path.name.startswith(".")]
    assert len(kept) >= 2
    for path in kept:
        assert images.load_image(path).shape == (128, 192, 3)
        with Image.open(path) as picture:
            assert "Studio" in picture.text
    with child(tmp_path, STUDIO, tmp_path / "pictures") as studio:
        studio.say("paint")
        studio.until(lambda line: evaluations(line, 3))
        studio.say("save")
        assert not studio.crashed()
