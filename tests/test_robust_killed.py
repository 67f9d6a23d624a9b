"""What a process that is killed leaves is whole, and the next one can use it or sweeps it away."""

import os
import signal
import socket
import threading

import pytest
from PIL import Image
from test_robust_interruptions import PHASES, STUDIO, child, evaluations
from test_weights import folder, kept_by_keras, official, offline, serve  # noqa: F401

from helpers import images, network, weights

# Fetches Keras' file from a server on this machine.
FETCHES = """
import sys
from helpers import weights
sys.stdout.reconfigure(line_buffering=True)
weights.KERAS_URL = sys.argv[1]
weights.find("keras")
"""


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


def parts(place):
    return [path for path in place.iterdir() if path.name.startswith(network.PART)]


def test_what_a_killed_download_leaves_is_swept_a_day_later(folder, serve, monkeypatch):  # noqa: F811
    kept, held = kept_by_keras(folder), []
    monkeypatch.setenv("KERAS_HOME", str(folder / "keras"))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def begin():
            held.append(server.accept()[0])
            held[0].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(100_000))
        threading.Thread(target=begin, daemon=True).start()
        with child(folder, FETCHES, f"http://127.0.0.1:{server.getsockname()[1]}/x") as one:
            one.until("Fetching")
            one.signal(signal.SIGKILL)
        held[0].close()
    assert len(parts(kept.parent)) == 1

    serve()
    assert weights.find()[1] == "Keras' ImageNet VGG19"
    assert len(parts(kept.parent)) == 1, "it may be another process at work"
    (kept.parent / "tmp-of-another-program").mkdir()
    for left in (*parts(kept.parent), kept.parent / "tmp-of-another-program", kept):
        os.utime(left, (1e9, 1e9))
    assert weights.find()[1] == "Keras' ImageNet VGG19"
    assert {path.name for path in kept.parent.iterdir()} == {kept.name, "tmp-of-another-program"}


def test_what_a_killed_save_leaves_is_swept_a_day_later(tmp_path):
    old, young, foreign = tmp_path / (network.PART + "a"), tmp_path / (network.PART + "b"), tmp_path / ".other"
    for path in (old, young, foreign):
        path.write_bytes(b"half a picture")
    for path in (old, foreign):
        os.utime(path, (1e9, 1e9))
    network.write(tmp_path / "x", b"whole")
    assert set(tmp_path.iterdir()) == {young, foreign, tmp_path / "x"}
