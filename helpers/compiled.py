"""Compiled steps kept on disk: what XLA made of a step in one kernel serves the next one. For `transfer`.

TensorFlow has a cache of its own for this (TF_XLA_FLAGS, set by `helpers/__init__.py`), but trusts it blindly: a
damaged entry is an error for ever, another processor's is run, and one is found again only if as many functions were
traced before. So here XLA reads and writes in this process' memory, which is never damaged, and gone with it. What it
wrote is kept, whole and with a checksum, in a folder of the user's own for this processor and these versions, and given
back only if that agrees. And a step is compiled under a name made of what it computes. Whatever fails, it is compiled
as if nothing had been kept; where nothing can be kept, a warning says why.
"""

import collections
import contextlib
import gc
import hashlib
import os
import platform
import shutil
import threading
import warnings
from importlib import metadata
from pathlib import Path

import platformdirs
import tensorflow as tf

MEMORY = "ram://compiled"                 # the folder that TF_XLA_FLAGS names
LIMIT = 100e6                             # bytes on disk, for all processors and versions together; a step takes 1 MB

_lock = threading.Lock()                  # one first call at a time, so that what XLA wrote is known to be its own
_named = collections.Counter()


def kept(function, key):
    """`function`, its compiled code kept between kernels: called as before, with tensors and lists of tensors.

    function: a tf.function with jit_compile=True and without Python arguments. key: a hashable that tells it from
    others, with the same repr in every kernel. With a GPU, or another cache in TF_XLA_FLAGS: the function itself.
    """
    if MEMORY not in os.environ.get("TF_XLA_FLAGS", "") or tf.config.list_physical_devices("GPU"):
        return function
    ready = {}

    def call(*args):
        shapes = tuple(tuple(x.shape) for x in tf.nest.flatten(args))
        if shapes not in ready:
            with _lock:
                if shapes not in ready:
                    ready[shapes], result = _first_call(function, (key, shapes), args)
                    return result
        return ready[shapes](*args)
    return call


def folder():
    """The kept steps of this user, processor and versions, made if missing. Raises OSError where it cannot be made, or
    is somebody else's: who writes there runs code here."""
    path = platformdirs.user_cache_path("style-transfer-course") / f"compiled-{_fingerprint(*_machine())}"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        state = path.lstat()
        if path.is_symlink() or state.st_uid != os.getuid():
            raise PermissionError(f"{path} is not a folder of yours")
        if state.st_mode & 0o077:         # others may have written here
            shutil.rmtree(path)
            path.mkdir(mode=0o700)
    return path


def _first_call(function, key, args):
    """→ (what to call from now on, the result)."""
    gc.disable()                          # it would take a fifth of the time that tracing takes, and find nothing
    try:
        plain = function.get_concrete_function(*args)
    finally:
        gc.enable()
    name = f"course_step_{_fingerprint(*key)}_{_named[key]}"
    _named[key] += 1
    try:
        step = _rename(plain, name)
    except (ImportError, AttributeError, TypeError) as error:
        _warn(f"this version of TensorFlow does not name functions as 2.21 does ({error})")
        return plain, plain(*args)
    if not _is_listening():
        _warn("TensorFlow was at work before the course was imported; import helpers first")
        return plain, plain(*args)
    try:
        path = folder() / name
        entry = _read(path)
    except OSError as error:
        _warn(error)
        return plain, plain(*args)

    _take_out()                           # what other functions left
    if entry:
        with tf.io.gfile.GFile(f"{MEMORY}/{entry[0]}", "wb") as file:
            file.write(entry[1])
    try:
        result = step(*args)
    except tf.errors.OpError:
        if not entry:
            raise
        path.unlink(missing_ok=True)
        step = plain                      # XLA remembers that our name failed
        result = step(*args)
    for file, data in _take_out().items():
        if name.encode() in data and (not entry or file != entry[0]):
            try:
                _write(path, file, data)
            except OSError as error:
                _warn(error)
    return step, result


def _rename(concrete, name):
    """The same function under a name of our own: TensorFlow numbers its names, and XLA's key contains them."""
    from tensorflow.python.eager.polymorphic_function import atomic_function, concrete_function
    return concrete_function.ConcreteFunction(atomic_function.from_func_graph(
        name, concrete.graph, concrete.function_def.attr, concrete.function_type))


def _is_listening():
    """Whether XLA writes to MEMORY. It does not where TensorFlow read its flags before they were set."""
    if not tf.io.gfile.exists(MEMORY):    # made by XLA, when it compiles for the first time
        tf.function(lambda x: x + 1, jit_compile=True, autograph=False)(tf.constant(0))
    return tf.io.gfile.exists(MEMORY)


def _take_out():
    """Empty MEMORY → {file's name: bytes}."""
    found = {}
    for name in tf.io.gfile.listdir(MEMORY):
        with tf.io.gfile.GFile(f"{MEMORY}/{name}", "rb") as file:
            found[name] = file.read()
        tf.io.gfile.remove(f"{MEMORY}/{name}")
    return found


# --- on disk: SHA-256 of all that follows, the name that XLA gave, a line's end, and XLA's entry ------------------

def _read(path):
    """→ (name, bytes) of XLA's entry, or None. A file whose checksum disagrees is thrown away."""
    if not path.exists():
        return None
    data = path.read_bytes()
    if data[:32] != _digest(path, data[32:]):
        path.unlink(missing_ok=True)
        return None
    os.utime(path)                        # the longest unused goes first
    name, _, entry = data[32:].partition(b"\n")
    return name.decode(), entry


def _write(path, name, entry):
    """Write beside it and rename: under its own name a file is whole, also where two kernels write at once."""
    body, part = name.encode() + b"\n" + entry, path.with_name(f"{path.name}.{os.getpid()}")
    try:
        part.write_bytes(_digest(path, body) + body)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    _trim(path.parent.parent)


def _trim(parent):
    """Throw away what was unused for longest, the parts that a killed kernel left among it."""
    total = 0
    with contextlib.suppress(FileNotFoundError):             # another kernel is trimming
        files = [(file.stat(), file) for file in parent.glob("compiled-*/*")]
        for state, file in sorted(files, key=lambda pair: pair[0].st_mtime, reverse=True):
            total += state.st_size
            if total > LIMIT:
                file.unlink()


def _digest(path, body):
    return hashlib.sha256(path.name.encode() + body).digest()


def _machine():
    """What compiled code depends on, and XLA's own key leaves out."""
    cpuinfo = Path("/proc/cpuinfo")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    what = ("vendor_id", "cpu family", "model", "stepping", "flags", "CPU ", "Features")         # x86, then ARM
    lines = set(cpuinfo.read_text().splitlines()) if cpuinfo.exists() else ()
    processor = sorted(line for line in lines if line.startswith(what)) or platform.uname()
    try:
        course = metadata.version("style-transfer-course")
    except metadata.PackageNotFoundError:
        course = "not installed"
    return *processor, cores, tf.__version__, course, os.environ.get("XLA_FLAGS"), os.environ["TF_XLA_FLAGS"]


def _fingerprint(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _warn(reason):
    warnings.warn(f"Compiled steps are not kept: {reason}. Each kernel compiles anew, for some seconds.", stacklevel=2)
