"""The studio's page without a browser: messages as the page sends them, and what goes back."""

import asyncio
import dataclasses
import gc
import io
import json
import math
import sys
import threading
import time
import weakref
from concurrent.futures import Future
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from helpers.cost import Estimate
from helpers.studio import page
from helpers.studio.curves import curves, fine
from helpers.studio.page import Studio, levels, shares, status, words
from helpers.studio.settings import NEUTRAL, PRESETS, STYLE_LAYERS, Settings
from helpers.studio.snapshot import Snapshot

SECONDS = 120            # a bound on what must happen some time: a failure's patience, not a claim on speed
HOSTILE = '"onclick=alert(1) x='
RECORD = {"loss": 1.0, "content": 0.5, "style": 0.2, "tv": 0.1, **dict.fromkeys(STYLE_LAYERS, 0.2), "size": 256}


def until(condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def flat(grey, height=32, width=48):
    return np.full((height, width, 3), grey, np.float32)


class Recorder:
    """Stands where the painter stands: keeps the commands, and shows the snapshot that a test sets."""

    def __init__(self, callback=None):
        self.callback, self.commands, self.closed, self.future = callback, [], False, Future()
        names = {"content": ("cat", "china"), "style": ("ink", "swirls"), "own": ()}
        self.snapshot = Snapshot(
            number=1, settings=Settings(), names=names, image=flat(0.5), original=flat(0.5), history=(), stages=(),
            changes=(), evaluation=0, goal=0, painting=False, phase="", earlier=0, expected=None, pace=None,
            ready=False, error="", note="")

    def publish(self, **changes):
        self.snapshot = dataclasses.replace(self.snapshot, number=self.snapshot.number + 1, **changes)

    def sources(self):
        return {name: flat(0.3) for group in self.snapshot.names.values() for name in group}

    def close(self):
        self.closed = True

    def __getattr__(self, command):
        if command not in ("set", "paint", "pause", "start_over", "bring_back", "prepare", "add", "save", "save_gif",
                           "read", "set_layer"):
            raise AttributeError(command)

        def post(*arguments, **options):
            self.commands.append((command, arguments, options))
            return self.future
        return post


@pytest.fixture
def studio(monkeypatch):
    """A page over a recorder; `studio.sent` is what goes to the browser."""
    comm = sys.modules["comm"]                   # ipywidgets' own; whoever imports ipykernel puts another maker there
    monkeypatch.setattr(comm, "create_comm", comm.DummyComm)
    monkeypatch.setattr(page, "Painter", Recorder)
    made = Studio()
    made.sent = []
    made._send = lambda message, buffers=None: made.sent.append((message, buffers))
    yield made
    made.close()


@pytest.fixture
def real():
    """A page over the painter itself, at 128 px."""
    made = Studio()
    made.painter.set(size=128, steps=20).result(SECONDS)
    yield made
    made.close()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("studio")])


def message(studio, command, buffers=(), **more):
    studio._handle_custom_msg({"command": command, **more}, list(buffers))


def png(colour="teal", size=(200, 160)):
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG")
    return data.getvalue()


# --- from the page to the painter ---

@pytest.mark.parametrize("sent, posted", [
    ({"command": "paint"}, ("paint", (), {})), ({"command": "pause"}, ("pause", (), {})),
    ({"command": "start_over"}, ("start_over", (), {})), ({"command": "bring_back"}, ("bring_back", (), {})),
    ({"command": "save"}, ("save", (), {})), ({"command": "gif"}, ("save_gif", (), {})),
    ({"command": "set", "changes": {"style_weight": 25.1}, "held": True},
     ("set", (), {"held": True, "style_weight": 25.1})),
    ({"command": "set", "changes": {"blend": 0.2}}, ("set", (), {"held": False, "blend": 0.2}))])
def test_a_message_becomes_one_command(studio, sent, posted):
    message(studio, sent.pop("command"), **sent)
    assert studio.painter.commands == [posted]


@pytest.mark.parametrize("command", ["close", "post", "__init__", "snapshot", "sources", "", None, "Paint"])
def test_a_message_that_is_no_command_does_nothing(studio, command):
    message(studio, command)
    assert not studio.painter.commands and not studio.painter.closed


