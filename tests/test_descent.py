"""The three ways down, on losses whose minimum is known."""

import gc
import weakref

import numpy as np
import pytest
from scipy.optimize import fmin_l_bfgs_b

from helpers import descent
from helpers.descent import METHODS

RNG = np.random.default_rng(0)
TARGET = RNG.uniform(0.2, 0.8, (4, 5, 3)).astype(np.float32)
STEEPNESS = RNG.uniform(0.5, 2, TARGET.shape).astype(np.float32)
START = np.full(TARGET.shape, 0.5, np.float32)
OPTIONS = {"gradient_descent": {"learning_rate": 0.4}, "adam": {"learning_rate": 0.05}, "lbfgs": {}}


def bowl(image, target=TARGET):
    """½ Σ a (x − t)², whose minimum is t."""
    difference = image - target
    loss = float(0.5 * np.sum(STEEPNESS * difference ** 2))
    return loss, {"half": loss / 2}, (STEEPNESS * difference).astype(np.float32)


def valley(image):
    """Rosenbrock's curved valley through 0…1, pixel by pixel with its neighbour; minimum at 1."""
    x = image.reshape(-1).astype(float)
    gap = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[1:] += 20 * gap
    gradient[:-1] += -40 * gap * x[:-1] - 2 * (1 - x[:-1])
    return float(np.sum(10 * gap ** 2 + (1 - x[:-1]) ** 2)), {}, gradient.reshape(image.shape).astype(np.float32)


@pytest.mark.parametrize("name", METHODS)
def test_finds_the_bottom(name):
    result = METHODS[name](bowl, START, 200, **OPTIONS[name])
    assert np.abs(result.image - TARGET).max() < 0.01
    assert result.image.dtype == np.float32 and result.image.shape == START.shape
    assert result.history[-1]["loss"] < 1e-3 * result.history[0]["loss"]
    assert not result.stopped


@pytest.mark.parametrize("name", METHODS)
def test_stays_within_the_bounds(name):
    outside = np.where(TARGET > 0.5, 1.5, -0.5)
    seen = []
    result = METHODS[name](lambda x: bowl(x, outside), START, 100, lambda n, x, record: seen.append(x.copy()),
                           **OPTIONS[name])
    assert np.array_equal(result.image, np.clip(outside, 0, 1).astype(np.float32))
    assert all(x.min() >= 0 and x.max() <= 1 for x in seen)


@pytest.mark.parametrize("name", METHODS)
def test_history_and_callback_agree(name):
    seen = []
    result = METHODS[name](bowl, START, 7, lambda n, x, record: seen.append((n, bowl(x)[0], record)), **OPTIONS[name])
    assert [n for n, _, _ in seen] == [record["evaluation"] for record in result.history] == list(range(1, 8))
    assert [loss for _, loss, _ in seen] == [record["loss"] for record in result.history]
    assert result.history[0]["half"] == result.history[0]["loss"] / 2
    times = [record["seconds"] for record in result.history]
    assert times == sorted(times) and times[0] > 0


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("stop", [1, 2, 5])
def test_stops_at_any_evaluation(name, stop):
    result = METHODS[name](bowl, START, 50, lambda n, x, record: n == stop, **OPTIONS[name])
    assert len(result.history) == stop and result.stopped


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("steps", [0, 1, 2, 13])
def test_takes_no_more_evaluations_than_asked(name, steps):
    calls = []
    result = METHODS[name](lambda x: calls.append(1) or valley(x), START, steps, **OPTIONS[name])
    assert len(calls) == len(result.history) == steps
    if steps == 0:
        assert np.array_equal(result.image, START)


@pytest.mark.parametrize("name", METHODS)
def test_the_picture_is_the_one_the_history_speaks_of(name):
    options = {} if name == "lbfgs" else {"learning_rate": 0.01}
    result = METHODS[name](valley, START, 30, **options)
    loss = valley(result.image)[0]
    expected = min(r["loss"] for r in result.history) if name == "lbfgs" else result.history[-1]["loss"]
    assert loss == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_an_interrupt_keeps_the_picture(name):
    def interrupted(x, calls=[]):                    # noqa: B006 - counts the calls
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return bowl(x)
    result = METHODS[name](interrupted, START, 50, **OPTIONS[name])
    assert len(result.history) == 5 and result.stopped
    assert bowl(result.image)[0] < bowl(START)[0]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_loss_that_is_no_number_ends_it_with_the_last_good_picture(name, bad, where):
    def breaks(x, calls=[]):                         # noqa: B006 - counts the calls
        calls.append(1)
        loss, terms, gradient = bowl(x)
        if len(calls) == 3:
            return (bad, {**terms, "half": bad}, gradient) if where == "loss" else (loss, terms, gradient * bad)
        return loss, terms, gradient
    with pytest.warns(UserWarning, match="no number at evaluation 3: lower the weights of the loss") as told:
        result = METHODS[name](breaks, START, 50, **OPTIONS[name])
    assert ("learning_rate" in result.diverged) == (name != "lbfgs")
    assert result.diverged == str(told[0].message) and result.stopped and not result.interrupted
    assert len(result.history) == 2 and bowl(result.image)[0] == result.history[-1]["loss"] < bowl(START)[0]


