"""What may stand in the Gram matrix's and in VGG19's place, and the network that paints at once."""

import hashlib
import importlib.util
import pickle
import socket

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import feedforward, filters, images, losses, networks, statistics, vgg, weights
from helpers.transfer import StyleTransfer

PHOTO = images.load_image("china.jpg", 64)
LAYERS = {"content_layers": ("block1_conv2",), "style_layers": ("block1_conv1", "block2_conv1")}


def means(features):
    return tf.reduce_mean(features, axis=(1, 2))


# --- another statistic, another network, in the same engine

@pytest.mark.parametrize("fast", [True, False], ids=["compiled", "plain"])
def test_a_given_statistic_is_what_is_matched(fast, monkeypatch):
    kept = []
    monkeypatch.setattr("helpers.compiled.kept", lambda step, key: kept.append(key) or step)
    made = StyleTransfer(PHOTO, "swirls.jpg", size=64, statistic=means, jit_compile=fast, **LAYERS)
    assert not kept, "a function has no name to keep its step by"
    features, style = (made.engine.network(tf.constant(x[None])) for x in (PHOTO, made.styles[0]))
    terms = made.evaluate(PHOTO)[1]
    for name in LAYERS["style_layers"]:
        target = means(style[name])
        wanted = tf.reduce_sum((means(features[name]) - target) ** 2) / tf.reduce_sum(target ** 2)
        assert terms[name] == pytest.approx(float(wanted), rel=1e-3)
    gram = StyleTransfer(PHOTO, "swirls.jpg", size=64, jit_compile=fast, **LAYERS)
    assert gram.engine is not made.engine and bool(kept) == fast
    assert gram.evaluate(PHOTO)[1]["style"] != pytest.approx(terms["style"], rel=0.01)
    shut = StyleTransfer(made.styles[0], "swirls.jpg", size=64, statistic=means, jit_compile=fast, **LAYERS)
    assert shut.evaluate(made.styles[0])[1]["style"] == pytest.approx(0, abs=1e-6)


def test_a_given_statistic_descends_and_blends():
    made = StyleTransfer(PHOTO, ["swirls.jpg", "ink.jpg"], size=64, statistic=means, jit_compile=False, **LAYERS)
    history = made.run(8, progress=False).history
    assert history[-1]["style"] < 0.7 * history[0]["style"]
    middle = made.evaluate(PHOTO)[1]["style"]
    made.blend = [1, 0]
    assert made.evaluate(PHOTO)[1]["style"] != pytest.approx(middle, rel=0.01)


def test_a_given_network_takes_vgg19s_place():
    image = keras.Input((None, None, 3))
    keras.utils.set_random_seed(0)
    first = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="one")(image)
    second = keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="two")(first)
    network = keras.Model(image, {"one": first, "two": second})
    network.source = "eight filters"
    made = StyleTransfer(PHOTO, "swirls.jpg", size=64, network=network, content_layers="two", style_layers="one")
    assert made.engine.source == "eight filters" and list(made.evaluate(PHOTO)[1]) == ["content", "style", "tv", "one"]
    assert made.run(5, progress=False).history[-1]["loss"] < made.evaluate(PHOTO)[0]
    with pytest.raises(ValueError, match="no layer 'three' among its outputs: they are one, two"):
        StyleTransfer(PHOTO, "swirls.jpg", network=network, content_layers=("three",), style_layers=("one",))


# --- statistics

def features(seed, *shape):
    return tf.constant(np.random.default_rng(seed).uniform(size=(1, *shape)).astype(np.float32))


@pytest.mark.parametrize("statistic, size", [
    (statistics.means, 5), (statistics.means_and_spreads, 10), (statistics.histograms, 5 * statistics.LEVELS),
    (statistics.sliced, 5 * statistics.LEVELS)], ids=lambda value: getattr(value, "__name__", ""))
