"""Which runs the atlas has: {family/name: {"key": what tells it from its family, "settings": all it depends on}}."""

from helpers import descent
from helpers.transfer import STYLE_LAYERS


def plan():
    """All runs, the families in the order in which they are painted."""
    runs = {}
    for family in (rebuilt, textures, statistics, figure, weights, starts, ways, sizes, hero):
        for key, settings in family():
            name = "-".join(str(value) for value in key.values())
            runs[f"{family.__name__}/{name}"] = {"key": key, "settings": settings}
    return runs


def one_size(size, limit, content="china.jpg", style="swirls.jpg", **more):
    """Settings of a run at one size, in pixels. limit: of evaluations; more: StyleTransfer's options and `start`."""
    return {"content": content, "style": style, "stages": [{"size": size, "limit": limit}], **more}


def rebuilt():
    """Content alone, from noise of all scales: where five seeds agree the layer remembers, where not it is free. What
    they differ in has settled after 300 evaluations in block4 and block5, not in block3; block1's and block2's loss
    is nothing before long."""
    for seed in range(5):
        for block in range(1, 6):
            layer = f"block{block}_conv2"
            limit, keep = (1000, [1, 10, 40, 100, 300]) if block in (2, 3) else (300, [1, 10, 40, 100])
            yield {"layer": layer, "seed": seed}, one_size(
                192, limit, content_layers=[layer], style_layers=["block1_conv1"], style_weight=0.0, tv_weight=0.0,
                pooling="avg", start="clouds", seed=seed, keep=keep)


def textures():
    """Style alone, from grey with a little noise, as in chapter 03; as large as the style picture at 192 px."""
    for statistic in ("gram", "means"):
        for style in ("glass", "swirls"):
            for blocks in range(1, 6):
                yield {"style": style, "blocks": blocks, "statistic": statistic}, one_size(
                    192, 1000, f"{style}.jpg", f"{style}.jpg", content_layers=["block1_conv1"], content_weight=0.0,
                    style_layers=list(STYLE_LAYERS[:blocks]), tv_weight=0.0, pooling="avg", start="grey noise",
                    keep=[10, 40, 100], **({} if statistic == "gram" else {"statistic": statistic}))


def statistics():
    """The palace by each statistic of chapter 08, to the end. Not compiled, as there: XLA is slow at sorting."""
    for style in ("glass", "swirls"):
        for statistic in ("gram", "means", "means_and_spreads", "histograms", "sliced"):
            yield {"style": style, "statistic": statistic}, one_size(
                128, 400, style=f"{style}.jpg", jit_compile=False,
                **({} if statistic == "gram" else {"statistic": statistic}))


def figure():
    """The paper's figure: layer sets by rows, content : style by columns. From the photograph, where the paper began
    with white noise, and without smoothness."""
    for blocks in range(1, 6):
        for style_weight in (1, 5, 25, 125):
            yield {"blocks": blocks, "style_weight": style_weight}, one_size(
                128, 600, style_layers=list(STYLE_LAYERS[:blocks]), style_weight=style_weight, tv_weight=0.0)


def weights():
    """A triangle: four quarters are shared out between content, 10 × style and 20 × smoothness."""
    for content in range(5):
        for style in range(5 - content):
            smooth = 4 - content - style
            yield {"content": content, "style": style, "smoothness": smooth}, one_size(
                128, 600, content_weight=content / 4, style_weight=10 * style / 4, tv_weight=20 * smooth / 4)


def starts():
    """One loss from five starts."""
    for start, seed in (("content", 0), ("noise", 0), ("noise", 1), ("noise", 2), ("style", 0)):
        yield {"start": start, "seed": seed}, one_size(128, 600, start=start, seed=seed, keep=[1, 10, 40, 100])


def ways():
    """One loss, three ways down."""
    for method in descent.METHODS:
        yield {"method": method}, one_size(128, 1000, method=method, keep=[1, 3, 10, 30, 100])


def sizes():
    """One size, a hundred evaluations, against coarse to fine, forty after the coarse ones; all are still falling."""
    for size, coarse in ((448, 192), (256, 128)):
        yield {"size": size, "way": "once"}, one_size(size, 100)
        yield {"size": size, "way": "coarse-to-fine"}, one_size(size, 0) | {
            "stages": [{"size": coarse, "limit": 120}, {"size": size, "limit": 40}]}


def hero():
    """Coarse to fine over three sizes, the photograph held more firmly while the picture is coarse. The middle size
    does most of the work: without it faces and outlines dissolve, and a hundred evaluations more at the fine size do
    not bring them back. Dots take the astronaut's face even so; there a layer nearer to the pixels holds it. They
    end by the eye: sixty evaluations more lower the loss by 7 to 9 %, and draw no line elsewhere. Until it falls by
    less than 2 % in a hundred, eighteen pictures of this size would be hours more."""
    for style in ("swirls", "glass", "geometry", "wave", "dots", "ink"):
        coarse, fine, more = {"content_weight": 2.0}, {}, {}
        if style == "dots":
            coarse, fine, more = {"content_weight": 4.0}, {"content_weight": 2.0}, {"content_layers": ["block3_conv2"]}
        for content in ("china", "astronaut", "cat"):
            yield {"content": content, "style": style}, {
                "content": f"{content}.jpg", "style": f"{style}.jpg",
                "stages": [{"size": 160, "limit": 120, **coarse}, {"size": 288, "limit": 160, **fine},
                           {"size": 448, "limit": 60, **fine}], **more}
