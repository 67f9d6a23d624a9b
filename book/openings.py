"""The figure at the head of each chapter's page: pictures that exist already, side by side, cut to one shape."""

import html
import io

from draw import ROOT
from PIL import Image, ImageOps

WIDE = 810               # pixels of all pictures of a figure together, a little more than a page shows
SHAPE = 1.5              # width ÷ height of each
STUDIO = (9, 155, 708, 621)          # where the picture lies in a frame of the recorded session

# {chapter: (what the figure says, [(file, what it shows), …])}. The files in book/openings are cut out of chapter 01's
# own figure; #26 is that frame of the recorded session.
OPENINGS = {
    "00": ("A photograph, a rose window, and the photograph in the window's manner.", [
        ("data/content/astronaut.jpg", "An astronaut in an orange suit before a flag and a model of a shuttle."),
        ("data/style/glass.jpg", "A round window of small panes in red, blue and yellow, with black leads."),
        ("data/atlas/hero/astronaut-glass.jpg", "The astronaut, made of coloured panes with dark outlines.")]),
    "01": ("Made to excite one map of block2_conv2, one of block3_conv3, one of block4_conv2: edges, scales, eyes.", [
        ("book/openings/block2_conv2.webp", "Upright wavy stripes in magenta and green."),
        ("book/openings/block3_conv3.webp", "Rows of small arcs over each other, like scales."),
        ("book/openings/block4_conv2.webp", "Round dark spots with rings about them, like eyes.")]),
    "02": ("What four depths remember of a photograph: block1_conv2, block3_conv2, block4_conv2, block5_conv2.", [
        ("data/atlas/rebuilt/block1_conv2-0.jpg", "A palace tower above a lake, as in the photograph."),
        ("data/atlas/rebuilt/block3_conv2-0.jpg", "The same tower and sky; leaves and thin edges are rougher."),
        ("data/atlas/rebuilt/block4_conv2-0.jpg", "The tower's outlines stand; much of its colour is noise."),
        ("data/atlas/rebuilt/block5_conv2-0.jpg", "A field of coloured stripes that bend where the tower was.")]),
    "03": ("A window, and three textures grown from noise with its Gram matrices: of one block, three, five.", [
        ("data/style/glass.jpg", "A round window of small panes in red, blue and yellow, with black leads."),
        ("data/atlas/textures/glass-1-gram.jpg", "Specks in the window's colours, without any form."),
        ("data/atlas/textures/glass-3-gram.jpg", "Small panes with dark outlines, strewn about."),
        ("data/atlas/textures/glass-5-gram.jpg", "Panes with dark outlines, some of them in rings and arcs.")]),
    "04": ("Which terms make what: content alone, style alone, content with smoothness, all three.", [
        ("data/atlas/weights/4-0-0.jpg", "The photograph of a palace tower, unchanged."),
        ("data/atlas/weights/0-4-0.jpg", "Swirling strokes and stars in blue and yellow; the tower is gone."),
        ("data/atlas/weights/2-0-2.jpg", "The tower of the photograph, pale and soft, as in a fog."),
        ("data/atlas/weights/2-1-1.jpg", "The tower with its own lines, under broad, smooth strokes.")]),
    "05": ("One descent with L-BFGS: after 3, 10 and 30 evaluations of the loss, and where it ends.", [
        ("data/atlas/ways/lbfgs-at3.jpg", "A palace tower as in the photograph, with a dark grain."),
        ("data/atlas/ways/lbfgs-at10.jpg", "The first strokes, in the sky and in the bushes."),
        ("data/atlas/ways/lbfgs-at30.jpg", "Strokes everywhere, in the painting's blue and yellow."),
        ("data/atlas/ways/lbfgs.jpg", "The tower in blue and yellow swirls.")]),
    "06": ("One picture, steered while it was painted: Style in its middle, then off, then far to the right.", [
        ("data/studio.webp#11", "A palace tower in swirling strokes."),
        ("data/studio.webp#26", "The strokes are fainter, and the tower's lines are back."),
        ("data/studio.webp#47", "Strokes and swirls have gone over the tower's lines.")]),
    "07": ("How much style, and which: of one block or of five, with little weight or a hundred times more.", [
        ("data/atlas/figure/1-1.jpg", "One block, little weight: a blue tower above yellow bushes, their forms kept."),
        ("data/atlas/figure/1-125.jpg", "One block, much weight: the same forms, with more yellow in the sky."),
        ("data/atlas/figure/5-1.jpg", "Five blocks, little weight: the tower's lines, pale rings in the sky."),
        ("data/atlas/figure/5-125.jpg", "Five blocks, much weight: strokes and yellow stars, and the tower gone.")]),
    "08": ("One photograph, one window, four answers to what style is: Gram matrices, means, histograms, sliced "
           "Wasserstein distance.", [
        ("data/atlas/statistics/glass-gram.jpg", "A palace tower of coloured panes; round ones lie over its roofs."),
        ("data/atlas/statistics/glass-means.jpg", "The tower with clear roofs and dark storeys, panes in the sky."),
        ("data/atlas/statistics/glass-histograms.jpg", "Much the same, with finer panes in the sky and the bushes."),
        ("data/atlas/statistics/glass-sliced.jpg", "The clearest tower, the palest panes in the sky.")]),
}


def opening(chapter, address_of):
    """The HTML of a chapter's figure. address_of: puts the bytes of a file beside the pages, → its address."""
    caption, pictures = OPENINGS[chapter]
    width = WIDE // len(pictures)
    size = (width, round(width / SHAPE))
    shown = "".join(f'<img src="{address_of(webp(cut(source, size), quality=74))}" alt="{html.escape(alt)}" '
                    f'width="{size[0]}" height="{size[1]}">' for source, alt in pictures)
    return (f'<figure class="opening"><div style="--columns:{len(pictures)}">{shown}</div>'
            f'<figcaption>{html.escape(caption)}</figcaption></figure>')


def cut(source, size):
    """A picture of OPENINGS → a PIL image of a size, in pixels. Of a tall one the lower part goes: heads stay."""
    path, _, frame = source.partition("#")
    with Image.open(ROOT / path) as opened:
        if frame:
            opened.seek(int(frame))
        picture = opened.convert("RGB").crop(STUDIO) if frame else opened.convert("RGB")
    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS, centering=(0.5, 0.0))


def webp(picture, **how):
    """A PIL image → the bytes of a WebP. how: Pillow's options."""
    data = io.BytesIO()
    picture.save(data, "WEBP", **how)
    return data.getvalue()