def test_a_statistic_forgets_where_has_a_slope_and_fits_any_size(statistic, size):
    one = features(1, 6, 7, 5)
    with tf.GradientTape() as tape:
        tape.watch(one)
        loss = tf.reduce_sum(statistic(one) ** 2)
    slope = tape.gradient(loss, one).numpy()
    assert np.isfinite(slope).all() and np.count_nonzero(slope) == slope.size, "each position is pulled"
    assert tf.size(statistic(one)) == size and statistic(features(2, 4, 11, 5)).shape == statistic(one).shape
    shuffled = np.random.default_rng(3).permutation(one.numpy().reshape(42, 5)).reshape(1, 7, 6, 5)
    assert np.allclose(statistic(tf.constant(shuffled)), statistic(one), atol=1e-5)


def test_the_directions_of_the_sliced_distance_are_of_length_one():
    """At as many positions as there are parts, one for each map, a slice is its direction, sorted."""
    maps = statistics.LEVELS
    one_map_each = tf.reshape(tf.eye(maps), (1, 8, maps // 8, maps))
    assert tf.reduce_sum(statistics.sliced(one_map_each) ** 2, axis=-1).numpy() == pytest.approx(1, abs=1e-5)


def test_silent_maps_have_a_slope_that_is_a_number():
    silent = tf.zeros((1, 4, 4, 3))
    for statistic in (statistics.means_and_spreads, statistics.histograms, statistics.sliced):
        with tf.GradientTape() as tape:
            tape.watch(silent)
            loss = tf.reduce_sum(statistic(silent))
        assert np.isfinite(tape.gradient(loss, silent)).all(), statistic.__name__


def test_histograms_are_sorted_parts_whatever_the_number_of_positions():
    values = np.random.default_rng(4).normal(size=4 * statistics.LEVELS).astype(np.float32)
    found = statistics.histograms(values.reshape(1, -1, 4, 1)).numpy().ravel()
    assert np.allclose(found, np.sort(values).reshape(-1, 4).mean(axis=1), atol=1e-5)
    few = statistics.histograms(np.float32([[[[3.0]], [[1.0]], [[2.0]]]])).numpy().ravel()      # 3 values, 64 parts
    assert np.allclose(few[[0, 20, 32, 43, 63]], [1, 1, 2, 3, 3])
    assert np.isclose(few.mean(), 2)


def test_the_gram_matrix_cannot_tell_what_histograms_can():
    plain = np.full((1, 8, 8, 1), 0.5 ** 0.5, np.float32)
    half = (np.arange(64) < 32).astype(np.float32).reshape(1, 8, 8, 1)
    assert np.allclose(losses.gram_matrix(plain), losses.gram_matrix(half))
    away = tf.reduce_mean((statistics.histograms(plain) - statistics.histograms(half)) ** 2)
    assert float(away) == pytest.approx(1 - 0.5 ** 0.5, rel=1e-4)


def test_the_style_loss_is_a_maximum_mean_discrepancy():
    x, y = np.random.default_rng(5).normal(size=(2, 20, 6))
    y = y[:13] + 0.5
    grams = [tf.constant(z.T @ z / len(z)) for z in (x, y)]
    found = statistics.mmd2(x, y, lambda p, q: (p @ q.T) ** 2)
    assert found == pytest.approx(4 * 6 ** 2 * float(losses.paper_style_loss(grams[:1], grams[1:])), rel=1e-12)
    linear = statistics.mmd2(x, y, lambda p, q: p @ q.T)
    assert linear == pytest.approx(np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2), rel=1e-12)


def test_nearest_takes_the_most_similar_feature_of_the_style():
    style = features(6, 5, 4, 3)
    turned = tf.reverse(style, axis=[1, 2])
    assert np.allclose(statistics.nearest(turned, style), turned), "each finds itself, wherever it lies"
    mean = tf.reduce_mean(style, axis=(0, 1, 2))
    assert np.allclose(statistics.nearest(mean + 5 * (turned - mean), style), turned), "length does not count"


def test_repainted_targets_pull_the_image_to_the_style():
    made = StyleTransfer(PHOTO, "swirls.jpg", size=64, statistic=statistics.itself, jit_compile=False, **LAYERS)
    statistics.repaint(made, PHOTO)
    names = LAYERS["style_layers"]
    found = made.engine.network(tf.constant(PHOTO[None]))
    assert [target.shape for target in made.style_targets[0]] == [found[name].shape for name in names]
    history = made.run(8, progress=False).history
    assert history[-1]["style"] < 0.8 * history[0]["style"]


def test_patches_are_those_of_the_picture_made_smaller():
    image = np.random.default_rng(3).uniform(size=(7, 9, 3))          # an odd row and an odd column are left over
    rows = statistics._patches(image, 2, 2)
    blocks = np.array([[image[2 * i:2 * i + 2, 2 * j:2 * j + 2].mean(axis=(0, 1)) for j in range(4)]
                       for i in range(3)])
    assert rows.shape == (2 * 3, 12)
    assert np.allclose(rows[4].reshape(3, 2, 2), blocks[1:3, 1:3].transpose(2, 0, 1))


def test_patch_distance_knows_a_picture_from_its_likes():
    painting = images.load_image("swirls.jpg", 192)
    example, elsewhere = painting[:96, :96], painting[-96:, -96:]
    noise = np.random.default_rng(7).uniform(size=example.shape)
    plain = np.broadcast_to(example.mean(axis=(0, 1)), example.shape)
    assert statistics.patch_distance(example, example) == 0
    near, far, furthest = (statistics.patch_distance(x, example) for x in (elsewhere, noise, plain))
    assert near < 0.3 * far and far < 0.9 * furthest and furthest == pytest.approx(1, abs=0.01)


def test_coherence_tells_lines_from_blots():
    rng = np.random.default_rng(8)
    lines = np.repeat(rng.uniform(size=(64, 1, 1)), 64, axis=1).repeat(3, axis=2)
    assert statistics.coherence(lines) == pytest.approx(1, abs=1e-6)
    noise = rng.uniform(size=(64, 64, 3))
    assert statistics.coherence(noise) < 0.3 < statistics.coherence(images.load_image("swirls.jpg", 96))
    turned = statistics.coherence(noise.transpose(1, 0, 2))
    assert turned == pytest.approx(statistics.coherence(noise)), "no direction is preferred"


# --- networks

def test_any_of_keras_networks_by_name_with_a_file_of_ones_own(tmp_path):
    layers = ["Conv1_relu", "block_1_expand_relu"]
    made = networks.load("MobileNetV2", layers, weights=None, seed=3)
    assert list(made.output) == layers and "random" in made.source and not made.trainable
    own = keras.applications.MobileNetV2(include_top=False, weights=None)
    own.save_weights(tmp_path / "mine.weights.h5")
    loaded = networks.load("MobileNetV2", layers, weights=str(tmp_path / "mine.weights.h5"))
    prepared = keras.applications.mobilenet_v2.preprocess_input(PHOTO[None] * 255)
    wanted = keras.Model(own.input, own.get_layer("Conv1_relu").output)(prepared)
    assert np.allclose(loaded(PHOTO[None])["Conv1_relu"], wanted, atol=1e-5)
    assert not np.allclose(made(PHOTO[None])["Conv1_relu"], wanted, atol=1e-2)
    there = StyleTransfer(PHOTO, "swirls.jpg", size=64, network=loaded, content_layers=layers[1], style_layers=layers)
    assert there.run(4, progress=False).history[-1]["loss"] < there.evaluate(PHOTO)[0]


def test_a_server_that_does_not_answer_leaves_random_filters(monkeypatch, capsys):
    waited = []

    def build(include_top, weights):        # the names are Keras'
        if weights == "imagenet":
            waited.append(socket.getdefaulttimeout())
            raise OSError("no route")
        return keras.applications.mobilenet_v2.MobileNetV2(include_top=include_top, weights=weights)
    build.__module__ = keras.applications.MobileNetV2.__module__
    monkeypatch.setattr(keras.applications, "MobileNetV2", build)
    made = networks.load("MobileNetV2", "Conv1_relu")
    assert capsys.readouterr().out == ("The weights of MobileNetV2 cannot be fetched (OSError). "
                                       "Random ones are taken.\n")
    assert made.source == "MobileNetV2, random filters"
    assert waited == [weights.SECONDS] and socket.getdefaulttimeout() is None


@pytest.mark.parametrize("arguments, words", [
    (("MobileNet2", "x"), "no network 'MobileNet2': did you mean MobileNetV2"),
    (("MobileNetV2", "Conv1_rela", None), "no layer 'Conv1_rela': did you mean Conv1_relu"),
    (("MobileNetV2", "Conv1_relu", __file__), "does not fit MobileNetV2 without its top"),
    (("MobileNetV2", "Conv1_relu", "offline"), "no weights of MobileNetV2: it has VGG16's")])
def test_what_no_network_is_gets_one_sentence(arguments, words):
    with pytest.raises(ValueError, match=words):
        networks.load(*arguments)


def test_vgg16_itself_with_a_file_in_the_layout_of_keras_server(tmp_path):
    keras.utils.set_random_seed(2)
    own = keras.applications.VGG16(include_top=False, weights=None)
    path = tmp_path / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name for layer in own.layers]
        for layer in own.layers:
            names = [f"{layer.name}_{part}_1:0" for part in "Wb"[:len(layer.weights)]]
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = names
            for name, value in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name, data=value)
    loaded = networks.load("VGG16", ["block1_conv1", "block2_conv2"], weights=str(path))
    blue_first = PHOTO[None, ..., ::-1] * 255 - weights.KERAS_MEAN[::-1]
    wanted = keras.Model(own.input, own.get_layer("block2_conv2").output)(blue_first)
    assert np.allclose(loaded(PHOTO[None])["block2_conv2"], wanted, atol=1e-2) and np.std(wanted) > 1
    there = StyleTransfer(PHOTO, "swirls.jpg", size=64, network=loaded, content_layers="block2_conv2",
                          style_layers=("block1_conv1", "block2_conv2"))
    assert there.run(4, progress=False).history[-1]["loss"] < there.evaluate(PHOTO)[0]