@pytest.mark.parametrize("name", METHODS)
def test_a_loss_that_is_no_number_from_the_start_names_its_term(name):
    bad = float("nan")
    terms = {"the first": 1.0, "the second": bad, "the third": bad, "the fourth": bad}
    with pytest.warns(UserWarning, match="evaluation 1: the fourth is no number from the start, leave it out or take"):
        result = METHODS[name](lambda x: (bad, terms, bowl(x)[2]), START, 50, **OPTIONS[name])
    assert np.array_equal(result.image, START) and result.history == [] and result.diverged and result.stopped
    plain = descent.Result(START)
    assert not plain.stopped and not plain.interrupted and not plain.diverged


@pytest.mark.parametrize("name", METHODS)
def test_other_errors_pass_through(name):
    def broken(x):
        raise RuntimeError("out of memory")
    with pytest.raises(RuntimeError, match="out of memory"):
        METHODS[name](broken, START, 5)


@pytest.mark.parametrize("name", METHODS)
def test_does_not_write_into_the_start(name):
    start = START.copy()
    METHODS[name](bowl, start, 5, **OPTIONS[name])
    assert np.array_equal(start, START)


def test_lbfgs_bends_with_the_valley():
    """Curvature pays: the loss that gradient descent has after 300 evaluations, in a fifth of them."""
    slow = descent.gradient_descent(valley, START, 300, learning_rate=0.005, decay=1.0)
    fast = descent.lbfgs(valley, START, 60)
    assert min(r["loss"] for r in fast.history) < slow.history[-1]["loss"]


def test_gradient_descent_is_the_formula():
    result = descent.gradient_descent(bowl, START, 3, learning_rate=0.1, decay=0.5, decay_steps=1)
    x = START
    for rate in (0.1, 0.05):
        x = x - rate * STEEPNESS * (x - TARGET)
    assert np.allclose(result.image, x, atol=1e-6)


def test_adams_first_step_has_the_length_of_the_learning_rate():
    result = descent.adam(bowl, START, 2, learning_rate=0.03)
    assert np.allclose(np.abs(result.image - START), 0.03, atol=1e-4)


def test_lbfgs_ends_when_there_is_no_way_down():
    result = descent.lbfgs(bowl, TARGET.copy(), 50)
    assert len(result.history) < 50 and not result.stopped


@pytest.mark.parametrize("memory", [3, 20])
@pytest.mark.parametrize("loss", [bowl, valley])
def test_lbfgs_is_scipys_evaluation_by_evaluation(loss, memory):
    """`descent` calls SciPy's compiled core; this is the public call. It fails if another SciPy has another core."""
    theirs = []

    def value_and_gradient(flat):
        theirs.append(flat.reshape(START.shape).astype(np.float32))
        value, _, gradient = loss(theirs[-1])
        return value, gradient.reshape(-1).astype(np.float64)
    fmin_l_bfgs_b(value_and_gradient, START.reshape(-1).astype(np.float64), bounds=[(0, 1)] * START.size, m=memory,
                  factr=0, pgtol=0, maxiter=40, maxfun=40)
    ours = []
    descent.lbfgs(loss, START, 40, lambda n, image, record: ours.append(image.copy()), memory=memory)
    # At the very bottom one of the two asks twice for the same picture.
    ours, theirs = ([p for p, before in zip(pictures, [None, *pictures], strict=False)
                     if before is None or not np.array_equal(p, before)] for pictures in (ours, theirs))
    assert min(len(ours), len(theirs)) >= 20
    for n, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        assert np.array_equal(a, b), f"evaluation {n + 1}"


@pytest.mark.parametrize("name", METHODS)
def test_nothing_of_a_descent_stays_in_memory(name):
    """Its arrays are 47 MB at 256 px: they go at once, not when the collector comes by."""
    def run():
        def stop(n, image, record):
            return n == 3
        seen.append(weakref.ref(stop))
        METHODS[name](valley, START, 30, stop)
        METHODS[name](valley, START, 4, lambda n, image, record, held=stop: None)
    seen = []
    gc.collect()
    gc.disable()
    try:
        run()
        assert seen[0]() is None
    finally:
        gc.enable()
