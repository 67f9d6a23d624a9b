"""The checks of chapter 06: what the small studio needs besides. Each is run as the studio would run it."""

import queue
from types import SimpleNamespace

import numpy as np

from helpers.exercises.engine import NotQuite, expect, register, value


class Posted(queue.SimpleQueue):
    """A queue whose `get` does not wait for ever where nothing is left, and which says why it cannot be looped over."""

    def get(self, block=True, timeout=None):
        if self.empty() and block:
            raise NotQuite("get() waits for a message, and here for ever: ask empty() before each get().")
        return super().get(block, timeout)

    def __iter__(self):
        raise NotQuite("A queue cannot be gone through with for: while it is not empty, take one message with get().")


@register
def take(answer):
    """Exercise 06.1: all messages out of the queue, in their order, each onto its own weight; → their number."""
    def outcome(function):
        def on(messages):
            posted, transfer = Posted(), SimpleNamespace(content_weight=1.0, style_weight=10.0, tv_weight=0.5)
            for message in messages:
                posted.put(message)
            count = function(posted, transfer)
            if value(count).shape != ():
                raise NotQuite("Return one number: how many messages there were.")
            weights = [getattr(transfer, name) for name in ("content_weight", "style_weight", "tv_weight")]
            return np.array([count, *weights, posted.qsize()], np.float64)
        return on

    def every(posted, transfer, count=None, which=lambda name: name, keep=False, change=lambda old, new: new):
        seen = 0
        while not posted.empty():
            name, number = posted.get()
            seen += 1
            if which(name) and not (keep and seen > 1):
                setattr(transfer, which(name), change(getattr(transfer, which(name)), number))
        return seen if count is None else count

    def first(posted, transfer):
        if posted.empty():
            return 0
        name, number = posted.get()
        setattr(transfer, name, number)
        return 1

    def newest(posted, transfer):
        count = last = 0
        while not posted.empty():
            last, count = posted.get(), count + 1
        if count:
            setattr(transfer, *last)
        return count

    def backwards(posted, transfer):
        messages = []
        while not posted.empty():
            messages.append(posted.get())
        for name, number in messages[::-1]:
            setattr(transfer, name, number)
        return len(messages)

    def sliders(posted, transfer):
        moved = {}
        while not posted.empty():
            name, number = posted.get()
            moved[name] = number
        vars(transfer).update(moved)
        return len(moved)

    def literally(posted, transfer):
        return every(posted, transfer, which=lambda name: None)
    expect(outcome(answer) if callable(answer) else answer, outcome(every), {
        "One message is taken, the others wait until the next evaluation: take all, with while.": outcome(first),
        "Only the newest message counts in yours; the ones before may be for other weights.": outcome(newest),
        "The oldest comes last in yours, and wins: keep the order of the queue.": outcome(backwards),
        "Nothing has changed at the transfer. transfer.name is an attribute called name: "
        "setattr(transfer, name, number) sets the one that name holds.": outcome(literally),
        "Every message went onto the style's weight: the first of the two says which one it is for.":
            outcome(lambda *case: every(*case, which=lambda name: "style_weight")),
        "Only messages for the style are heard: the first of the two says which weight it is for.":
            outcome(lambda *case: every(*case, which=lambda name: name if name == "style_weight" else None)),
        "Only the first message is obeyed; the newest one for each weight has to win.":
            outcome(lambda *case: every(*case, keep=True)),
        "A message holds the new weight itself: set it, do not add or multiply.":
            (outcome(lambda *case: every(*case, change=lambda old, new: old + new)),
             outcome(lambda *case: every(*case, change=lambda old, new: old * new))),
        "The messages are still in the queue: get() takes them out, qsize() only counts.":
            (outcome(lambda posted, transfer: posted.qsize()), outcome(lambda posted, transfer: 0)),
        "The weights are right; yours counts the sliders that were moved. Each message counts.": outcome(sliders),
        "The weights are right; return the number of messages, counted while you take them.":
            tuple(outcome(lambda *case, count=count: every(*case, count=count)) for count in (0, 1)),
        "The weights are right; the count begins at 0 and grows by one for each.":
            (outcome(lambda *case: every(*case) + 1), outcome(lambda *case: every(*case) - 1))},
        [([("style_weight", 20.0), ("content_weight", 2.0), ("style_weight", 30.0), ("tv_weight", 4.0)],),
         ([],), ([("content_weight", 3.0)],)])
    return "Whatever was moved between two evaluations is obeyed before the next one, in its order."


class Asked:
    """An event as a button sets it; `wait` would wait for ever."""

    def __init__(self):
        self.set_at = False

    def set(self):
        self.set_at = True

    def clear(self):
        self.set_at = False

    def is_set(self):
        return self.set_at

    def wait(self, timeout=None):
        raise NotQuite("wait() holds the painting up until somebody presses: ask is_set(), which answers at once.")


