"""What a transfer will take: the formula, and the memory that a container leaves."""

import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from helpers import cost, engine, images
from helpers.transfer import StyleTransfer

ROOT = Path(__file__).resolve().parent.parent
PHOTO = images.load_image("china.jpg", 64)


@pytest.fixture(scope="module")
def made():
    return StyleTransfer(PHOTO, "swirls.jpg", size=64, jit_compile=False)


def test_activations_are_counted_where_poolings_leave_them(made):
    filters_per_pixel = 2 * 64 + 2 * 128 / 4 + 4 * 256 / 16 + 4 * 512 / 64 + 512 / 256       # up to block5_conv1
    assert made.engine.bytes_per_pixel == 4 * filters_per_pixel


def test_estimate_is_its_formula(made):
    own, seconds = PHOTO.shape[:2], {PHOTO.shape[:2]: [5.0, 1.0, 1.0, 1.0]}
    measured = SimpleNamespace(content=made.content, engine=made.engine._replace(seconds=seconds))
    assert cost.estimate(measured, *own, 10).seconds == pytest.approx(10)
    pixels = own[0] * own[1]
    larger = cost.estimate(measured, own[0], 4 * own[1], 10)
    assert larger.seconds == pytest.approx(4 + 10 * (4 * pixels + cost.EXTRA_PIXELS) / (pixels + cost.EXTRA_PIXELS))
    per_pixel = (larger.memory - cost.estimate(measured, *own, 10).memory) / (3 * pixels)
    assert per_pixel == pytest.approx(cost.COPIES * made.engine.bytes_per_pixel)


def test_estimate_measures_what_has_not_been_measured(made):
    made.engine.seconds.clear()
    found = cost.estimate(made, *PHOTO.shape[:2], 3)
    measured = made.engine.seconds[PHOTO.shape[:2]]
    assert len(measured) == 2 and found.seconds == pytest.approx(3 * measured[1])
    assert found.memory > psutil.Process().memory_info().rss / 3


def test_too_large_a_picture_is_warned_of(monkeypatch):
    monkeypatch.setattr(cost, "free_memory", lambda: 5e6)
    with pytest.warns(UserWarning, match=r"64 × 43 pixels need .* GB of memory, 0.0 GB are free: take size=\d+"):
        StyleTransfer(PHOTO, "swirls.jpg", size=64)


@pytest.mark.parametrize("version", [1, 2])
def test_a_containers_limit_is_seen(monkeypatch, tmp_path, version):
    monkeypatch.setattr(cost, "CGROUP", tmp_path)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=16e9))
    assert cost.free_memory() == 16e9, "no container"
    limit, used, statistics, cache = cost.LIMITS[2 - version]
    (tmp_path / limit).parent.mkdir(exist_ok=True)
    (tmp_path / statistics).write_text(f"anon 5\n{cache} 500000000\n")
    (tmp_path / used).write_text("3000000000\n")
    (tmp_path / limit).write_text("4000000000\n")
    assert cost.free_memory() == 1.5e9, "the limit, less what is used, with the files that the system keeps cached"
    (tmp_path / limit).write_text("max\n")
    assert cost.free_memory() == 16e9, "a container without a limit"
    assert np.isfinite(cost.free_memory())


# Blocks of 4 MB, small ones between them that stay. Left alone, glibc gives back those of the first round alone.
FREED = """
import helpers, psutil, numpy as np
held, kept, start = [], [], psutil.Process().memory_info().rss
for _ in range(3):
    for _ in range(20):
        held.append(np.ones(500_000))
        kept.append(np.ones(1000))
    most = psutil.Process().memory_info().rss - start
    held.clear()
print(most, psutil.Process().memory_info().rss - start)
"""


@pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="another malloc")
def test_what_is_freed_goes_back_to_the_system():
    """In a process of its own: 80 MB, taken and freed three times."""
    said = subprocess.run([sys.executable, "-c", FREED], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    most, left = map(int, said.split())
    assert most > 70e6 and left < 20e6


def test_what_a_compilation_freed_is_handed_back_and_no_evaluation_waits_for_that(monkeypatch):
    trimmed = []
    monkeypatch.setattr(engine, "_trim", trimmed.append)
    small = StyleTransfer(PHOTO, "swirls.jpg", size=48, jit_compile=False, content_layers="block1_conv2",
                          style_layers="block2_conv2")
    for _ in range(3):
        small.evaluate(small.content)
    assert trimmed == [0]
