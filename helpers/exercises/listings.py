"""Six short listings for chapter 05, each with one line that is wrong. chapter05_more.py tells which."""

import numpy as np

from helpers.exercises.engine import NotQuite, NotYet, expect

LISTINGS = {
    "gram": """def gram(F):
    rows, columns, maps = F.shape
    flat = F.reshape(rows * columns, maps)
    return flat.T @ flat / maps""",
    "preprocess": """def preprocess(image):
    mean_bgr = np.array([103.939, 116.779, 123.68])
    pixels = 255 * image
    return pixels - mean_bgr""",
    "style": """def style(grams, targets):
    loss = 0.0
    for G, A in zip(grams, targets):
        loss = np.sum((G - A) ** 2) / np.sum(A ** 2)
    return loss / len(targets)""",
    "descend": """def descend(slope, x, steps, rate):
    for k in range(steps):
        gradient = slope(np.clip(x, 0, 1))
        x = x - rate * gradient
    return np.clip(x, 0, 1)""",
    "adam": """def adam(slope, x, steps, rate):
    mean, square = 0.0, 0.0
    for k in range(1, steps + 1):
        gradient = slope(x)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient
        x = x - rate * mean / (1 - 0.9 ** k) / np.sqrt(square / (1 - 0.999 ** k))
    return x""",
    "variation": """def variation(image):
    right = image[:, 1:] - image[:, :-1]
    below = image[:, 1:] - image[:, :-1]
    return np.mean(np.abs(right)) + np.mean(np.abs(below))"""}


def listing(name):
    """Print a listing with its lines numbered."""
    for number, line in enumerate(LISTINGS[name].splitlines(), 1):
        print(f"{number}  {line}")


def mended(name, line, text):
    """→ the listing's function with one line written anew; NotQuite where that makes no function."""
    lines = LISTINGS[name].splitlines()
    if line is ... or text is ...:
        raise NotYet
    if isinstance(line, bool) or not isinstance(line, (int, np.integer)) or not 1 <= line <= len(lines):
        raise NotQuite(f"First the number of the line, from 1 to {len(lines)}, then the line as it should read.")
    if not isinstance(text, str) or not text.strip():
        raise NotQuite('The line as it should read is a text: write it in quotes, "…".')
    old = lines[line - 1]
    lines[line - 1] = old[:len(old) - len(old.lstrip())] + text.strip()
    if lines[line - 1].rstrip() == old:
        raise NotQuite(f"Line {line} is as it was: write it anew, or look at another one.")
    found = {"np": np}
    try:
        exec("\n".join(lines), found)
    except SyntaxError as error:
        raise NotQuite(f"Line {line} is no Python now: {error.msg}.") from None
    if not callable(found.get(name)):
        raise NotQuite(f"Line {line} names the function; keep its name, {name}, and look further down.")
    return found[name]


def as_it_was(name):
    """→ the listing's function with its bug."""
    found = {"np": np}
    exec(LISTINGS[name], found)
    return found[name]


def judge_line(name, line, text, right, wrong, cases, clue):
    """Raise NotQuite unless the listing with the learner's line does on each case what `right` does."""
    function = mended(name, line, text)
    expect(function, right, {f"With that the listing still does what it did. {clue}": as_it_was(name), **wrong}, cases)
