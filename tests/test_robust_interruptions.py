"""Whatever ends or holds up a process, in whichever phase: no picture is lost, no core is kept, the next run works.

The processes are real. Nothing here depends on how quick they are: a test waits for what must happen.
"""

import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import jupyter_client
import numpy as np
import psutil
import pytest

from helpers import engine, images, network

pytestmark = pytest.mark.skipif(os.name != "posix", reason="these are the signals of Linux and macOS")
SECONDS = 240            # a failure's patience, not a claim on speed
PHASES = ("loading", "compiling", "coarse", "fine")

# Gets ready for 192 px and says what it is doing. A line on its input is a command: "paint", coarse at first and then
# fine, "pause", "save". An interrupt is told and changes nothing.
STUDIO = """
import select, signal, sys, time
from helpers.studio import Painter
signal.signal(signal.SIGINT, signal.default_int_handler)        # a shell's background jobs ignore it
painter, folder, said = Painter(), sys.argv[1], None
painter.set(size=192, steps=100_000); painter.prepare()
while True:
    try:
        s = painter.snapshot
        if (now := (s.phase or ("painting" if s.painting else "idle"), bool(s.error), s.evaluation)) != said:
            print(*(said := now), flush=True)
        if select.select([sys.stdin], [], [], 0.002)[0]:
            command = sys.stdin.readline().strip()
            if command == "save":
                while True: print("saved", painter.save(folder).result().name, flush=True)
            print("did", command, getattr(painter, command)().result(200), flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


class Child:
    """A process whose lines are waited for."""

    def __init__(self, cache, code, *arguments):
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "TQDM_DISABLE": "1"}
        self.process = subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], text=True, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.errors, self.seen = queue.Queue(), [], []
        for stream, take in ((self.process.stdout, self.lines.put), (self.process.stderr, self.errors.append)):
            threading.Thread(target=self._read, args=(stream, take), daemon=True).start()

    def _read(self, stream, take):
        for line in stream:
            take(line.strip())
        take(None)

    def until(self, wanted):
        """The next line that begins with `wanted`, or that it accepts."""
        accepts, end = wanted if callable(wanted) else lambda line: line.startswith(wanted), time.monotonic() + SECONDS
        while True:
            line = self.lines.get(timeout=max(0.1, end - time.monotonic()))
            assert line is not None, (wanted, self.seen[-5:], self.errors[-5:])
            self.seen.append(line)
            if accepts(line):
                return line

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.until(f"did {command}") if command != "save" else self.until("saved")

    def reach(self, phase):
        """The next moment of this phase."""
        if phase == "coarse":
            self.say("paint")
        self.until(phase)

    def signal(self, number):
        self.process.send_signal(number)

    def crashed(self):
        return [line for line in self.errors if line and "Traceback" in line]

    def rests(self):
        """Wait for a moment in which the process uses no core: a thread that keeps one leaves none."""
        one, end = psutil.Process(self.process.pid), time.monotonic() + SECONDS
        while True:
            before = sum(one.cpu_times()[:2])
            time.sleep(0.5)
            if sum(one.cpu_times()[:2]) - before < 0.1:
                return
            assert time.monotonic() < end, "it goes on using a core"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A folder for what is kept between processes; what one has compiled, the next one finds."""
    return tmp_path_factory.mktemp("cache")


@contextmanager
def child(cache, code, *arguments):
    made = Child(cache, code, *arguments)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait(SECONDS)


def evaluations(line, least):
    """Whether a line of STUDIO's says so many fine evaluations, and no error."""
    words = line.split()
    return words[0] == "fine" and words[1] == "False" and int(words[2]) >= least