def test_a_saved_picture_is_read(studio):
    message(studio, "read", [memoryview(b"a PNG")])
    assert studio.painter.commands == [("read", (b"a PNG",), {})]


def test_a_message_in_another_thread_touches_no_widget(studio):
    """JupyterLab serves a widget's messages in a second thread: from there nothing may be shown."""
    before = dict(studio.get_state())
    for command in ("paint", "pause", "start_over", "bring_back", "save", "gif", "alive"):
        thread = threading.Thread(target=message, args=(studio, command))
        thread.start()
        thread.join()
    studio.painter.future.set_exception(ValueError("no"))
    assert not studio.sent and studio.get_state() == before


def test_a_layers_slider_sends_its_own_weight_alone(studio):
    message(studio, "layer", layer=3, weight=2.5, held=True)
    assert studio.painter.commands[-1] == ("set_layer", (3, 2.5, True), {})


def test_painting_that_begins_long_after_the_last_sign_of_life_goes_on(studio):
    """A weight moved on a finished picture paints before the page has said anything."""
    message(studio, "alive")
    studio._alive -= page.PATIENCE + 1
    studio.painter.publish(painting=False)
    studio.tick()
    studio.painter.publish(painting=True)
    studio.tick()
    assert not [command for command, *_ in studio.painter.commands if command == "pause"]


def test_every_control_reaches_the_painter(real):
    message(real, "set", changes={"style_weight": 100, "content_weight": 0, "pooling": "avg", "keep_colours": True})
    message(real, "set", changes={"layer_weights": [1, 1, 10, 1, 1], "style": "wave", "second": "ink", "blend": 0.2})
    assert real.painter.wait(SECONDS)
    assert real.snapshot.settings == Settings(
        style="wave", second="ink", blend=0.2, content_weight=0.0, style_weight=100.0, keep_colours=True, size=128,
        layer_weights=(1.0, 1.0, 10.0, 1.0, 1.0), pooling="avg", steps=20)


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_button_sets_what_the_preset_says(real, name):
    message(real, "set", changes={"style_weight": 0.5, "layer_weights": [0, 0, 0, 0, 1]})
    message(real, "set", changes=json.loads(json.dumps(dict(words()["presets"])[name])))     # as the page sends it
    assert real.painter.wait(SECONDS)
    settings = real.snapshot.settings
    assert {key: getattr(settings, key) for key in PRESETS[name]} == PRESETS[name]


def test_reset_leaves_no_second_style_and_no_slider_moved(real):
    """The two pictures that were chosen stay, and what is chosen under More: a size, an optimiser, a start."""
    message(real, "set", changes={**PRESETS["one layer"], "style_weight": 0.5, "tv_weight": 5, "keep_colours": True,
                                  "second": "ink", "blend": 0.2, "split": 0.35})
    message(real, "set", changes={"content": "cat", "style": "wave", "method": "adam", "start": "noise"})
    message(real, "set", changes=json.loads(json.dumps(words()["reset"])))
    assert real.painter.wait(SECONDS)
    assert not real.snapshot.error
    assert real.snapshot.settings == Settings(
        content="cat", style="wave", method="adam", start="noise", size=128, steps=20)
    script = Path(page.__file__).with_name("page.js").read_text("utf-8")
    assert 'button("Reset", () => set(words.reset)' in script


def test_reset_goes_on_from_the_picture(real):
    """Taking the second style away pushes nothing aside, even where a line had parted the two."""
    message(real, "set", changes={"second": "ink", "split": 0.5, "steps": 2})
    message(real, "paint")
    assert real.painter.wait(SECONDS) and real.snapshot.evaluation == 2
    message(real, "set", changes=words()["reset"])
    assert real.painter.wait(SECONDS)
    assert not real.snapshot.error and not real.snapshot.earlier and real.snapshot.evaluation >= 2


def test_a_setting_that_cannot_be_painted_is_told_and_changes_nothing(real):
    before = real.snapshot.settings
    message(real, "set", changes={"size": 100_000})
    assert real.painter.wait(SECONDS)
    real.tick()
    assert "size cannot be" in real.state["error"] and real.snapshot.settings == before


