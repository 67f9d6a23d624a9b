"""What the exercises' checks answer: wrong answers, typed as a learner would, and right ones in several spellings.

Each answer of exercise_answers.txt is typed into the gap of the stub that stands in the notebook, and the cell is run.
"""

import inspect
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from helpers import exercises

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
ANSWERS = Path(__file__).with_name("exercise_answers.txt").read_text(encoding="utf-8")
MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)       # as in chapter 01
NUMBER_ALONE = re.compile(r"Where it should be|[^.]* is not right yet: yours is")
SET_UP = {"layer_loss": """
N, M = features.shape[-1], features[..., 0].size
A, B = features.reshape(-1, N), target.reshape(-1, N)
LOSS = np.sum((A.T @ A - B.T @ B) ** 2)
""", "total_loss": """
C, PP = np.sum((F - P) ** 2), np.sum(P ** 2)
T = [np.sum((g - a) ** 2) for g, a in zip(G, A, strict=True)]
AA = [np.sum(a ** 2) for a in A]
S = [t / aa for t, aa in zip(T, AA, strict=True)]
"""}

DESCENT = """
x = image.copy()
for k in range(steps):
    gradient = evaluate(x)[2]
    rate = learning_rate * decay ** (k / decay_steps)
    x = np.clip(x - rate * gradient, 0, 1)
return x
"""
# What stands in DESCENT, what the learner wrote instead, a key of the hint.
SLIPS = [
    ("x - rate", "x + rate", "leads up"),
    ("np.clip(x - rate * gradient, 0, 1)", "x - rate * gradient", "clip after each step"),
    ("x = np.clip(x - rate * gradient, 0, 1)", "x = x - rate * gradient\n    np.clip(x, 0, 1)", "new array"),
    ("x = np.clip(x - rate * gradient, 0, 1)\nreturn x", "x = x - rate * gradient\nreturn np.clip(x, 0, 1)",
     "only at the end"),
    ("np.clip(x - rate * gradient, 0, 1)\nreturn x", "x - rate * gradient\nreturn x.clip(0, 1)", "only at the end"),
    ("* gradient, 0, 1)", "* np.clip(gradient, 0, 1), 0, 1)", "not the gradient"),
    ("gradient, 0, 1)", "gradient, -1, 1)", "−1…1"),
    ("learning_rate * decay ** (k / decay_steps)", "learning_rate", "does not decay"),
    ("decay ** (k / decay_steps)", "0.96 ** (k / 100)", "0.96 and 100"),
    ("decay ** (k / decay_steps)", "0.96 ** (k / decay_steps)", "0.96 into"),
    ("decay ** (k / decay_steps)", "decay ** (k / 100)", "100 into"),
    ("- rate * gradient", "- gradient", "rate is missing"),
    ("learning_rate * decay", "decay", "rate is missing"),
    ("decay ** (k / decay_steps)", "decay ** k", "too fast"),
    ("decay ** (k / decay_steps)", "decay ** (k * decay_steps)", "not k · decay_steps"),
    ("decay ** (k / decay_steps)", "decay ** k / decay_steps", "brackets"),
    ("decay ** (k / decay_steps)", "decay ** (steps / decay_steps)", "stays the same"),
    ("decay ** (k / decay_steps)", "decay ** (1 / decay_steps)", "stays the same"),
    ("decay ** (k / decay_steps)", "decay", "stays the same"),
    ("decay ** (k / decay_steps)", "decay * (k / decay_steps)", "multiplied"),
    ("decay ** (k / decay_steps)", "decay ** (k // decay_steps)", "stairs"),
    ("decay ** (k / decay_steps)", "decay ** (-k / decay_steps)", "grows"),
    ("learning_rate * decay ** (k / decay_steps)", "(learning_rate * decay) ** (k / decay_steps)", "Brackets"),
    ("k / decay_steps", "(k + 1) / decay_steps", "from 0"),
    ("range(steps)", "range(1, steps + 1)", "from 0"),
    ("evaluate(x)", "evaluate(image)", "anew"),
    ("np.clip(x - rate", "np.clip(image - rate", "where the last one ended"),
    ("\nreturn x", "\n    return x", "after the first step"),
    ("range(steps)", "range(steps - 1)", "one step less"),
    ("range(steps)", "range(steps + 1)", "one step more"),
    ("return x", "return image", "start image"),
    ("x = np.clip", "y = np.clip", "start image"),
    ("evaluate(x)[2]", "evaluate(x)[0]", "third"),
    ("evaluate(x)[2]", "evaluate(x)[1]", "third"),
    ("evaluate(x)[2]", "evaluate(x)", "third"),
    ("return x", "x", "return missing"),
    ("return x", "return x, []", "tuple"),
    ("image.copy()", "image\nx -= 0.1", "image.copy"),
    ("gradient = evaluate(x)[2]", "loss, gradient = evaluate(x)[0], evaluate(x)[2]", "each call costs"),
    ("rate = learning_rate *", "rate = (rate if k else learning_rate) *", "had decayed already"),
    ("decay ** (k / decay_steps)", "np.exp(-decay * k / decay_steps)", "#"),
    ("rate * gradient", "rate * gradient / np.linalg.norm(gradient)", "#"),
]
OTHER_DESCENTS = [
    ("[2]", "[-1]"), ("image.copy()", "np.array(image, np.float32)"),
    ("gradient = evaluate(x)[2]", "loss, terms, gradient = evaluate(x)"),
    ("np.clip(x - rate * gradient, 0, 1)", "np.minimum(np.maximum(x - rate * gradient, 0), 1)"),
    ("x = np.clip(x - rate * gradient, 0, 1)", "x -= rate * gradient\n    np.clip(x, 0, 1, out=x)"),
    ("rate = learning_rate * decay ** (k / decay_steps)",
     "rate = rate * decay ** (1 / decay_steps) if k else learning_rate"),
    ("np.clip(x - rate * gradient, 0, 1)", "tf.clip_by_value(x - rate * gradient, 0, 1).numpy()"),
    ("return x", "return tf.constant(x)"), ("return x", "return x.tolist()"),
]


