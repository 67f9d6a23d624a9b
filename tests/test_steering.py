"""Steering: whose colours, where, how much of each style, how large. Chapter 07."""

import numpy as np
import pytest

from helpers import colours, figures, images, losses, steering
from helpers.transfer import StyleTransfer, coarse_to_fine

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


# --- where, how much of each, how large

LEFT = np.repeat(np.r_[np.ones(32), np.zeros(32)][None], 43, axis=0)      # of a photograph of 64 × 43 pixels
SMALL = images.load_image("china.jpg", 64)
STYLES = ["swirls.jpg", "glass.jpg"]


@pytest.fixture(scope="module")
def guided():
    return StyleTransfer(SMALL, STYLES, size=64, masks=[LEFT, 1 - LEFT], blend=[1, 3])


def test_a_mask_of_ones_is_no_mask():
    plain, masked = (StyleTransfer(SMALL, "swirls.jpg", size=64, masks=masks) for masks in (None, [np.ones((8, 9))]))
    picture = RNG.uniform(size=SMALL.shape).astype(np.float32)
    (loss, terms, gradient), (expected, as_before, slope) = masked.evaluate(picture), plain.evaluate(picture)
    assert loss == pytest.approx(expected, rel=1e-5) and terms == pytest.approx(as_before, rel=1e-4)
    assert np.linalg.norm(gradient - slope) < 1e-4 * np.linalg.norm(slope)


def test_a_guidance_channel_is_normalised_and_shrinks_by_means():
    mask = RNG.uniform(size=(2, 16, 24)).astype(np.float32)
    guide = steering.guidance(mask, (4, 6)).numpy()
    assert guide.shape == (2, 4, 6) and np.allclose((guide ** 2).sum((1, 2)), 1, atol=1e-6)
    means = mask.reshape(2, 4, 4, 6, 4).mean((2, 4))
    assert np.allclose(guide, means / np.sqrt((means ** 2).sum((1, 2), keepdims=True)), atol=1e-6)
    assert np.allclose(steering.guidance(np.ones((1, 43, 65), np.float32), (5, 8)), 1 / np.sqrt(40), atol=1e-6)


def test_a_split_is_what_masks_that_end_at_the_line_give(guided):
    shapes = [tuple(guide.shape[1:]) for guide in guided.guides]
    for ours, theirs in zip(steering.split(0.5, shapes), guided.guides, strict=True):
        assert ours.shape == theirs.shape and np.abs(ours - theirs).max() < 1e-6
    for share in (0.05, 0.33, 0.95):                             # within a pixel of the coarsest layer too
        for guide, (height, width) in zip(steering.split(share, shapes), shapes, strict=True):
            seen = guide.numpy()[:, 0] * np.sqrt(height)
            assert np.allclose((guide.numpy() ** 2).sum((1, 2)), 1, atol=1e-6)
            assert (seen[0] > 0).sum() == np.ceil(round(share * width, 6)), "left of the line"
            assert (seen[1] > 0).sum() == width - np.floor(share * width), "right of it"


def test_guides_moved_on_the_way_act_from_then_on(guided):
    """As a moved weight does: another loss, and L-BFGS's memory of the old one is dropped."""
    before, kept = guided.evaluate(SMALL)[0], guided.guides
    moved = steering.split(0.25, [tuple(guide.shape[1:]) for guide in kept])

    def watch(evaluation, image, record):
        if evaluation == 3:
            guided.guides = moved
    traces = guided.engine.traces()
    steered = guided.run(6, callback=watch, progress=False)
    guided.guides = kept
    assert len(steered.history) == 6 and guided.engine.traces() == traces
    halfway = guided.run(3, progress=False)
    guided.guides = moved
    rest = guided.run(3, start=halfway.image, progress=False)
    assert guided.evaluate(SMALL)[0] != pytest.approx(before, rel=1e-3)
    guided.guides = kept
    assert [record["loss"] for record in steered.history[3:]] == pytest.approx(
        [record["loss"] for record in rest.history], rel=1e-4)


def test_a_guided_gram_matrix_is_the_regions_own():
    features = RNG.normal(size=(1, 6, 8, 5)).astype(np.float32)
    mask = np.zeros((1, 6, 8), np.float32)
    mask[:, 1:4, 2:5] = 1
    cut = losses.gram_matrix(features[:, 1:4, 2:5])
    assert np.allclose(steering.guided_gram(features, steering.guidance(mask, (6, 8))), cut, atol=1e-5)


