"""Compiled steps kept on disk: whatever happens to the files, the result is right, without an error.

A kernel is a process here: each scenario starts some, with a cache folder of their own.
"""

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import traceback
import warnings

import pytest
import tensorflow as tf

from helpers import compiled

# Forked from a process that has imported TensorFlow and done nothing with it: each would take three seconds to begin.
CONTEXT = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
CONTEXT.set_forkserver_preload(["helpers.compiled"])


def work(names, cache, connection, patch, arguments):
    """A kernel that evaluates a step of each name, twice at one size and once at another."""
    os.environ["XDG_CACHE_HOME"] = str(cache)
    if patch:
        patch(*arguments)
    # TensorFlow's own names for what follows differ in every kernel.
    for i in range(os.getpid() % 4):
        tf.function(lambda x, i=i: x + i)(tf.constant(1.0))
    results, x = [], tf.constant([[0.5, 1.0]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            for name in names.split():
                @tf.function(jit_compile=True, autograph=False)
                def step(image, targets):
                    with tf.GradientTape() as tape:
                        tape.watch(image)
                        loss = tf.reduce_sum(tf.sin(image * targets[0]))
                    return loss, tape.gradient(loss, image)
                step = compiled.kept(step, ("a step", name))
                results += [(float(loss), gradient.numpy().tolist()) for loss, gradient in
                            (step(x, [x + 1]), step(x, [x + 1]), step(x[:, :1], [x[:, :1] + 1]))]
        except Exception:
            results = traceback.format_exc()
    in_memory = tf.io.gfile.listdir(compiled.MEMORY) if tf.io.gfile.exists(compiled.MEMORY) else []
    connection.send((results, [str(warning.message) for warning in caught], in_memory))


def start(names, cache, patch=None, *arguments):
    ours, theirs = CONTEXT.Pipe(duplex=False)
    kernel = CONTEXT.Process(target=work, args=(names, cache, theirs, patch, arguments))
    kernel.start()
    theirs.close()
    return kernel, ours


def finish(kernel, connection, warning=None):
    """Its results are right, nothing stays in memory, and it warns of nothing, or in these words alone."""
    results, messages, in_memory = connection.recv()
    kernel.join()
    assert not isinstance(results, str), results
    assert results
    for first, again, other in zip(*[iter(results)] * 3, strict=True):
        assert first == again
        assert first[0] == pytest.approx(1.590936, abs=1e-5)                                 # sin 0.75 + sin 2
        assert first[1][0] == pytest.approx([1.097533, -0.832294], abs=1e-5)                 # 1.5 cos 0.75, 2 cos 2
        assert other[0] == pytest.approx(0.681639, abs=1e-5)
        assert other[1][0] == pytest.approx([1.097533], abs=1e-5)
    assert not [words for words in messages if not warning or warning not in words]
    assert messages or not warning
    assert warning or not in_memory


def run(names, cache, patch=None, *arguments, warning=None):
    finish(*start(names, cache, patch, *arguments), warning)


def files(cache):
    """{path: what changes when it is written anew}."""
    return {path: (path.stat().st_ino, path.read_bytes()) for path in cache.glob("*/compiled-*/*")}


def sealed(path, body):
    path.write_bytes(hashlib.sha256(path.name.encode() + body).digest() + body)


def test_another_kernel_is_served_from_disk(tmp_path):
    run("one two", tmp_path)
    kept = files(tmp_path)
    assert len(kept) == 4, "two steps, two sizes"
    run("one two", tmp_path)
    assert files(tmp_path) == kept, "nothing was compiled"


def test_damaged_entries_are_thrown_away_and_made_again(tmp_path):
    damages = {"truncated": lambda data: data[:len(data) // 2], "empty": lambda data: b"",
               "flipped": lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:],
               "zeros": lambda data: bytes(len(data))}
    pairs = {}
    for name in (*damages, "sound", "swapped", "sealed"):
        before = set(files(tmp_path))
        run(name, tmp_path)
        pairs[name] = sorted(set(files(tmp_path)) - before)
        assert len(pairs[name]) == 2
    kept = files(tmp_path)
    for name, damage in damages.items():
        for path in pairs[name]:
            path.write_bytes(damage(kept[path][1]))
    for path, other in zip(pairs["swapped"], pairs["sound"], strict=True):
        path.write_bytes(kept[other][1])
    # With a checksum that agrees, but not what XLA can read: it is given to XLA, which fails.
    for path in pairs["sealed"]:
        body = kept[path][1][32:-40]
        path.write_bytes(hashlib.sha256(path.name.encode() + body).digest() + body)

    before = files(tmp_path)
    run(" ".join(pairs), tmp_path)
    after = files(tmp_path)
    for name in (*damages, "swapped"):
        assert all(after[path] != before[path] and len(after[path][1]) > 1000 for path in pairs[name]), name
    assert all(after[path] == kept[path] for path in pairs["sound"])
    assert after.keys().isdisjoint(pairs["sealed"])
    run(" ".join(pairs), tmp_path)
    again = files(tmp_path)
    assert {path: again[path] for path in after} == after, "what was made again is used"
    assert again.keys() == kept.keys()


def die_halfway():
    def half(path, data, write=compiled.Path.write_bytes):
        write(path, data[:len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    compiled.Path.write_bytes = half


@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL")
def test_a_kernel_killed_while_writing(tmp_path):
    kernel, _ = start("one", tmp_path, die_halfway)
    kernel.join()
    assert kernel.exitcode == -signal.SIGKILL
    (part,) = files(tmp_path)
    run("one", tmp_path)
    kept = files(tmp_path)
    assert len(kept.keys() - {part}) == 2
    run("one", tmp_path)
    assert files(tmp_path) == kept, "what it left is not in the way"


def limit(size):
    compiled.LIMIT = size


def test_the_longest_unused_goes_first(tmp_path):
    run("one two", tmp_path)
    for path in files(tmp_path):
        os.utime(path, (0, 0))
    run("one", tmp_path)
    used = {path for path in files(tmp_path) if path.stat().st_mtime > 0}
    assert len(used) == 2
    part = next(iter(used)).with_suffix(".77")               # of a kernel that was killed
    part.write_bytes(b"half")
    os.utime(part, (0, 0))
    run("three", tmp_path, limit, 4.5 * next(iter(used)).stat().st_size)
    left = files(tmp_path).keys()
    assert used < left
    assert len(left) == 4
    assert part not in left


def test_no_folder_can_be_made(tmp_path):
    (tmp_path / "cache").write_text("a file in the folder's place")
    run("one", tmp_path / "cache", warning="Compiled steps are not kept: [Errno")


def full_disk():
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))


@pytest.mark.skipif(os.name != "posix", reason="no limit on the size of a file")
def test_the_disk_is_full(tmp_path):
    run("one", tmp_path, full_disk, warning="Compiled steps are not kept: [Errno")
    assert not files(tmp_path), "no half of a file"


def test_two_kernels_at_once(tmp_path):
    for kernel in [start("one two", tmp_path) for _ in range(3)]:
        finish(*kernel)
    kept = files(tmp_path)
    assert len(kept) == 4
    run("one two", tmp_path)
    assert files(tmp_path) == kept


def another_processor():
    def read(path, *args, text=compiled.Path.read_text, **kwargs):
        return text(path, *args, **kwargs).replace(" sse4_2", "").replace(" asimd", "")
    compiled.Path.read_text = read


def fewer_cores():
    os.cpu_count = lambda: 99
    os.sched_getaffinity = lambda _: range(99)


@pytest.mark.skipif(not os.path.exists("/proc/cpuinfo"), reason="the processor's features are read elsewhere")
def test_a_folder_belongs_to_one_processor(tmp_path):
    run("one", tmp_path)
    ours = files(tmp_path)
    run("one", tmp_path, another_processor)
    run("one", tmp_path, fewer_cores)
    kept = files(tmp_path)
    assert len({path.parent for path in kept}) == 3
    assert {path: kept[path] for path in ours} == ours


@pytest.mark.skipif(os.name != "posix", reason="folders have no mode")
def test_what_others_may_have_written_is_not_used(tmp_path):
    run("one", tmp_path)
    before = files(tmp_path)
    folder = next(iter(before)).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    run("one", tmp_path)
    after = files(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert after.keys() == before.keys()
    assert all(after[path] != before[path] for path in before)

    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    run("one", tmp_path, warning="is not a folder of yours")


def too_late():
    flags = os.environ.pop("TF_XLA_FLAGS")
    tf.zeros(1) + 1
    os.environ["TF_XLA_FLAGS"] = flags


def test_flags_set_too_late_are_said(tmp_path):
    run("one", tmp_path, too_late, warning="import helpers first")


def without_renaming():
    from tensorflow.python.eager.polymorphic_function import atomic_function

    def other(name, *arguments, original=atomic_function.from_func_graph):
        if name.startswith("course_step"):
            raise TypeError("other arguments")
        return original(name, *arguments)
    atomic_function.from_func_graph = other


def test_another_tensorflow(tmp_path):
    run("one", tmp_path, without_renaming, warning="does not name functions as 2.21 does")


def test_a_cache_of_the_users_own_is_left_alone(monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_persistent_cache_directory=elsewhere")
    step = tf.function(tf.sin, jit_compile=True)
    assert compiled.kept(step, ()) is step


def test_the_flags_are_set_before_tensorflow_works():
    """By `import helpers`, which does not import TensorFlow; the user's other flags stay."""
    code = "import helpers, os, sys; print(os.environ['TF_XLA_FLAGS'], 'tensorflow' in sys.modules)"
    env = {**os.environ, "TF_XLA_FLAGS": "--tf_xla_clustering_debug"}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.split()[0] == "--tf_xla_clustering_debug"
    assert f"--tf_xla_persistent_cache_directory={compiled.MEMORY}" in run.stdout.split()
    assert run.stdout.split()[-1] == "False"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system does not say which cores are ours")
def test_other_cores_are_another_machine(monkeypatch):
    """What XLA makes depends on how many threads it may have, which a container or `taskset` may limit."""
    here = compiled._machine()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(1000)))
    assert compiled._machine() != here