def test_the_offline_default_is_vgg16_itself():
    made = networks.load("VGG16", ["block1_conv2", "block3_conv3"], weights="offline")
    assert made.source == "VGG16, ImageNet weights of the offline package"
    ours = vgg.load_vgg19(["block1_conv2", "block3_conv3"], weights="offline")(PHOTO[None])
    for name, activations in made(PHOTO[None]).items():
        inside = (slice(None), slice(4, -4), slice(4, -4))        # at the rim a zero is another grey
        assert np.allclose(activations[inside], ours[name][inside], atol=1e-3 * np.max(ours[name])), name


def test_alexnet_has_the_packages_weights_or_random_ones(monkeypatch, tmp_path, capsys):
    layers = ["conv1", "conv3"]
    random = np.random.default_rng(11)
    shapes, tree, maps = networks.ALEXNET.values(), {}, 3
    for number, (count, size) in enumerate(shapes):
        tree[f"Conv_{number}"] = {"kernel": random.normal(size=(size, size, maps, count)).astype(np.float32),
                                  "bias": np.zeros(count, np.float32)}
        maps = count
    data = pickle.dumps({"AlexNet_0": tree}, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    monkeypatch.setattr(weights, "FOLDER", tmp_path)

    def unpack(folder):
        (folder / networks.ALEXNET_FILE).write_bytes(data)
        return folder / "vgg16.ckpt"
    monkeypatch.setattr(weights, "_unpack", unpack)
    assert networks.alexnet(layers).source == "AlexNet, random filters", "another hash is refused"
    assert "AlexNet's weights cannot be fetched" in capsys.readouterr().out
    monkeypatch.setattr(networks, "ALEXNET_SHA256", hashlib.sha256(data).hexdigest())
    made = networks.alexnet(layers)
    assert made.source == "AlexNet, ImageNet weights" and (tmp_path / networks.ALEXNET_FILE).exists()
    prepared = np.pad((PHOTO * 255 - weights.OFFLINE_MEAN) / filters.OFFLINE_STD, ((2, 2), (2, 2), (0, 0)))
    first = np.maximum(np.einsum("ijc,ijcn->n", prepared[4:15, 8:19], tree["Conv_0"]["kernel"]), 0)
    found = made(PHOTO[None])
    assert np.allclose(found["conv1"][0, 1, 2], first, rtol=1e-4, atol=1e-3)
    assert list(found) == layers and found["conv3"].shape[-1] == 384
    with pytest.raises(ValueError, match="AlexNet has no layer 'conv6': choose from conv1, conv2"):
        networks.alexnet("conv6")


def test_multiplications_are_counted_there_and_back():
    layer = keras.layers.Conv2D(5, 3, strides=2, padding="same")
    image = np.zeros((8, 6, 3), np.float32)

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(layer(x) ** 2)
        return tape.gradient(y, x)
    there = (4 * 3) * (3 * 3 * 3 * 5)                            # places × weights
    assert networks.multiplications(layer, image) == there
    assert networks.multiplications(gradient, image) == 2 * there


def test_random_filters_are_seeded_and_keep_vgg19s_shape():
    one, same, other = (networks.random_vgg19(["block2_conv1"], seed=seed)(PHOTO[None])["block2_conv1"]
                        for seed in (1, 1, 2))
    assert one.shape == (1, *(side // 2 for side in PHOTO.shape[:2]), 128)
    assert np.allclose(one, same) and not np.allclose(one, other)
    layer = networks.random_layer(sizes=(3, 7), maps=4)
    assert layer(PHOTO[None])["random"].shape == (1, *PHOTO.shape[:2], 8)


# --- the painter

@pytest.fixture(scope="module")
def painter():
    return feedforward.new_painter()


def test_a_painter_begins_as_the_photograph_whatever_its_size(painter):
    for shape in ((32, 33), (45, 61)):
        image = np.random.default_rng(9).uniform(0.1, 0.9, (1, *shape, 3)).astype(np.float32)
        assert np.allclose(painter(tf.constant(image), tf.ones((1, 1))), image, atol=1e-5)


def test_instance_normalisation_takes_contrast_off_and_the_dial_sets_it():
    norm, x = feedforward.InstanceNorm(), 0.1 * features(10, 6, 5, 3) + 0.3
    plain = norm(x, tf.zeros((1, 1))).numpy()
    assert np.allclose(plain.mean(axis=(1, 2)), 0, atol=1e-4) and np.allclose(plain.std(axis=(1, 2)), 1, atol=0.02)
    assert np.allclose(norm(3 * x - 1, tf.zeros((1, 1))), plain, atol=0.02)
    norm.scale.assign([[1.0] * 3, [1.0] * 3])
    norm.shift.assign([[0.0] * 3, [2.0] * 3])
    assert np.allclose(norm(x, tf.ones((1, 1))), 2 * plain + 2, atol=1e-4)
    assert np.allclose(norm(x, tf.fill((1, 1), 0.5)), 1.5 * plain + 1, atol=1e-4)


def test_weights_are_arrays_and_a_broken_file_says_what_to_do(painter, tmp_path):
    feedforward.save(painter, [(1, 2, 3)], tmp_path / "mine.npz")
    loaded, history = feedforward.load(tmp_path / "mine.npz")
    assert all(np.array_equal(one.astype(np.float16), other.astype(np.float16))
               for one, other in zip(painter.get_weights(), loaded.get_weights(), strict=True))
    assert history.tolist() == [[1, 2, 3]] and [path.name for path in tmp_path.iterdir()] == ["mine.npz"]
    np.savez(tmp_path / "evil.npz", history=np.array([print], object))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "mine.npz").read_bytes()[:5000])
    np.savez(tmp_path / "few.npz", history=np.zeros((1, 3)), w00=np.zeros(3))
    for name in ("evil", "cut", "few", "missing"):
        with pytest.raises(ValueError, match=rf"{name}\.npz holds no painter's weights: `git checkout`"):
            feedforward.load(tmp_path / f"{name}.npz")


def test_the_shipped_painter_is_small_and_paints_what_it_has_never_seen():
    assert feedforward.WEIGHTS.stat().st_size < 2_000_000
    course = StyleTransfer(feedforward.UNSEEN, feedforward.STYLE, size=128, jit_compile=False)
    before = course.evaluate(course.content)
    low, high = (course.evaluate(feedforward.paint(course.content, dial)) for dial in (0.0, 1.0))
    assert high[0] < 0.6 * before[0]
    assert high[1]["style"] < 0.7 * low[1]["style"] and high[1]["content"] > low[1]["content"]
    assert feedforward.style_weight(0) == pytest.approx(0.1) and feedforward.style_weight(1) == pytest.approx(10)


def test_the_second_painter_leads_from_one_style_to_the_other():
    assert feedforward.WEIGHTS.stat().st_size + feedforward.BOTH_WEIGHTS.stat().st_size < 2_000_000
    swirls, glass = (StyleTransfer(feedforward.UNSEEN, style, size=128, jit_compile=False)
                     for style in feedforward.BOTH)
    images_between = [feedforward.paint(swirls.content, dial, feedforward.BOTH_WEIGHTS) for dial in (0.0, 0.5, 1.0)]
    away, nearer = ([course.evaluate(image)[1]["style"] for image in images_between] for course in (swirls, glass))
    assert away[0] < away[1] < away[2] and nearer[0] > nearer[1] > nearer[2]
    for course, image, factor in ((swirls, images_between[0], 0.65), (glass, images_between[2], 0.85)):
        assert course.evaluate(image)[0] < factor * course.evaluate(course.content)[0]


@pytest.fixture
def train():
    path = feedforward.FOLDER / "train.py"
    module = importlib.util.module_from_spec(importlib.util.spec_from_file_location("train", path))
    module.__spec__.loader.exec_module(module)
    return module


def test_training_never_opens_the_photograph_it_is_measured_on(train, monkeypatch):
    unseen, opened = feedforward.UNSEEN, []
    monkeypatch.setattr(images, "load_image", lambda source, size=None, load=images.load_image:
                        opened.append(str(source)) or load(source, size))
    next(train.crops(np.random.default_rng(0), 160))
    assert len(opened) == 5 * len(train.SIZES) and not any(unseen in name for name in opened)


def test_a_step_of_training_changes_the_weights_and_writes_them(train, painter, monkeypatch, tmp_path):
    monkeypatch.setattr("helpers.winograd.is_available", lambda: False)          # compiling would take longer
    monkeypatch.setattr(feedforward, "BOTH_WEIGHTS", tmp_path / "both.npz")
    monkeypatch.setattr(feedforward, "load", lambda: (feedforward.new_painter(), None))
    monkeypatch.setattr(train, "SIZES", (224,))
    train.train_both(1e-9)                                                       # over after the first step
    monkeypatch.undo()
    trained, history = feedforward.load(tmp_path / "both.npz")
    assert history.shape == (1, 4) and history[0, 0] == 1 and np.isfinite(history).all()
    assert np.any(trained.last.kernel), "all of it was 0 before"