@pytest.mark.parametrize("command, words", [("gif", "nothing to animate"), ("bring_back", "put aside")])
def test_a_button_that_fails_is_told(real, command, words):
    message(real, command)
    assert real.painter.wait(SECONDS)
    real.tick()
    assert words in real.state["error"]


# --- pictures of the learner's ---

def test_an_upload_becomes_the_photograph(real):
    message(real, "upload", [png()], name="sea.png", role="content")
    until(lambda: real.snapshot.settings.content == "sea")
    real.tick()
    assert real.state["names"]["own"] == ["sea"] and "sea" in [thumb["name"] for thumb in real.thumbs]
    assert "sea" in real.state["title"]


def test_an_unreadable_upload_shows_its_sentence_and_changes_nothing(real):
    message(real, "upload", [b"this is no picture"], name="holiday.jpg", role="content")
    until(lambda: real._error)
    real.tick()
    assert "holiday.jpg is not a picture" in real.state["error"] and real.snapshot.settings.content == "china"
    message(real, "start_over")
    assert real.painter.wait(SECONDS)
    real.tick()
    assert not real.state["error"], "the next command takes the sentence away"


def test_an_address_out_of_reach_shows_a_sentence(studio):
    message(studio, "address", address="http://127.0.0.1:9/sea.jpg", role="style")
    until(lambda: studio._error)
    studio.tick()
    assert "127.0.0.1:9/sea.jpg" in studio.state["error"] and not studio.painter.commands


def test_a_pictures_name_is_data(studio):
    """No name is ever put together with markup: it goes to the page as a value, and page.js makes text of it."""
    names = {**studio.snapshot.names, "own": (HOSTILE,)}
    studio.painter.publish(names=names, settings=Settings(content=HOSTILE, style="<img src=x onerror=alert(1)>"),
                           history=(RECORD | {"evaluation": 1},) * 2)
    studio.tick()
    assert studio.state["names"]["own"] == [HOSTILE] and HOSTILE in [thumb["name"] for thumb in studio.thumbs]
    assert HOSTILE not in studio.slow["curves"] and "onerror" not in studio.slow["curves"]
    scripts = "".join((Path(page.__file__).parent / name).read_text("utf-8") for name in page.SCRIPTS)
    ways = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
    markup = [line.strip() for line in scripts.splitlines() if any(way in line for way in ways)]
    assert len(markup) == 1 and markup[0].startswith('curves.innerHTML = drawing ?? "";')


# --- from the painter to the page ---

def test_the_page_shows_what_was_painted(real):
    message(real, "paint")
    until(lambda: real.snapshot.evaluation >= 5)
    message(real, "pause")
    assert real.painter.wait(SECONDS)
    real._slowly = 0.0
    real.tick()
    shown = np.asarray(Image.open(io.BytesIO(real.image)), np.float32) / 255
    assert shown.shape == real.snapshot.image.shape and np.abs(shown - real.snapshot.image).mean() < 0.03
    assert np.abs(shown - np.asarray(Image.open(io.BytesIO(real.original)), np.float32) / 255).mean() > 0.01
    assert real.state["doing"] == "Paused" and f"evaluation {real.snapshot.evaluation} of 20" in real.state["status"]
    assert real.state["title"] == "china in the manner of swirls"
    assert "style" in real.slow["curves"] and sum(real.slow["shares"]) == pytest.approx(1)
    assert Image.open(io.BytesIO(real.slow["film"])).height == 60


def test_at_rest_nothing_is_sent(studio):
    """A page that says the same again and again flickers, and keeps an abandoned kernel alive."""
    studio.painter.publish(painting=True, evaluation=3, goal=9, history=(RECORD | {"evaluation": 3},),
                           stages=((1, np.zeros((20, 30, 3), np.uint8)),), image=flat(0.7))
    studio._slowly = 0.0
    studio.tick()
    assert studio.sent
    studio.sent.clear()
    for _ in range(3):
        studio._slowly = 0.0
        studio.tick()
    assert not studio.sent