@pytest.mark.slow
def test_a_studio_that_is_held_up_and_interrupted_in_each_phase_keeps_its_picture(tmp_path):
    """SIGSTOP as when a laptop sleeps, an interrupt of the kernel, then a pause: it goes on from where it was."""
    with child(tmp_path, STUDIO, tmp_path) as studio:
        for phase in PHASES:
            studio.reach(phase)
            studio.signal(signal.SIGSTOP)
            time.sleep(1)
            studio.signal(signal.SIGCONT)
            studio.signal(signal.SIGINT)
            studio.until("interrupted")
        studio.until(lambda line: evaluations(line, 3))
        studio.say("pause")
        held = studio.until(lambda line: line.startswith("idle False"))
        studio.rests()
        studio.say("paint")
        studio.until(lambda line: evaluations(line, int(held.split()[2]) + 1))


def test_a_file_is_whole_at_every_moment_of_being_written(tmp_path):
    """Killed in the midst of writing over an older picture, again and again."""
    code = ("import sys, numpy as np\nfrom helpers import images\nprint('ready', flush=True)\nn = 0\n"
            "while True:\n    n = 1 - n\n    images.save_image(np.full((400, 500, 3), n, np.float32), sys.argv[1])\n"
            "    print('saved', flush=True)\n")
    path, chance = tmp_path / "picture.png", random.Random(0)
    for _ in range(4):
        with child(tmp_path, code, path) as writer:
            for _ in range(chance.randrange(2, 9)):
                writer.until("saved")
            time.sleep(chance.random() / 50)
        image = images.load_image(path)
        assert image.shape == (400, 500, 3) and image.min() == image.max()


