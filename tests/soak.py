"""`make soak`: what takes too long for every change. Each part ends with a table and says what failed.

    python tests/soak.py load --kernels 30 --painting 8 --minutes 10     many studios on one machine
    python tests/soak.py chapters                                        every chapter with random filters
    python tests/soak.py pictures --cases 200000                         damaged pictures
    python tests/soak.py sleep                                           a laptop that sleeps for a minute

Without a part, all of them, in this order.
"""

import argparse
import contextlib
import faulthandler
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil
from hypothesis import given, seed, settings
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from helpers import cost

ROOT = Path(__file__).resolve().parent.parent
PAUSE = 1.0              # seconds in which Pause is answered
IDLE_GB, PAINTING_GB = 0.75, 1.3         # of a kernel, measured: with the network loaded, and while it paints at 256 px


# --- load: many kernels on one machine --------------------------------------------------------------------

class Kernel:
    """A kernel with a studio in it, its network loaded, as an open page has."""

    def __init__(self, size):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.manager, self.client = start_new_kernel(kernel_name="python3", **quiet)
        self.process = psutil.Process(self.manager.provisioner.process.pid)
        self.run(f"import time\nfrom helpers.studio import Painter\np = Painter()\np.set(size={size}, steps=100_000)\n"
                 "p.prepare()\nwhile not p.snapshot.ready or p.snapshot.phase: time.sleep(0.1)", 900)

    def run(self, code, seconds=120):
        """→ what it printed, and the seconds until it answered."""
        printed, started = [], time.monotonic()
        reply = self.client.execute_interactive(code, timeout=seconds, store_history=False, allow_stdin=False,
                                                output_hook=lambda m: printed.append(m["content"].get("text", "")))
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"{reply['content'].get('ename')}: {reply['content'].get('evalue')}")
        return "".join(printed).strip(), time.monotonic() - started

    def memory(self):
        """Bytes that are this kernel's alone."""
        return self.process.memory_full_info().uss

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def load(options):
    """Some kernels paint, the others are open; each of the painting ones is paused and resumed again and again."""
    needed = (options.kernels - options.painting) * IDLE_GB + options.painting * PAINTING_GB
    if needed > cost.free_memory() / 1e9:
        return [f"{options.kernels} kernels need about {needed:.0f} GB of memory, {cost.free_memory() / 1e9:.0f} GB "
                "are free: take fewer by --kernels and --painting."]
    failed, waits, asked, kernels, levels, reached = [], [], [], [], [], []
    try:
        for n in range(options.kernels):
            kernels.append(Kernel(256 if n < options.painting else 128))
        painting, idle = kernels[:options.painting], kernels[options.painting:]
        print(f"{len(kernels)} kernels are open, {sum(k.memory() for k in kernels) / 1e9:.1f} GB together", flush=True)
        for one in painting:
            one.run("p.paint().result(60)")
        started, n = time.monotonic(), 0
        while time.monotonic() - started < 60 * options.minutes:
            one, n = painting[n % len(painting)], n + 1
            waits.append(one.run("p.pause().result(60); assert not p.snapshot.painting")[1])
            moved = f"p.set(style_weight={random.uniform(1, 50)})" if n % 3 == 0 else "pass"
            error, _ = one.run(f"{moved}\np.paint().result(60)\nprint(p.snapshot.error)")
            failed += [error] if error else []
            if idle:
                asked.append(idle[n % len(idle)].run("print(p.snapshot.ready)")[1])
            levels.append(((time.monotonic() - started) / 3600, sum(k.memory() for k in painting) / len(painting)))
            time.sleep(max(0.0, 4 / len(painting)))
        reached = [int(one.run("print(len(p.snapshot.history))")[0]) for one in painting]
        failed += [f"a kernel has painted {count} evaluations" for count in reached if count < 2]
    except (RuntimeError, TimeoutError, AssertionError, psutil.Error) as error:
        failed.append(f"{type(error).__name__}: {error}")
    finally:
        for one in kernels:
            one.close()
    if waits:
        hours, memory = np.array(levels[len(levels) // 3:]).T
        slope = np.polyfit(hours, memory, 1)[0] / 1e6 if len(hours) > 2 else float("nan")
        late = sum(wait > PAUSE for wait in waits)
        failed += [f"{late} of {len(waits)} pauses took over {PAUSE:.0f} s"] * (late > 0)
        print(f"  Pause, asked {len(waits)} times: median {np.median(waits):.2f} s, longest {max(waits):.2f} s\n"
              f"  an idle kernel, asked {len(asked)} times: longest {max(asked, default=0):.2f} s\n"
              f"  memory of a painting kernel: {memory[0] / 1e9:.2f} GB, later {memory[-1] / 1e9:.2f} GB, "
              f"{slope:+.0f} MB an hour over the last two thirds of {options.minutes:g} minutes\n"
              f"  evaluations, coarse ones included: {min(reached, default=0)} to {max(reached, default=0)} a kernel")
    return failed


# --- chapters: any weights --------------------------------------------------------------------------------

def chapters(options):
    """Every notebook to its end over a file in Keras' own layout, with random filters. What a chapter claims of learnt
    features need not hold for them: a check that says so is counted, any other error has failed."""
    import keras
    from test_weights import save_officially
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        keras.utils.set_random_seed(7)
        os.environ["VGG19_WEIGHTS"] = str(save_officially(keras.applications.VGG19(include_top=False, weights=None),
                                                          Path(folder) / "random.h5"))
        os.environ["TQDM_DISABLE"] = "1"
        for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
            if options.only not in path.name or ".ipynb_checkpoints" in path.parts:
                continue
            notebook, started = nbformat.read(path, 4), time.monotonic()
            client = NotebookClient(notebook, timeout=900, kernel_name="python3", allow_errors=True,
                                    resources={"metadata": {"path": str(path.parent)}})
            client.execute()
            errors = [(n, o.ename, o.evalue) for n, cell in enumerate(notebook.cells) if cell.cell_type == "code"
                      for o in cell.outputs if o.output_type == "error"]
            claims = [n for n, name, _ in errors if name == "AssertionError"]
            failed += [f"{path.name}, cell {n}: {name}: {words[:200]}" for n, name, words in errors
                       if name != "AssertionError"]
            print(f"  {path.name:32} {time.monotonic() - started:4.0f} s, claims that random filters do not meet: "
                  f"{len(claims)} {claims or ''}", flush=True)
    return failed


# --- pictures: damaged files ------------------------------------------------------------------------------

@contextlib.contextmanager
def words_kept():
    """What the process writes to its descriptors 1 and 2, Python's or a library's, goes to a file, which is given."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as file:
        try:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            yield file
        finally:
            sys.stdout.flush()
            for number, descriptor in enumerate(kept, 1):
                os.dup2(descriptor, number)
                os.close(descriptor)


def scattered(data, chance):
    """Some bytes changed, most of them near the beginning, and a tenth of such files cut."""
    data = bytearray(data)
    for _ in range(chance.choice([1, 2, 4, 16])):
        data[int(len(data) * chance.random() ** chance.choice([1, 3]))] = chance.choice([0, 255, chance.randrange(256)])
    return bytes(data[:chance.randrange(len(data))] if chance.random() < 0.1 else data)


def pictures(options):
    """Each file loads or is refused by ImageError, in two seconds and one GB, without a word. One in ten is drawn by
    Hypothesis, part by part, and nine are damaged copies of it."""
    from test_images_generated import FILES, SAME, SIDES, read_or_refused
    failed, reads, slowest, folder = [], [], [0.0], Path(tempfile.mkdtemp(prefix="soak-pictures-"))
    chance, before = random.Random(options.seed), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"  what fails is kept in {folder}", flush=True)
    ends = os.fdopen(os.dup(2), "w")

    def case(source, max_side):
        if isinstance(source, bytes):
            (folder / "now").write_bytes(source)                   # stays if it ends the process
        faulthandler.dump_traceback_later(120, exit=True, file=ends)
        started, read, wrong = time.process_time(), False, ""
        try:
            read = read_or_refused(source, max_side)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"[:200]
        faulthandler.cancel_dump_traceback_later()
        reads.append(read)
        slowest[0] = max(slowest[0], seconds := time.process_time() - started)
        if wrong or seconds > 2:
            failed.append(f"case {len(reads)}: {wrong or 'slow'}, {seconds:.1f} s, {str(source)[:60]}")
            if isinstance(source, bytes):
                (folder / "now").rename(folder / str(len(reads)))

    def ten(source, max_side):
        case(source, max_side)
        for _ in range(9 if isinstance(source, bytes) and source else 0):
            case(scattered(source, chance), max_side)

    while len(reads) < options.cases:
        some = settings(SAME, derandomize=False, max_examples=1000)(given(FILES, SIDES)(ten))
        with words_kept() as file:
            seed(options.seed + len(reads))(some)()
            file.seek(0)
            words = file.read()
        failed += [f"printed: {words[:200]}"] * bool(words)
        print(f"  {len(reads)} of {options.cases}, {len(failed)} have failed", flush=True)
    (folder / "now").unlink(missing_ok=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"  {len(reads)} files: {sum(reads)} read, {len(reads) - sum(reads)} refused or failed, "
          f"slowest {slowest[0]:.2f} s of computing, peak {peak / 1e6:.2f} GB, {before / 1e6:.2f} GB before")
    return failed + ["over 1 GB of memory"] * (peak - before > 1e6)


# --- sleep ------------------------------------------------------------------------------------------------

def sleep(options):
    """A kernel is stopped for a minute in the midst of a picture, as by a laptop that sleeps, and goes on."""
    one = Kernel(192)
    try:
        one.run("p.paint().result(60)\nwhile p.snapshot.evaluation < 3: time.sleep(0.05)")
        one.process.suspend()
        time.sleep(60)
        one.process.resume()
        said, _ = one.run("n = p.snapshot.evaluation\nwhile p.snapshot.evaluation < n + 3: time.sleep(0.05)\n"
                          "print(p.snapshot.painting, p.snapshot.error)")
        print(f"  painting and error after a minute's sleep: {said}")
        return [] if said == "True" else [f"after sleep: {said}"]
    finally:
        one.close()


PARTS = {"load": load, "chapters": chapters, "pictures": pictures, "sleep": sleep}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all, unless named")
    parser.add_argument("--kernels", type=int, default=30, help="that are open")
    parser.add_argument("--painting", type=int, default=8, help="of them paint")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--cases", type=int, default=200_000, help="damaged pictures")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="chapters with this in their name")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {unknown.pop()}: take {', '.join(PARTS)}.")
    failed = []
    for name in options.parts or PARTS:
        print(name, flush=True)
        found = PARTS[name](options)
        print("\n".join(f"  ! {sentence}" for sentence in found) or "  ✔", flush=True)
        failed += found
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
