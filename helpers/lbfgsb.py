"""SciPy's L-BFGS-B with the bounds 0…1, by its compiled core where that is the one known here. For `descent`.

Byrd, Lu, Nocedal, Zhu 1995, "A Limited Memory Algorithm for Bound Constrained Optimization". Chapter 05.
"""

import contextlib
import functools
import threading

import numpy as np
from scipy import optimize
from scipy.linalg import lapack
from threadpoolctl import ThreadpoolController

BOTH_BOUNDS, NEW_ITERATION, EVALUATE = 2, 1, 3          # the numbers that the core speaks in


class _Enough(Exception):
    """The trial run has seen enough."""


def minimize(ask, x, memory):
    """Go down from x, float64 (n,), until `ask` raises or there is no way further down.

    ask(x) → (loss, gradient): float, float64 (n,). memory: how many steps' curvature is remembered.
    """
    with one_blas_thread():
        (known_core() or public)(ask, x, memory)


def public(ask, x, memory):
    """By SciPy's documented call."""
    optimize.fmin_l_bfgs_b(ask, x, bounds=[(0, 1)] * x.size, m=memory, factr=0, pgtol=0, maxiter=10 ** 9,
                           maxfun=10 ** 9)


def compiled(ask, x, memory, integers, arguments=17):
    """The same, evaluation by evaluation, by the compiled core of that call. Changes x.

    The documented call reads the bounds pixel by pixel in Python, 0.8 s for 256 pixels, 3 s for 512, at each start
    and each weight moved; this does not. integers, arguments: how the core is called, see `known_core`.
    """
    n, task = x.size, np.zeros(2, integers)
    bounds = np.zeros(n), np.ones(n), np.full(n, BOTH_BOUNDS, integers)
    state = (np.zeros(2 * memory * n + 5 * n + 11 * memory ** 2 + 8 * memory), np.zeros(3 * n, integers), task,
             np.zeros(4, integers), np.zeros(44, integers), np.zeros(29), 20, np.zeros(2, integers))
    loss, gradient = 0.0, np.zeros(n)
    while task[0] in (0, NEW_ITERATION, EVALUATE):         # 0: the start; any other: no way further down
        optimize._lbfgsb.setulb(memory, x, *bounds, loss, gradient, 0.0, 0.0, *state[:arguments - 9])    # changes x
        if task[0] == EVALUATE:
            loss, gradient = ask(x)


@functools.cache
def known_core():
    """`compiled` as SciPy's core wants to be called, or None where it does something else than the documented call.

    Since SciPy 1.15 it takes 17 arguments, one fewer where the line search keeps no state; from 1.18 on its integers
    are as wide as those of SciPy's linear algebra.
    """
    integers = np.int64 if getattr(lapack, "HAS_ILP64", False) else np.int32
    cores = [functools.partial(compiled, integers=integers, arguments=count) for count in (17, 16)]
    expected = _places(public)
    for core in cores:
        try:
            places = _places(core)
        except (AttributeError, TypeError, ValueError):    # another core, or none
            continue
        # At the very bottom one of the two may ask again for the same place.
        if len(places) > 3 and all(np.array_equal(a, b) for a, b in zip(expected, places, strict=False)):
            return core
    return None


def _places(minimizer):
    """Where a minimizer asks on its way down a small bowl whose bottom lies outside the bounds."""
    asked, steepness, bottom = [], np.array([1.0, 3.0, 9.0]), np.array([0.3, 0.5, 1.2])

    def bowl(x):
        if len(asked) == 12:
            raise _Enough
        asked.append(x.copy())
        return float(np.sum(steepness * (x - bottom) ** 2)), 2 * steepness * (x - bottom)
    with contextlib.suppress(_Enough):
        minimizer(bowl, np.zeros(3), 5)
    return asked


# Looked for here, where no descent runs yet: while it looks for the libraries, another thread that loads one of its own
# waits for it, and it for that thread, for ever (threadpoolctl issue 239).
_libraries = ThreadpoolController()
_running, _running_lock = contextlib.ExitStack(), threading.Lock()
_count = 0


@contextlib.contextmanager
def one_blas_thread():
    """SciPy's own threads go on spinning while the network computes, and take a core away from it: one while any
    descent runs. The limit is the process's, so the first one sets it and the last one lifts it."""
    global _count
    with _running_lock:
        _count += 1
        if _count == 1:
            _running.enter_context(_libraries.limit(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _running_lock:
            _count -= 1
            if _count == 0:
                _running.close()
