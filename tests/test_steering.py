"""Steering: whose colours, where, how much of each style, how large. Chapter 07."""

import numpy as np
import pytest

from helpers import colours, images

RNG = np.random.default_rng(7)
PHOTO, PAINTING = images.load_image("china.jpg", 96), images.load_image("swirls.jpg", 80)


# --- colours

@pytest.mark.parametrize("root", ["symmetric", "cholesky"])
@pytest.mark.parametrize("style, content", [("swirls", "china"), ("glass", "flower"), ("geometry", "astronaut")])
def test_matched_colours_have_the_contents_mean_and_covariance(style, content, root):
    style, content = images.load_image(f"{style}.jpg", 80), images.load_image(f"{content}.jpg", 96)
    matched = colours.match_colours(style, content, root)
    assert matched.shape == style.shape and matched.dtype == np.float32
    assert np.abs(colours.covariance(matched) - colours.covariance(content)).max() < 1e-6
    means = [np.mean(image, (0, 1), dtype=np.float64) for image in (matched, content)]
    assert np.abs(means[0] - means[1]).max() < 1e-6


def test_the_symmetric_root_knows_no_order_of_the_channels_and_cholesky_does():
    def through(root):
        """Matched with the channels turned round before and back afterwards."""
        return colours.match_colours(PAINTING[..., ::-1], PHOTO[..., ::-1], root)[..., ::-1]
    assert np.allclose(through("symmetric"), colours.match_colours(PAINTING, PHOTO), atol=1e-5)
    assert np.abs(through("cholesky") - colours.match_colours(PAINTING, PHOTO, "cholesky")).max() > 0.05


def test_a_picture_matched_to_itself_stays_as_it_is():
    for root in ("symmetric", "cholesky"):
        assert np.allclose(colours.match_colours(PHOTO, PHOTO, root), PHOTO, atol=1e-5)
    assert np.allclose(colours.match_luma(PHOTO, PHOTO), colours.luma(PHOTO)[..., None], atol=1e-6)


def test_colours_that_cannot_be_matched_are_named():
    grey = np.repeat(RNG.uniform(size=(9, 8, 1)), 3, axis=2)
    for style, content, name in ((grey, PHOTO, "style"), (PHOTO, grey, "content")):
        for root in ("symmetric", "cholesky"):
            with pytest.raises(ValueError, match=f"the {name} image's colours do not spread.*match_luma"):
                colours.match_colours(style, content, root)
    with pytest.raises(ValueError, match='a root is "symmetric" or "cholesky", not \'qr\''):
        colours.match_colours(PAINTING, PHOTO, "qr")


def test_matched_luma_has_the_contents_mean_and_spread_and_is_grey():
    matched = colours.match_luma(PAINTING, PHOTO)
    assert matched.shape == PAINTING.shape and np.ptp(matched, axis=2).max() == 0
    assert matched.mean() == pytest.approx(colours.luma(PHOTO).mean(), abs=1e-6)
    assert matched[..., 0].std() == pytest.approx(colours.luma(PHOTO).std(), abs=1e-6)
    order = np.argsort(colours.luma(PAINTING).ravel())
    assert (np.diff(matched[..., 0].ravel()[order]) > -1e-6).all(), "what was brighter stays brighter"
    assert np.allclose(colours.match_luma(np.full((4, 4, 3), 0.3), PHOTO), colours.luma(PHOTO).mean())


def test_luma_and_chroma_take_a_colour_apart():
    grey = np.full((2, 3, 3), 0.4)
    assert np.allclose(colours.luma(grey), 0.4) and np.allclose(colours.chroma(grey), 0, atol=1e-4)
    red, blue = np.eye(3)[0], np.eye(3)[2]
    assert colours.luma(red) > colours.luma(blue)
    assert np.linalg.norm(colours.chroma(red)) > 0.5 and np.linalg.norm(colours.chroma(blue)) > 0.4


def test_kept_colours_keep_the_chroma_wherever_nothing_is_clipped():
    painted = np.clip(PHOTO + RNG.normal(0, 0.1, PHOTO.shape), 0, 1)
    mixed = colours.keep_colours(painted, PHOTO)
    inside = ((mixed > 0) & (mixed < 1)).all(axis=2)
    assert inside.mean() > 0.5
    assert np.allclose(colours.chroma(mixed)[inside], colours.chroma(PHOTO)[inside], atol=1e-3)
    assert np.allclose(colours.luma(mixed)[inside], colours.luma(painted)[inside], atol=1e-5)