def test_what_cannot_be_written_leaves_the_older_file(tmp_path, monkeypatch):
    """A disk that is full halfway through."""
    path = images.save_image(np.zeros((40, 40, 3)), tmp_path / "x.png")

    def full(self, data):
        with open(self, "wb") as file:
            file.write(data[:len(data) // 2])
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(images.ImageError, match=r"x\.png cannot be written \(No space left on device\)"):
        images.save_image(np.ones((40, 40, 3)), path)
    assert [one.name for one in tmp_path.iterdir()] == ["x.png"] and images.load_image(path).max() == 0
    with pytest.raises(OSError, match="No space left"):
        network.write(tmp_path / "y", b"something")
    assert [one.name for one in tmp_path.iterdir()] == ["x.png"]


@pytest.fixture
def interruptible():
    """A process that a shell put into its background ignores interrupts, and its tests with it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_waits_until_tensorflow_has_returned():
    went_on, threads = [], []

    def traced(n):
        os.kill(os.getpid(), signal.SIGINT)
        went_on.append(sum(range(n)))
        return n
    with pytest.raises(KeyboardInterrupt):
        engine._whole(traced)(100_000)
    with pytest.raises(KeyboardInterrupt), engine.interrupts_wait():
        traced(10)
    assert went_on == [sum(range(100_000)), 45] and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert engine._whole(sum)([1, 2]) == 3
    threads.append(threading.Thread(target=lambda: went_on.append(engine._whole(sum)([3, 4]))))
    threads[0].start()
    threads[0].join()
    assert went_on[-1] == 7


@pytest.mark.slow
def test_interrupts_at_any_moment_leave_a_process_that_paints(cache):
    """Thirty Ctrl-C in one process, while it reads pictures, loads the network, traces, descends, ends."""
    code = """
import os, random, signal, threading, time
import numpy as np
from threadpoolctl import threadpool_info
from helpers import engine, images, transfer
signal.signal(signal.SIGINT, signal.default_int_handler)
blas = lambda: [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
def paint(steps=6):
    made = transfer.StyleTransfer("china.jpg", "swirls.jpg", size=64, content_layers=["block2_conv1"],
                                  style_layers=["block1_conv1", "block2_conv1"])
    return made.run(steps, progress=False)
expected, before, chance = paint(), blas(), random.Random(0)
started = time.perf_counter(); paint(); engine._engine.cache_clear(); paint()
whole, kept, passed = time.perf_counter() - started, 0, 0
print("ready", flush=True)
for n in range(30):
    engine._engine.cache_clear()
    at = threading.Timer(chance.random() * whole, os.kill, (os.getpid(), signal.SIGINT))
    try:
        at.start()
        result = paint(10 ** 6)
        kept += bool(result.interrupted and np.isfinite(result.image).all())
    except KeyboardInterrupt:
        passed += 1
    at.join()
assert kept + passed == 30 and kept and passed, (kept, passed)
again = paint()
assert np.array_equal(again.image, expected.image) and len(again.history) == 6
assert blas() == before, "a descent has kept the threads"
print("well", kept, passed, flush=True)
"""
    with child(cache, code) as one:
        one.until("well")
        assert not one.crashed()


@pytest.mark.slow
def test_a_kernel_is_interrupted_and_restarted_while_it_paints(tmp_path):
    """As JupyterLab does it: an interrupt keeps the picture of a cell, a restart ends a studio's threads with it."""
    manager, client = jupyter_client.manager.start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    printed = []

    def run(code):
        printed.clear()
        client.execute_interactive(code, timeout=SECONDS, store_history=False, allow_stdin=False,
                                   output_hook=lambda m: printed.append(m["content"].get("text", "")))
        return "".join(printed)
    try:
        assert "ready" in run("from helpers.transfer import StyleTransfer\n"
                              "made = StyleTransfer('china.jpg', 'swirls.jpg', size=96)\nprint('ready')")
        def interrupt():
            while not (tmp_path / "begun").exists():
                time.sleep(0.05)
            manager.interrupt_kernel()
        waiting = threading.Thread(target=interrupt, daemon=True)
        waiting.start()
        run("import pathlib\nresult = made.run(10 ** 6, callback=lambda n, *_: pathlib.Path('begun').touch() if n == 3 "
            "else None, progress=False)")
        waiting.join(SECONDS)
        said = run("print(result.interrupted, len(result.history) > 2, result.image.shape)")
        assert said == "True True (64, 96, 3)\n"

        assert run("from helpers.studio import Studio\nimport time\nstudio = Studio()\nstudio.painter.set(size=128)\n"
                   "studio.painter.paint()\nwhile studio.snapshot.evaluation < 3: time.sleep(0.05)\n"
                   "print(studio.snapshot.painting)").endswith("True\n")
        old = int(run("import os; print(os.getpid())"))
        manager.restart_kernel(now=False)
        client.wait_for_ready(timeout=SECONDS)
        assert not psutil.pid_exists(old) or psutil.Process(old).status() == psutil.STATUS_ZOMBIE
        assert run("from helpers.studio import Painter\np = Painter(); p.set(size=128, steps=3); p.paint()\n"
                   "print(p.wait(200), p.snapshot.evaluation, p.snapshot.error)") == "True 3 \n"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_page_that_sleeps_with_its_kernel_goes_on(cache):
    """Held up for longer than a page may be silent; its signs of life are still on their way."""
    code = """
import asyncio, sys
from helpers.studio import page
page.PATIENCE = 3
class Silent(page.Studio):
    def _send(self, *arguments, **options): return None
async def main():
    studio = Silent()
    studio.painter.set(size=128, steps=100_000); studio.painter.paint()
    said = None
    while True:
        studio._handle_custom_msg({"command": "alive"}, [])
        s = studio.snapshot
        if (now := (s.phase or "idle", bool(s.error), s.evaluation)) != said:
            print(*(said := now), s.note, flush=True)
        await asyncio.sleep(0.05)
asyncio.run(main())
"""
    with child(cache, code) as studio:
        reached = 3
        for _ in range(2):
            studio.until(lambda line, reached=reached: evaluations(line, reached))
            studio.signal(signal.SIGSTOP)
            time.sleep(5)
            studio.signal(signal.SIGCONT)
            reached = int(studio.seen[-1].split()[2]) + 5
        studio.until(lambda line: evaluations(line, reached))
        assert not any("idle" in line and "Paused" in line for line in studio.seen)
