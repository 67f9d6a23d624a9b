"""`python -m helpers`: is this machine ready for the course? One table, one small transfer; the exit status tells."""

import argparse
import os
import subprocess
import sys
import time
from importlib import metadata

PACKAGES = ("jupyterlab", "ipykernel", "ipywidgets", "anywidget", "matplotlib", "scipy")
NEEDED_GB = 1.5      # a 256 px transfer, measured, with room to spare
COMPILED = (96, 128, 160, 256)       # pixels: the sizes at which chapters and studio start
AGAIN = "run `pip install -r requirements.txt` in the course's environment."


def main(arguments=None):
    """Print the table and what is missing; → 0 if the machine is ready, else 1."""
    parser = argparse.ArgumentParser(prog="python -m helpers", description="Is this machine ready for the course?")
    parser.add_argument("--weights", default="auto", help="auto, keras, offline, or the path of an .h5 file")
    weights = parser.parse_args(arguments).weights
    # A console that knows few characters shows "?" for the others, instead of ending in an error.
    sys.stdout.reconfigure(errors="replace")
    rows, missing = [], []
    for check in (python, packages, memory, lambda: first_transfer(weights), lambda: compiled_steps(weights)):
        try:
            rows += check()
        except ImportError as error:
            missing.append(f"{error.name or 'A package'} cannot be imported ({error}): {AGAIN}")
        except (RuntimeError, OSError, ValueError) as error:
            missing.append(str(error))
    width = max(len(name) for name, _ in rows) if rows else 0
    print("\n".join(f"  {name:{width}}  {value}" for name, value in rows))
    for sentence in missing:
        print(f"  ! {sentence}")
    print("  Ready." if not missing else "  Not ready.")
    return 1 if missing else 0


def python():
    """→ [(name, value)] for the table. Raises RuntimeError with one sentence if it will not do, like the others."""
    if not (3, 10) <= sys.version_info[:2] < (3, 14):
        raise RuntimeError(f"Python 3.10 to 3.13 is needed, this is {sys.version.split()[0]}: name it, as in "
                           "`make lab PYTHON=python3.12`.")
    return [("Python", sys.version.split()[0])]


def packages():
    """→ the versions of what the notebooks' page is made of."""
    try:
        found = [(name, metadata.version(name)) for name in PACKAGES]
    except metadata.PackageNotFoundError as error:
        raise RuntimeError(f"{error.name} is missing: {AGAIN}") from None
    said = subprocess.run([sys.executable, "-I", "-m", "pip", "check"], capture_output=True, text=True).stdout
    for line in said.splitlines():                       # what this environment has, and the course does not admit
        if line.startswith("style-transfer-course "):
            raise RuntimeError(f"{line.rstrip('.')}: {AGAIN}")
    return found


def memory():
    """→ cores, and the memory that can still be had, in a container what its limit leaves."""
    from helpers.cost import free_memory
    free = free_memory() / 1e9
    if free < NEEDED_GB:
        raise RuntimeError(f"{NEEDED_GB} GB of free memory are needed, {free:.1f} GB are left: close other programs.")
    return [("cores", str(os.cpu_count())), ("free memory", f"{free:.1f} GB")]


def first_transfer(weights):
    """→ TensorFlow, where the weights come from, and what 20 evaluations did to the loss."""
    import keras
    import tensorflow as tf

    from helpers import images, transfer, vgg
    rows = [("TensorFlow, Keras", f"{tf.__version__}, {keras.__version__}"),
            ("GPU", str(len(tf.config.list_physical_devices("GPU")) or "none, none needed")),
            ("weights", vgg.load_vgg19(["block1_conv1"], weights=weights).source)]
    content, style = next(iter(images.available("content").values())), next(iter(images.available("style").values()))
    started = time.perf_counter()
    history = transfer.StyleTransfer(content, style, size=128, weights=weights).run(20, progress=False).history
    first, last = history[0]["loss"], history[-1]["loss"]
    if not min(record["loss"] for record in history) < 0.8 * first:
        raise RuntimeError(f"a first transfer does not descend (loss {first:.2f} to {last:.2f}): "
                           "the weights may be damaged, delete data/weights and run this again.")
    return [*rows, ("first transfer", f"20 evaluations at 128 px, loss {first:.2f} to {last:.2f}, "
                                      f"{time.perf_counter() - started:.0f} s")]


def compiled_steps(weights):
    """→ how many compiled steps are kept for the kernels to come, those of the chapters' and the studio's sizes too."""
    from helpers import compiled, transfer, winograd
    if not winograd.is_available():
        return [("compiled steps", "none, this machine does without")]
    for size in COMPILED:
        made = transfer.StyleTransfer("china.jpg", "swirls.jpg", size=size, weights=weights)
        made.evaluate(made.content)
    try:
        return [("compiled steps", f"{len(list(compiled.folder().iterdir()))} kept for the kernels to come")]
    except OSError as error:             # each kernel compiles its own then
        return [("compiled steps", f"none can be kept ({error.strerror or error})")]


if __name__ == "__main__":
    sys.exit(main())
