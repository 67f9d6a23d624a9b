"""The figures of chapters 01 to 03: where a map fires most, and what a Gram matrix says of small maps."""

import numpy as np
import pytest
from matplotlib.cm import ScalarMappable

from helpers import figures
from helpers.figures import base
from helpers.figures.chapter01 import best_boxes

IMAGE = np.random.default_rng(0).uniform(size=(171, 256, 3)).astype(np.float32)


@pytest.fixture
def shown(monkeypatch):
    """The captions of what has been drawn, in their order."""
    captions = []
    monkeypatch.setattr(base, "display", lambda what, **_: captions.append(what["text/plain"])
                        if isinstance(what, dict) else None)
    return captions


@pytest.mark.parametrize(("rows", "columns", "step"), [(171, 256, 1), (42, 64, 4), (10, 16, 16)])
def test_a_box_lies_around_its_position_also_where_a_pooling_dropped_a_row(rows, columns, step):
    response = np.zeros((rows, columns))
    row, column = rows // 2, columns // 2
    response[row, column] = 3
    (box, activation), *_ = best_boxes(IMAGE, response, 24).items()
    middle = row * step + step // 2, column * step + step // 2
    assert box == (middle[0] - 12, middle[1] - 12, middle[0] + 12, middle[1] + 12) and activation == 3


def test_the_best_places_come_in_order_apart_from_each_other_and_whole():
    response = np.random.default_rng(1).uniform(size=(42, 64))
    boxes = best_boxes(IMAGE, response, 24)
    assert list(boxes.values()) == sorted(boxes.values(), reverse=True) and len(boxes) == 6
    for top, left, bottom, right in boxes:
        assert top >= 0 and left >= 0 and bottom <= 171 and right <= 256 and bottom - top == right - left == 24
    corners = np.array(list(boxes))[:, :2]
    apart = np.abs(corners[:, None] - corners).max(axis=2) + 99 * np.eye(6)
    assert apart.min() >= 12, "no place is shown twice"
    patch, box = figures.best_patches(IMAGE, response, 24)[0], next(iter(boxes))
    assert np.array_equal(patch, IMAGE[box[0]:box[2], box[1]:box[3]])


def test_a_map_without_room_for_a_patch_has_none():
    assert best_boxes(IMAGE, np.ones((10, 16)), 170) == {}


def test_the_toy_tells_rank_mean_and_covariance(shown):
    maps = np.array([[[1, 0], [2, 0]], [[0, 3], [1, 1]]])
    figures.toy(maps, "Two maps.")
    figures.toy(np.array([maps[0], 2 * maps[0]]), "One map, twice.")
    assert shown[0] == ("Two maps. Rank of G 2; mean (0.75, 1.25); covariance (0.688, -0.438; -0.438, 1.19).")
    assert "Rank of G 1" in shown[1]


def test_maps_are_drawn_with_their_patches(shown):
    names = ["a", "b", "c", "d"]
    values = {name: np.random.default_rng(n).uniform(size=(42, 64)) for n, name in enumerate(names)}
    figures.one_map(IMAGE, values["a"], 24, "One map.")
    figures.named_maps(dict.fromkeys(names, IMAGE), {"map 1": values, "map 2": values}, 24, "Two maps.")
    figures.named_maps(dict.fromkeys(names, IMAGE), {"map 1": values}, 24, "A single map.")
    figures.entry(IMAGE, {1: values["a"], 2: values["b"]}, (1, 2), 24, "One entry.")
    assert shown == ["One map.", "Two maps.", "A single map.", "One entry."]


def test_pictures_that_agree_are_told_from_those_that_do_not(shown, monkeypatch):
    drawn = []
    monkeypatch.setattr("matplotlib.axes.Axes.imshow", lambda axis, data, **_: drawn.append(data) or ScalarMappable())
    same = np.broadcast_to(IMAGE[:30, :40], (5, 30, 40, 3))
    noise = np.random.default_rng(2).normal(0, 0.1, same.shape)
    figures.agreement({"alike": same, "not alike": same + noise}, "Two kinds of five.")
    means, apart = drawn[::2], drawn[1::2]
    assert shown == ["Two kinds of five."] and np.abs(means[0] - same[0]).max() < 1e-6
    assert apart[0].max() < 1e-6 and abs(np.sqrt(np.mean(apart[1] ** 2)) - 0.1) < 0.005