@register
def stop_when(answer):
    """Exercise 06.2: a callback that is True once the event is set, and not before."""
    def outcome(function):
        def evaluations(pressed_at):
            asked = Asked()
            callback = function(asked)
            if isinstance(callback, bool):
                raise NotQuite("Yours asks once, before the run begins. Return a function that asks when it is called.")
            if not callable(callback) and value(callback).size:      # value answers a stub and a forgotten return
                raise NotQuite("Return a function, not its result: run calls it after each evaluation.")
            for evaluation in range(1, 7):
                if evaluation == pressed_at:
                    asked.set()
                try:
                    said = callback(evaluation, np.zeros((2, 2, 3)), {"loss": 1.0})
                except TypeError as error:
                    if "argument" not in str(error):
                        raise
                    raise NotQuite("run calls the callback with three things, evaluation, image, record; yours takes "
                                   "another number of them.") from None
                if said is ...:
                    return value(said)
                if said:
                    return np.array([evaluation, asked.is_set()], np.float64)
            return np.array([0, asked.is_set()], np.float64)
        return evaluations

    def always(asked):
        return lambda evaluation, image, record: True
    expect(outcome(answer) if callable(answer) else answer, outcome(lambda asked: lambda *_: asked.is_set()), {
        "Yours stops at once: asked and asked.is_set are always true, as things that exist; call is_set().":
            outcome(always),
        "Yours never stops: does the inner function return what is_set() says?": outcome(lambda asked: lambda *_: None),
        "The wrong way round: True stops.": outcome(lambda asked: lambda *_: not asked.is_set()),
        "Yours stops one evaluation late: ask at once, not the answer of the time before.":
            outcome(lambda asked: lambda *_, before=[]: before.append(asked.is_set()) or (before + [0])[-2]),
        "clear() forgets that the button was pressed; ask with is_set().":
            (outcome(lambda asked: lambda *_: asked.is_set() and not asked.clear()),
             outcome(lambda asked: lambda *_: asked.clear() or asked.is_set())),
        "set() presses the button itself; is_set() asks whether somebody did.":
            (outcome(lambda asked: lambda *_: asked.set()), outcome(lambda asked: lambda *_: asked.set() or True))},
        [(4,), (1,), (9,)])
    return "The run ends with the evaluation at which it was asked to, and keeps its picture."


@register
def guarded(answer):
    """Exercise 06.3: a callback that calls another, tells of its error, and stops the run with it."""
    def outcome(function):
        def on(kind):
            told, calls = [], []
            errors = {"breaks": ValueError("the disk is full"), "divides": ZeroDivisionError("division by zero")}

            def callback(evaluation, image, record):
                calls.append(evaluation)
                if kind in errors and evaluation == 3:
                    raise errors[kind]
                return kind == "stops" and evaluation == 4
            safe = function(callback, told.append)
            if not callable(safe) and value(safe).size:
                raise NotQuite("Return a function, not its result: run calls it after each evaluation.")
            ended = 0
            for evaluation in range(1, 6):
                said = safe(evaluation, np.zeros((2, 2, 3)), {"loss": 1.0})
                if said is ...:
                    return value(said)
                if said:
                    ended = evaluation
                    break
            heard = str(errors.get(kind)) in str(told[0]) if told else False
            return np.array([ended, len(calls), len(told), heard], np.float64)
        return on

    def build(stop=True, pass_on=True, tell=lambda tell, error: tell(str(error)), twice=False, otherwise=None,
              caught=Exception):
        def function(callback, speak):
            def safe(*case):
                try:
                    said = callback(*case)
                    said = callback(*case) if twice else said
                    return said if pass_on else otherwise
                except caught as error:
                    tell(speak, error)
                    return stop
            return safe
        return outcome(function)
    silent = {"tell": lambda tell, error: None}
    expect(outcome(answer) if callable(answer) else answer, build(), {
        "The error is swallowed: nobody is told, and the picture goes on as if nothing had happened.":
            (build(stop=False, **silent), build(stop=False, pass_on=False, **silent)),
        "It stops, but nobody is told why: hand the error's words to tell.":
            (build(**silent), build(pass_on=False, **silent)),
        "The person is told, but the run goes on, and breaks again: return True after telling.":
            (build(stop=False), build(stop=False, pass_on=False)),
        "The callback's own answer is lost: its True must still stop the run. Return what it returns.":
            build(pass_on=False),
        "Yours stops after each evaluation, error or not.":
            (build(pass_on=False, otherwise=True),),
        "Tell what went wrong: str(error) has the words; its type, or a word of your own, does not say it.":
            build(tell=lambda tell, error: tell("error")),
        "tell takes one text; it is called once for an error.":
            build(tell=lambda tell, error: [tell(str(error)), tell(str(error))]),
        "The callback is called twice for each evaluation: keep its answer in a name.": build(twice=True),
        "The error still comes through: the call of the callback belongs inside try.":
            outcome(lambda callback, tell: callback),
        "One kind of error is caught, others still come through: catch Exception.":
            (build(caught=ZeroDivisionError), build(caught=ValueError))},
        [("breaks",), ("divides",), ("stops",), ("neither",)])
    return "So the studio does: the picture stays, and the sentence stands where the person looks."