def test_each_region_is_held_against_its_own_style(guided):
    layers = dict(guided.engine.network(SMALL[None]))
    terms = guided.evaluate(SMALL)[1]
    for position, name in enumerate(guided.style_layers):
        guides = guided.guides[position]
        apart = [losses.style_loss([steering.guided_gram(layers[name], guides[r:r + 1])],
                                   [guided.style_targets[r][position]]) for r in (0, 1)]
        assert terms[name] == pytest.approx(float(0.25 * apart[0] + 0.75 * apart[1]), rel=1e-3), name


def test_a_region_does_not_see_what_lies_far_outside(guided):
    """In block1_conv1 a mask ends after one pixel; deeper layers see across it."""
    near = StyleTransfer(SMALL, "swirls.jpg", size=64, masks=[LEFT], style_layers=["block1_conv1"], content_weight=0,
                         tv_weight=0)
    gradient = near.evaluate(SMALL)[2]
    assert np.abs(gradient[:, :32]).max() > 0 and np.abs(gradient[:, 33:]).max() < 1e-9
    assert np.abs(guided.evaluate(SMALL)[2][:, 33:]).max() > 0


def test_the_gradient_is_the_slope_with_masks_too(guided):
    picture = RNG.uniform(0.2, 0.8, SMALL.shape).astype(np.float32)
    gradient = guided.evaluate(picture)[2]
    step = 0.02 * gradient / np.linalg.norm(gradient)
    slope = (guided.evaluate(picture + step)[0] - guided.evaluate(picture - step)[0]) / 0.04
    assert slope == pytest.approx(np.linalg.norm(gradient), rel=0.02)


def test_another_blend_and_another_picture_do_not_compile_anew(guided):
    guided.evaluate(SMALL)
    before = guided.engine.traces()
    guided.blend = [0.9, 0.1]
    guided.evaluate(SMALL[::-1])
    other = StyleTransfer(SMALL, STYLES[::-1], size=64, masks=[1 - LEFT, LEFT])
    other.evaluate(SMALL)
    assert other.engine is guided.engine and guided.engine.traces() == before
    guided.blend = [1, 3]


def test_masks_are_pictures_of_any_size_and_fit_at_every_size_of_coarse_to_fine():
    mask = images.to_pil(np.repeat(np.linspace(0, 1, 30)[None, :, None], 20, 0).repeat(3, 2))
    result = coarse_to_fine("china.jpg", "swirls.jpg", (64, 80), 2, progress=False, masks=[mask], style_scale=1.5)
    assert result.image.shape == (54, 80, 3) and len(result.history) == 4


@pytest.mark.parametrize("options, words", [
    ({"masks": [LEFT]}, "there are 1 masks for 2 style images: give one each"),
    ({"masks": [LEFT, 0 * LEFT]}, "mask 2 is black everywhere"),
    ({"masks": [LEFT, LEFT * np.nan]}, "not a picture"), ({"masks": [LEFT, "no such mask.png"]}, "cannot be opened"),
    ({"masks": [LEFT, LEFT], "statistic": len}, "masks weigh Gram matrices"),
    ({"style_scale": 0}, "style_scale is a factor above 0"), ({"style_scale": -1.0}, "style_scale is a factor"),
    ({"style_scale": float("nan")}, "style_scale is a factor"), ({"style_scale": np.inf}, "style_scale is a factor"),
    ({"style_scale": 2, "size": None}, "not 2 on None"), ({"style_scale": 0.2}, "VGG19 needs 32 on each side")])
def test_what_does_not_fit_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        StyleTransfer(SMALL, STYLES, **{"size": 64, **options})


def test_style_scale_is_a_factor_on_the_style_images_size():
    sides = [max(StyleTransfer(SMALL, "swirls.jpg", size=64, **options).styles[0].shape) for options in
             ({}, {"style_scale": 2}, {"style_size": 100, "style_scale": 1.5}, {"style_scale": 0.75})]
    assert sides == [64, 128, 150, 48]
    assert StyleTransfer(SMALL, PHOTO, size=None, jit_compile=False).styles[0].shape == PHOTO.shape


def test_undominated_results_are_those_that_nobody_beats():
    costs = [[1, 4], [2, 2], [2, 3], [4, 1], [3, 3], [2, 2]]
    assert figures.undominated(costs).tolist() == [True, True, False, True, False, True]
    many = RNG.uniform(size=(40, 2))
    free = figures.undominated(many)
    for one, is_free in zip(many, free, strict=True):
        assert is_free == (not any((other <= one).all() and (other < one).any() for other in many))
    assert 0 < free.sum() < 40