def test_only_what_is_new_is_sent(studio):
    studio._slowly = math.inf                    # nothing slow
    studio.painter.publish(note="well")
    studio.tick()
    assert [list(message["state"]) for message, _ in studio.sent] == [["state"]]
    studio.sent.clear()
    studio.painter.publish(image=flat(0.9))
    studio.tick()
    assert [message["buffer_paths"] for message, _ in studio.sent] == [[["image"]]]
    assert not studio.sent[0][0]["state"], "the words have not changed"


def test_curves_and_stages_are_drawn_at_most_once_a_second(studio, monkeypatch):
    drawn = []
    monkeypatch.setattr(page, "curves", lambda *_: drawn.append(1) or "")
    studio._slowly = time.monotonic() + 1e6      # drawn just now, and a second is long
    for n in range(5):
        studio.painter.publish(evaluation=n)
        studio.tick()
    assert not drawn
    studio._slowly = 0.0
    studio.tick()
    studio.tick()
    assert len(drawn) == 1


def test_a_saved_file_goes_to_the_browser(studio, tmp_path):
    path = tmp_path / "china.png"
    path.write_bytes(b"a PNG")
    message(studio, "save")
    studio.tick()
    assert not studio.sent, "it waits for the painter"
    studio.painter.future.set_result(path)
    studio.tick()
    (sent, buffers), = studio.sent
    assert sent["content"] == {"file": "china.png", "folder": tmp_path.name} and buffers == [b"a PNG"]


def test_a_failing_callback_is_seen_and_the_picture_stays():
    def callback(evaluation, image, record):
        if evaluation == 3:
            raise RuntimeError("no ink left")
    made = Studio(callback)
    made.painter.set(size=128).result(SECONDS)
    message(made, "paint")
    until(lambda: made.snapshot.error)
    made.tick()
    assert "no ink left" in made.state["error"] and not made.state["painting"] and made.snapshot.evaluation == 3
    made.close()


@pytest.mark.parametrize("changes, said", [
    ({}, ("Loading", "the network")),
    ({"expected": Estimate(40.2, 1e9)}, ("Ready", "150 evaluations take about 40 s and 1.0 GB")),
    ({"expected": Estimate(40.2, 1e15)}, ("Ready", "more than is free: choose a smaller size")),
    ({"painting": True, "goal": 150, "phase": "loading"}, ("Painting", "evaluation 0 of 150, loading the network")),
    ({"painting": True, "goal": 150, "phase": "coarse"}, ("Painting", "evaluation 0 of 150, first at 128 px")),
    ({"painting": True, "goal": 150, "phase": "compiling"}, ("Painting", "compiling for this size")),
    ({"painting": True, "evaluation": 50, "goal": 150, "phase": "fine", "pace": 0.3},
     ("Painting", "evaluation 50 of 150, 30 s left")),
    ({"painting": True, "goal": 150, "phase": "fine"}, ("Painting", "evaluation 0 of 150")),
    ({"evaluation": 50, "goal": 150, "history": (RECORD,)}, ("Paused", "evaluation 50 of 150")),
    ({"evaluation": 0, "goal": 150, "history": (RECORD,)}, ("Paused", "evaluation 0 of 150")),
    ({"evaluation": 150, "goal": 150, "history": (RECORD,)}, ("Done", "evaluation 150 of 150"))])
def test_the_status_says_what_it_is_doing(changes, said):
    doing, rest = status(dataclasses.replace(Recorder().snapshot, **changes))
    assert doing == said[0] and said[1] in rest


def test_shares_add_up_to_one_and_obey_the_weights():
    snapshot = Recorder().snapshot
    assert shares(snapshot) == []
    weighted = Settings(layer_weights=(0.0, 3.0, 0.0, 0.0, 1.0))
    painted = dataclasses.replace(snapshot, history=(RECORD,), settings=weighted)
    assert shares(painted) == pytest.approx([0, 0.75, 0, 0, 0.25])
    assert shares(dataclasses.replace(painted, settings=Settings(layer_weights=(0.0,) * 5))) == [0] * 5


