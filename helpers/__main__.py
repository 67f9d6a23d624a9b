"""`python -m helpers`: is this machine ready for the course? One table, one small transfer; the exit status tells."""

import argparse
import os
import sys
import time
from importlib import metadata

import psutil

NEEDED_GB = 1.5      # a 256 px transfer, measured, with room to spare


def main():
    parser = argparse.ArgumentParser(prog="python -m helpers", description="Is this machine ready for the course?")
    parser.add_argument("--weights", default="auto", help="auto, keras, offline, or the path of an .h5 file")
    weights = parser.parse_args().weights
    rows, missing = [("Python", sys.version.split()[0])], []
    if not (3, 10) <= sys.version_info < (3, 14):
        missing.append("Python 3.10 to 3.13 is needed: name it, as in `make lab PYTHON=python3.12`.")
    for package in ("jupyterlab", "ipywidgets", "matplotlib", "scipy"):
        try:
            rows.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            missing.append(f"{package} is missing: run `pip install -r requirements.txt` in the course's environment.")
    free = psutil.virtual_memory().available / 1e9
    rows += [("cores", str(os.cpu_count())), ("free memory", f"{free:.1f} GB")]
    if free < NEEDED_GB:
        missing.append(f"{NEEDED_GB} GB of free memory are needed: close other programs.")
    try:
        rows += _transfer(weights)
    except ImportError as error:
        missing.append(f"TensorFlow cannot be imported ({error}): run `pip install -r requirements.txt` again.")
    except (RuntimeError, OSError, ValueError) as error:
        missing.append(str(error))
    width = max(len(name) for name, _ in rows)
    print("\n".join(f"  {name:{width}}  {value}" for name, value in rows))
    for sentence in missing:
        print(f"  ✘ {sentence}")
    print("  Ready." if not missing else "  Not ready.")
    return 1 if missing else 0


def _transfer(weights):
    import keras
    import tensorflow as tf

    from helpers import images, transfer, vgg
    rows = [("TensorFlow, Keras", f"{tf.__version__}, {keras.__version__}"),
            ("GPU", str(len(tf.config.list_physical_devices("GPU")) or "none, none needed"))]
    content, style = next(iter(images.available("content").values())), next(iter(images.available("style").values()))
    started = time.perf_counter()
    result = transfer.StyleTransfer(content, style, size=128, weights=weights).run(20, progress=False)
    rows.append(("weights", vgg.source))
    first, last = result.history[0]["loss"], result.history[-1]["loss"]
    if not min(record["loss"] for record in result.history) < 0.8 * first:
        raise RuntimeError(f"a first transfer does not descend (loss {first:.2f} → {last:.2f}): "
                           "the weights may be damaged, delete data/weights and run this again.")
    rows.append(("first transfer", f"20 evaluations at 128 px, loss {first:.2f} → {last:.2f}, "
                                   f"{time.perf_counter() - started:.0f} s"))
    return rows


if __name__ == "__main__":
    sys.exit(main())
