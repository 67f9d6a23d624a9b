"""The patients of chapter 05's clinic, and what ails them. Reading on spoils exercise 05.4."""

import numpy as np

BUGS = {"swapped": "The picture's colours are those of another: look for what should be blue, and is red.",
        "gram": "Hardly any style arrived, though its distance is what the loss is made of. Which target has a size "
                "that cannot be reached?",
        "clamped": "Its loss falls for a while, then leaps and stays. Where did you see that curve?",
        "rate": "The loss leaps a hundredfold in the first steps. What makes a step far too long?",
        "deep": "The curve is healthy, and so is the distance to the style: what does the chart say of the photograph?",
        "squeezed": "The curve is healthy. Compare the shapes of the strokes with the style image's.",
        "healthy": "Its loss falls without a leap, and is still falling at the end. Where did it begin?",
        "smooth": "", "uphill": "", "forgotten": ""}
# What a wrong diagnosis would show. The last three are nobody's.
SIGNS = {"swapped": "red and blue would have changed places", "gram": "hardly any style would have arrived",
         "clamped": "the loss would fall, then leap and stay", "rate": "the loss would leap in the first steps",
         "deep": "the photograph's drawing would be lost", "squeezed": "the strokes would have another shape",
         "healthy": "the loss would fall steadily, and the chart would come down with it",
         "smooth": "the picture would be blurred, without strokes or edges",
         "uphill": "the loss would rise, a little with each step",
         "forgotten": "the picture would be the photograph, pixel by pixel"}
PATIENTS = {"A": "deep", "B": "rate", "C": "gram", "D": "healthy", "E": "squeezed", "F": "clamped", "G": "swapped"}


def patients(transfer, larger, squeezed, deep, start, steps, clamped):
    """Six transfers with one bug each, and one that is only unfinished: {letter: (image, [loss, …])}.

    transfer: the healthy StyleTransfer; larger, squeezed: the same with another size or shape of the style image;
    deep: with block5_conv2 as content. clamped: a function, a descent that clips inside, → (image, losses).
    """
    from helpers import descent  # here: the checks themselves shall load without SciPy

    def swapped(image):
        loss, terms, gradient = transfer.evaluate(np.ascontiguousarray(image[..., ::-1]))
        return loss, terms, gradient[..., ::-1]

    def undivided(image):
        # Sums instead of means on both sides: the target is too large by the ratio of the positions.
        grams, ratio = transfer.style_targets, larger.styles[0].size / transfer.content.size
        transfer.style_targets = [[gram * ratio for gram in larger.style_targets[0]]]
        try:
            return transfer.evaluate(image)
        finally:
            transfer.style_targets = grams

    noise = np.random.default_rng(0).uniform(size=start.shape).astype(np.float32)
    runs = {"swapped": descent.lbfgs(swapped, start, steps), "gram": descent.lbfgs(undivided, start, steps),
            "rate": descent.adam(transfer.evaluate, start, steps, learning_rate=0.02 * 255),
            "deep": descent.lbfgs(deep.evaluate, start, steps),
            "squeezed": descent.lbfgs(squeezed.evaluate, start, steps),
            "healthy": descent.lbfgs(transfer.evaluate, noise, steps)}
    pairs = {name: (run.image, [record["loss"] for record in run.history]) for name, run in runs.items()}
    pairs["clamped"] = clamped()
    return {letter: pairs[name] for letter, name in PATIENTS.items()}