def read_answers():
    """→ wrong: [(check, typed, key)], right: [(check, typed)]."""
    wrong, right = [], []
    for section in re.split(r"(?m)^\[", ANSWERS)[1:]:
        name, lines = section.split("]\n", 1)
        for line in lines.splitlines():
            if line.startswith("wrong"):
                wrong.append((name, *line.removeprefix("wrong").strip().rsplit(" | ", 1)))
            elif line.startswith("right"):
                right.append((name, line.removeprefix("right").strip()))
    wrong += [("gradient_descent", DESCENT.replace(old, new), key) for old, new, key in SLIPS]
    right += [("gradient_descent", DESCENT.replace(old, new)) for old, new in [("", ""), *OTHER_DESCENTS]]
    return wrong, right


def read_stubs():
    """→ {check: (the exercise's number, such as 03.2, and the source of its cell in the notebook)}."""
    found = {}
    for path in sorted(FOLDER.glob("0*.ipynb")):
        number = ""
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                number = (re.findall(r"Exercise (\d+)", source) or [number])[-1]
            elif "exercise" in cell["metadata"].get("tags", []):
                for name in re.findall(r"exercises\.check\(\s*\"(\w+)", source):
                    found[name] = f"{path.stem[:2]}.{number}", source
    return found


WRONG, RIGHT = read_answers()
STUBS = read_stubs()


def judge(name, typed):
    """Type an answer into its stub, run the cell → (verdict, sentence) of its check."""
    source = STUBS[name][1]
    first = re.search(rf"exercises\.check\(\s*\"{name}\",\s*\*?(\w+)", source)[1]
    function = re.search(rf"def {first}\(.*?\n\n\n", source, re.DOTALL)
    stub = filled = function[0] if function else source
    typed = typed.replace("\\n", "\n").strip("\n")
    if "\n" in typed or typed.startswith("return "):
        filled = re.sub(r" +return \.\.\.", lambda _: textwrap.indent(typed, "    "), stub)
    else:
        pieces, around = typed.split(" ;; "), stub.split("...")
        filled = around[0] + "".join(piece + after for piece, after in zip(pieces, around[1:], strict=True))
        filled = re.sub(r"(?m)^    return ", textwrap.indent(SET_UP.get(name, ""), "    ") + "    return ", filled)
    said = {}

    class Desk:
        @staticmethod
        def check(name, *answer):
            said[name] = exercises.judge(name, *answer)
        listing = staticmethod(exercises.listing)
    exec(source.replace(stub, filled), {"np": np, "tf": tf, "MEAN_BGR": MEAN_BGR, "exercises": Desk})
    return said[name]


