"""What the studio says: hints, titles, what a setting does. Chapter 06."""

from helpers import images
from helpers.studio.settings import NEUTRAL
from helpers.transfer import STYLE_LAYERS

HINTS = {"content_weight": "Watch outlines: do roofs and eyes stay where they are?",
         "style_weight": "Watch flat areas: the sky takes on strokes first.",
         "tv_weight": "Watch the finest grain: it goes first, then the edges.",
         "layers": "block1 is colour and grain, block5 the largest strokes; only their ratios count.",
         "blend": "Watch the colours: they move before the strokes.",
         "split": "First style left of the line, second right of it. A moved line begins a new picture.",
         "pooling": "Average is a little softer. The picture goes on from where it is.",
         "size": "Strokes keep their size in pixels: in a larger picture they are finer. Time grows with the area.",
         "start": "From noise, shapes come out of the fog. A new start puts the picture so far aside.",
         "method": "Watch the curve: L-BFGS falls furthest for each evaluation.",
         "keep_colours": "Only brightness comes from the painting: strokes stay, its palette goes."}


def title(settings, evaluation):
    """What is seen: "china", or "china in the manner of swirls and ink" once it has been painted."""
    if not evaluation:
        return settings.content
    return f"{settings.content} in the manner of {settings.style}{' and ' + settings.second if settings.second else ''}"


def explain(settings):
    """Two sentences about what a setting does to the picture, and the chapter that explains it: (text, notebook)."""
    s, active = settings, [name for name, weight in zip(STYLE_LAYERS, settings.layer_weights, strict=True) if weight]
    ratio = (s.style_weight / NEUTRAL["style_weight"]) / max(s.content_weight, 1e-9)
    cases = [
        (s.content_weight == 0 and s.style_weight == 0, "Neither picture is asked for, so only smoothness acts. "
         "It irons out whatever is there.", "04_total_loss"),
        (s.style_weight == 0, "Nothing asks for the style, so the picture becomes what one deep layer remembers of "
         "the photograph. From the photograph itself that changes almost nothing: start from noise to see it come "
         "back.", "02_content_loss"),
        (not active, "All five layers are off, so the style has no say. Switch at least one on.", "03_style_loss"),
        (s.content_weight == 0, "Nothing holds the photograph, so only the Gram matrices decide, and they do not "
         "know where things are. The picture drifts towards a texture; from noise it is one from the start.",
         "03_style_loss"),
        (len(active) == 1, f"Only {active[0] if active else ''} speaks for the style. Near the input it is colour "
         "and fine grain, deeper it is strokes and larger shapes.", "03_style_loss"),
        (ratio >= 10, "The style counts so much that the photograph gives way. Its outlines break up into strokes, "
         "and raising the weight further changes less and less.", "04_total_loss"),
        (ratio <= 0.1, "The photograph counts so much that only colours and fine grain of the style come through. "
         "The content distance stays low, the style distance high.", "04_total_loss"),
        (s.tv_weight >= 5, "Smoothness wins over detail: neighbouring pixels become alike. Flat areas with sharp "
         "borders remain, as in a poster.", "04_total_loss"),
        (s.parted, "Each style has its own Gram matrices, taken over its own side of the line alone. Deep layers see "
         "across it, so the strokes meet; the blend is what each side counts.", "07_steering"),
        (bool(s.second), "The target is a mixture of two Gram matrices, so both manners appear everywhere in the "
         "picture, not side by side. Move the blend and watch the colours first.", "03_style_loss"),
        (s.keep_colours, "Only brightness is taken from the painting; the colours are the photograph's. Strokes "
         "remain, the palette goes.", "06_studio"),
        (s.method != "lbfgs", "This method looks at the slope alone and takes many small steps. L-BFGS learns the "
         "curvature from its last steps and gets further with each.", "05_gradient_descent"),
        (s.start == "noise", "Starting from noise, the content must be found first; broad shapes come before fine "
         "ones. Another start ends in another picture of nearly the same loss.", "05_gradient_descent"),
        (s.pooling == "avg", "Average pooling passes the gradient to every pixel, maximum pooling to one in four. "
         "The picture gets a little softer, as Gatys et al. found.", "01_cnn_activations")]
    for applies, text, notebook in cases:
        if applies:
            return text, notebook
    return ("Content and style pull with about equal force: objects stay where they are, surfaces take on strokes and "
            "colours. The style distance falls fast; the content distance rises first and comes down again slowly."
            ), "04_total_loss"


def sentence(error):
    """An exception as one line for the status."""
    words = " ".join(str(error).split())[:300] or type(error).__name__
    return words if isinstance(error, (images.ImageError, ValueError)) else f"{type(error).__name__}: {words}"