def test_neutral_is_in_the_middle_and_the_left_end_is_off():
    for neutral in NEUTRAL.values():
        values = [value for _, value in levels(neutral)]
        assert len(values) == 21 and values[10] == neutral and values[0] == 0
        assert np.ptp(np.diff(np.log10(values[1:]))) < 0.01
        assert len({label for label, _ in levels(neutral)}) == len(values)


# --- the curves ---

def test_the_curves_show_the_fine_records():
    """Coarse answers lie between them, and repeat the number of the fine record before."""
    numbers = [0, 0, 1, 2, 2, 2, 3]
    history = [{**RECORD, "evaluation": n, "size": 256 if k in (2, 3, 6) else 128} for k, n in enumerate(numbers)]
    assert [(r["evaluation"], r["size"]) for r in fine(history)] == [(1, 256), (2, 256), (3, 256)]


def test_the_curves_say_where_they_stand():
    history = [{**RECORD, "evaluation": n, "style": 1 / n} for n in range(1, 501)]
    drawing = curves(history, (20, 20, 70))
    assert 'aria-label="Distances over 500 evaluations, now content 0.5, style 0.002, tv 0.1"' in drawing
    assert drawing.count('class="mark"') == 2 and drawing.count("<polyline") == 3
    assert len(drawing) < 20_000, "it is sent once a second"
    assert curves(history[:1], ()) == "" == curves([], ())


# --- its life ---

def test_painting_pauses_when_the_page_gives_no_sign_of_life(studio):
    studio.painter.publish(painting=True)
    studio.tick()
    assert not studio.painter.commands, "a program that paints without a page is not stopped"
    message(studio, "alive")
    studio.tick()
    assert not studio.painter.commands
    studio._alive -= page.PATIENCE + 1
    studio.tick()
    studio.tick()
    assert studio.painter.commands == [("pause", (), {"note": page.GONE})]


def test_a_kernel_that_was_held_up_by_a_cell_does_not_pause(studio):
    studio.painter.publish(painting=True)
    message(studio, "alive")
    studio._alive -= page.PATIENCE + 1
    studio._ticked -= page.PATIENCE + 1          # nothing ran meanwhile: signs of life may lie in the queue
    studio.tick()
    assert not studio.painter.commands
    studio._alive -= page.PATIENCE + 1
    studio.tick()
    assert studio.painter.commands, "but the next one does"


def test_the_timer_goes_on_whatever_fails(monkeypatch):
    monkeypatch.setattr(page, "Painter", Recorder)
    monkeypatch.setattr(page, "EVERY", 0.001)

    async def live():
        made = Studio()
        assert made.painter.commands == [("prepare", (), {})]
        made.painter.publish(names={"content": ("gone",), "style": (), "own": ()})
        monkeypatch.setattr(made.painter, "sources", lambda: {})
        while not made._error:
            await asyncio.sleep(0.001)
        made.painter.publish(names={"content": (), "style": (), "own": ()})
        while "gone" not in made.state["error"]:
            await asyncio.sleep(0.001)
        made.close()
    asyncio.run(asyncio.wait_for(live(), SECONDS))


def test_a_new_studio_closes_the_one_before(studio):
    second = Studio()
    assert studio.painter.closed and not second.painter.closed
    second.close()


def test_a_closed_studio_is_gone():
    """Its thread, its widgets, its timer: nothing keeps it."""
    async def live():
        before = set(ipywidgets.widgets.widget._instances)
        made = Studio()
        message(made, "set", changes={"size": 128})
        message(made, "paint")
        while made.snapshot.evaluation < 1:
            await asyncio.sleep(0.02)
        message(made, "save")
        made.close()
        gone = weakref.ref(made)
        del made
        return before, gone
    before, gone = asyncio.run(asyncio.wait_for(live(), SECONDS))
    until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("studio")])
    until(lambda: gc.collect() is not None and gone() is None)
    assert set(ipywidgets.widgets.widget._instances) <= before


def test_a_page_that_is_not_running_says_what_to_do(studio):
    data, _ = studio._repr_mimebundle_()
    assert data["text/plain"] == "[the studio: run the notebook to paint]"
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == studio.model_id