@pytest.mark.parametrize(("name", "typed", "key"), WRONG)
def test_a_wrong_answer_is_answered_by_its_name(name, typed, key):
    verdict, hint = judge(name, typed)
    assert verdict == "wrong", hint
    assert NUMBER_ALONE.match(hint) if key == "#" else key in hint and not NUMBER_ALONE.match(hint), hint


@pytest.mark.parametrize(("name", "typed"), RIGHT)
def test_a_right_answer_is_right_however_it_is_spelt(name, typed):
    verdict, sentence = judge(name, typed)
    assert verdict == "right", sentence


def test_most_wrong_answers_have_a_name():
    keys = [key for _, _, key in WRONG]
    assert len(keys) >= 300
    assert keys.count("#") <= len(keys) / 10
    for name in exercises.CHECKS:
        assert sum(check == name and key != "#" for check, _, key in WRONG) >= 4, name


def test_a_forgotten_return_is_no_untouched_stub():
    for name, check in exercises.CHECKS.items():
        count = len(inspect.signature(check).parameters)
        assert exercises.judge(name, *[...] * count)[0] == "not yet", name
        verdict, hint = exercises.judge(name, *[None] * count)
        assert verdict == "wrong" and "..." not in hint, name
        if "return ..." in STUBS[name][1]:
            assert exercises.judge(name, lambda *_, **__: ...)[0] == "not yet", name
            verdict, hint = exercises.judge(name, lambda *_, **__: None)
            assert verdict == "wrong" and "is the return missing?" in hint, name
    assert exercises.judge("scaled", 0.25, ..., 1)[0] == "not yet"
    assert exercises.judge("one_kernel", lambda n: (2 * n + 1, ...))[0] == "not yet"


@pytest.mark.parametrize("name", exercises.CHECKS)
def test_whatever_is_handed_over_is_answered(name):
    class Odd:
        def __call__(self, *_, **__):
            return self
    odd = [0, -1, 1e9, 1j, np.nan, np.inf, True, "", "1", b"1", [], {}, (), [[1], [1, 2]], {"A": []}, np.zeros(0),
           object(), np.array([1, "a"], object), np.arange(5.0), tf.constant("a"), Odd(), Odd, print, len, np.sum, abs,
           iter([1])]
    count = len(inspect.signature(exercises.CHECKS[name]).parameters)
    for one in odd:
        for answer in ([one], [one] * count, [lambda *_, one=one, **__: one] * count):
            verdict, sentence = exercises.judge(name, *answer)
            assert verdict == "wrong" and sentence, (name, one)


def test_a_name_that_is_none_is_answered():
    for name in ("no such exercise", len, ["distance"], None):
        assert exercises.judge(name, 1)[0] == "wrong"


def test_a_reader_finds_a_check_by_the_number_of_its_exercise():
    for name, check in exercises.CHECKS.items():
        number = STUBS[name][0]
        assert check.__name__ == name
        assert re.fullmatch(rf"helpers\.exercises\.chapter{number[:2]}(_more)?", check.__module__), name
        assert check.__doc__.startswith(f"Exercise {number}"), name


def test_the_clinic_paints_its_patients_and_leaves_the_healthy_transfer_as_it_was():
    class Transfer:
        content, styles = np.full((4, 5, 3), 0.5, np.float32), [np.ones((8, 5, 3), np.float32)]

        def __init__(self):
            self.style_targets = [[np.ones((2, 2))]]

        def evaluate(self, image):
            goal = float(self.style_targets[0][0][0, 0]) * 0.3
            return float(np.sum((image - goal) ** 2)), {}, 2 * (image - goal)
    healthy, start = Transfer(), Transfer.content
    patients = exercises.patients(healthy, Transfer(), Transfer(), Transfer(), start, 4, lambda: (start, [1.0]))
    assert sorted(patients) == list("ABCDEFG") and healthy.style_targets[0][0][0, 0] == 1
    assert patients["C"][0].mean() > patients["A"][0].mean()          # the Gram matrices are not divided
    assert all(image.shape == (4, 5, 3) and losses for image, losses in patients.values())


def test_the_checks_load_without_what_is_heavy():
    code = "import sys; from helpers import exercises; print([m for m in ('tensorflow', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
