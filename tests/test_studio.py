"""The studio's state, and its widgets without a browser: the same callbacks, called by hand."""

import datetime
import io
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from PIL import Image

from helpers import images, studio, transfer
from helpers.painter import PRESETS, Painter, Settings, explain
from helpers.studio import Studio, levels


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def small(**changes):
    painter = Painter()
    painter.set(size=128, **changes)
    return painter


@pytest.fixture
def painter():
    made = small()
    yield made
    made.pause()
    assert made.wait(60)


@pytest.fixture
def page():
    made = Studio()
    made.painter.set(size=128, steps=20)
    made._show_settings()
    yield made
    made.close()
    assert made.painter.wait(60)


def run(painter, evaluations):
    goal = painter.evaluation + evaluations
    painter.paint()
    until(lambda: painter.evaluation >= goal or not painter.painting)
    painter.pause()
    assert painter.wait(60)
    return painter


# --- painting ---

def test_paints_in_the_background_and_pauses_within_one_evaluation(painter):
    started = time.perf_counter()
    painter.paint()
    assert time.perf_counter() - started < 0.2, "paint() must return at once"
    until(lambda: painter.evaluation >= 3)
    painter.pause()
    seen = painter.evaluation
    assert painter.wait(30)
    assert painter.evaluation <= seen + 1 and not painter.error
    held = painter.picture()
    time.sleep(0.5)
    assert painter.picture() is held, "a pause holds the picture"
    run(painter, 2)
    assert painter.evaluation >= seen + 2 and [r["evaluation"] for r in painter.history] == \
        list(range(1, painter.evaluation + 1))


def test_style_raised_while_it_runs_pulls_the_style_below_where_it_would_stand():
    untouched, steered = small(steps=25, style_weight=1.0), small(steps=25, style_weight=1.0)
    untouched.paint()
    assert untouched.wait(120)
    steered.paint()
    until(lambda: steered.evaluation >= 8)
    steered.set(style_weight=100.0)
    assert steered.painting, "a slider must not stop the painting"
    assert steered.wait(120)
    assert len(untouched.history) == len(steered.history) == 25
    assert steered.history[-1]["style"] < 0.8 * untouched.history[-1]["style"]
    assert steered.history[-1]["content"] > untouched.history[-1]["content"]
    assert 8 <= steered.changes[-1] < 25


def test_the_number_of_evaluations_can_be_moved_while_it_paints(painter):
    painter.set(steps=4)
    painter.paint()
    painter.set(steps=9)
    assert painter.goal == 9 and painter.wait(120)
    assert painter.evaluation == 9 and not painter.note
    painter.paint()
    until(lambda: painter.evaluation >= 11)
    painter.set(steps=1)
    assert painter.wait(60) and painter.goal == painter.evaluation <= 13 and not painter.note and not painter.error


def test_layer_weights_and_blend_reach_the_running_transfer(painter):
    painter.set(second="wave", blend=0.25)
    run(painter, 2)
    assert painter.transfer.blend == [0.75, 0.25]
    painter.set(layer_weights=(0.0, 0.0, 1.0, 0.0, 0.0), blend=1.0)
    assert painter.transfer.blend == [0.0, 1.0]
    assert painter.transfer.layer_weights["block1_conv1"] == 0
    assert painter.shares()["block3_conv1"] == pytest.approx(1)


@pytest.mark.parametrize("change", [{"style": "wave"}, {"method": "adam"}, {"pooling": "avg"}, {"size": 192}])
def test_a_new_choice_while_painting_goes_on_from_the_picture(painter, change):
    painter.paint()
    until(lambda: painter.evaluation >= 6)
    painter.set(**change)
    seen = painter.evaluation
    until(lambda: painter.evaluation >= seen + 2 or painter.error)
    assert painter.painting and not painter.error
    assert max(painter.picture().shape) == painter.settings.size
    like = images.resize(painter.original(), shape=painter.image.shape[:2])
    assert np.abs(painter.image - like).mean() > 0.005, "it began anew from the photograph"


def test_a_new_photograph_puts_the_picture_aside_and_it_can_be_brought_back(painter):
    run(painter, 3)
    kept, settings, length = painter.image, painter.settings, painter.evaluation
    painter.set(content="cat")
    assert painter.evaluation == 0 and np.array_equal(painter.picture(), painter.original())
    painter.bring_back()
    assert painter.image is kept and painter.settings == settings and painter.evaluation == length
    with pytest.raises(ValueError, match="put aside"):
        painter.bring_back()


def test_start_over_while_painting_begins_anew(painter):
    painter.paint()
    until(lambda: painter.evaluation >= 4)
    before = painter.image
    painter.start_over()
    assert painter.earlier and painter.evaluation <= 1
    until(lambda: painter.evaluation >= 2)
    assert painter.painting
    assert not np.array_equal(painter.image, before)


def test_a_new_start_takes_effect(painter):
    painter.set(start="noise")
    run(painter, 1)
    assert painter.image.std() > 0.2, "noise has no flat areas"
    assert painter.history[0]["content"] > 0.3


def test_keep_colours_is_seen_at_once(painter):
    run(painter, 3)
    plain = painter.picture()
    painter.set(keep_colours=True)
    kept = painter.picture()

    def chroma(image):
        return image - image.mean(-1, keepdims=True)
    assert np.abs(chroma(kept) - chroma(painter.original())).mean() < np.abs(
        chroma(plain) - chroma(painter.original())).mean()


# --- what goes wrong is seen, and loses nothing ---

def test_a_failing_callback_is_seen_and_the_picture_stays():
    def callback(evaluation, image, record):
        if evaluation == 3:
            raise RuntimeError("no ink left")
    page = Studio(callback)
    page.painter.set(size=128)
    page.painter.paint()
    assert page.painter.wait(120)
    page.tick()
    assert page.painter.error == "RuntimeError: no ink left" and not page.painter.painting
    assert "no ink left" in page.status.value
    assert page.painter.evaluation == 3 and page.painter.image is not None
    page.close()


def test_a_control_that_fails_is_seen(page):
    page.buttons["GIF"].click()
    assert "nothing to animate" in page.status.value
    page.buttons["Bring back"].click()
    assert "put aside" in page.status.value


def test_a_size_that_does_not_fit_is_refused_with_one_that_does(painter, monkeypatch):
    painter.prepare()
    assert painter.wait(60)
    run(painter, 2)
    picture, needed = painter.picture(), painter._paced.estimate(256, 384, 1).memory
    enough = SimpleNamespace(available=needed - psutil.Process().memory_info().rss)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: enough)
    painter.set(size=768)
    painter.paint()
    assert painter.wait(60)
    assert re.match(r"768 px need \d+\.\d GB of memory and \d+\.\d GB are free: choose (256|384) px\.", painter.error)
    assert painter.picture() is picture, "the picture so far stays"


@pytest.mark.parametrize("changes, words", [
    ({"content": "nowhere"}, "upload it first"), ({"style_weight": float("nan")}, "number from 0"),
    ({"content_weight": -1.0}, "number from 0"), ({"tv_weight": "much"}, "number from 0"),
    ({"layer_weights": (1.0,)}, "layer weights"), ({"blend": 1.5}, "blend"), ({"size": 100_000}, "size cannot be"),
    ({"pooling": "min"}, "pooling cannot be"), ({"start": "zero"}, "start cannot be"),
    ({"method": "newton"}, "method cannot be"), ({"steps": 0}, "steps cannot be")])
def test_settings_that_cannot_be_painted_are_refused(painter, changes, words):
    before = painter.settings
    with pytest.raises(ValueError, match=words):
        painter.set(**changes)
    assert painter.settings == before


def test_an_unreadable_upload_shows_its_sentence(page):
    page._fetch({"name": "holiday.jpg", "content": memoryview(b"this is no picture")}, "holiday.jpg")
    until(lambda: not page._fetched.empty())
    page.tick()
    assert "holiday.jpg is not a picture" in page.status.value
    assert page.painter.settings.content == "china"


def test_an_upload_becomes_the_photograph(page):
    data = io.BytesIO()
    Image.new("RGB", (200, 160), "teal").save(data, "PNG")
    page.upload.value = ({"name": "sea.png", "type": "image/png", "size": 1, "content": memoryview(data.getvalue()),
                          "last_modified": datetime.datetime.now(datetime.timezone.utc)},)
    until(lambda: not page._fetched.empty())
    page.tick()
    assert page.painter.settings.content == "sea" and page.controls["content"].value == "sea"
    assert page.painter.add("sea.png", data.getvalue()) == "sea 2", "the first one is not overwritten"


def test_a_new_studio_stops_the_one_before(page):
    page.painter.set(steps=1000)
    page.painter.paint()
    until(lambda: page.painter.evaluation >= 1)
    second = Studio()
    assert page.painter.wait(30) and not page.painter.painting
    second.close()


def test_painting_pauses_when_the_page_gives_no_sign_of_life(page):
    page.painter.set(steps=1000)
    page._paint()
    until(lambda: page.painter.evaluation >= 1)
    page.pulse.value += 1
    page.tick()
    assert page.painter.painting
    page._alive -= studio.PATIENCE + 1
    page.tick()
    assert not page.painter.painting and "closed" in page.status.value
    assert page.painter.wait(30)


def test_an_interrupt_of_the_kernel_loses_no_picture():
    code = ("import os, signal, time\nfrom helpers.painter import Painter\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)   # a shell's background jobs ignore it\n"
            "p = Painter(); p.set(size=128); p.paint()\n"
            "while p.evaluation < 2: time.sleep(.05)\n"
            "try:\n    os.kill(os.getpid(), signal.SIGINT); time.sleep(5)\n"
            "except KeyboardInterrupt: print('interrupted')\n"
            "n = p.evaluation\nwhile p.evaluation < n + 2: time.sleep(.05)\n"
            "p.pause(); assert p.wait(30) and not p.error and p.image is not None; print('kept')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["interrupted", "kept"], done.stderr[-500:]


# --- files ---

def test_saved_settings_are_read_back(painter, tmp_path):
    name = painter.add("garden.png", np.full((150, 200, 3), 0.4, np.float32))
    painter.set(content=name, style="dots", style_weight=63.0, layer_weights=(0.0, 1.0, 1.0, 2.5, 1.0), size=128)
    path = painter.save(tmp_path / "new")
    assert path.parent.name == "new" and Image.open(path).size == (128, 96)
    other = Painter()
    other.read(path)
    assert other.settings == painter.settings and other.own["garden"].shape == (384, 512, 3)
    assert painter.save(tmp_path) != painter.save(tmp_path), "no picture is overwritten"


@pytest.mark.parametrize("text", [None, {"Studio": "{"}, {"Studio": '{"size": 5}'}, {"Studio": "[1]"},
                                  {"Studio": json.dumps({"layer_weights": 3})}])
def test_a_picture_without_settings_says_so(painter, tmp_path, text):
    path = images.save_image(np.zeros((40, 40, 3), np.float32), tmp_path / "a.png", text)
    before = painter.settings
    with pytest.raises(images.ImageError, match="holds no settings"):
        painter.read(path)
    assert painter.settings == before


def test_the_stages_become_an_animation(painter, tmp_path):
    run(painter, 4)
    with Image.open(painter.save_gif(tmp_path)) as gif:
        assert gif.n_frames == len(painter.stages) >= 4 and gif.size == (128, 85)


def test_stages_stay_few(painter):
    watch = painter._watcher(threading.Event(), painter._generation)
    painter._rebuild = False
    for n in range(400):
        watch(n, np.zeros((32, 32, 3), np.float32), {"loss": 1.0})
    assert 20 <= len(painter.stages) <= 48 and painter.stages[0][0] == 1


# --- the widgets ---

def test_neutral_is_in_the_middle_and_the_left_end_is_off():
    for neutral in (1.0, 10.0, 0.5):
        values = [value for _, value in levels(neutral)]
        assert values[len(values) // 2] == neutral and values[0] == 0 and len(values) % 2
        assert np.ptp(np.diff(np.log10(values[1:]))) < 0.01
        assert len({label for label, _ in levels(neutral)}) == len(values)


def test_every_control_sets_its_setting(page):
    page.controls["style_weight"].value = 100.0
    page.controls["content_weight"].value = 0.0
    page.controls["block3_conv1"].value = 10.0
    page.controls["pooling"].value = "avg"
    page.controls["keep_colours"].value = True
    page.controls["style"].value = "wave"
    page.controls["second"].value = "ink"
    page.controls["blend"].value = 0.2
    assert page.painter.settings == Settings(
        style="wave", second="ink", blend=0.2, content_weight=0.0, style_weight=100.0, keep_colours=True, size=128,
        layer_weights=(1.0, 1.0, 10.0, 1.0, 1.0), pooling="avg", steps=20)


def test_presets_reset_and_swap_move_the_sliders(page):
    for button in page.presets:
        button.click()
        s = page.painter.settings
        assert {name: getattr(s, name) for name in PRESETS[button.description]} == PRESETS[button.description]
        assert page.controls["style_weight"].value == s.style_weight
        assert tuple(control.value for control in page.layers) == s.layer_weights
    page._swap()
    assert (page.painter.settings.content, page.painter.settings.style) == ("swirls", "china")
    assert page.controls["content"].value == "swirls" and not page.painter.error


def test_every_preset_is_explained_in_two_sentences():
    told = {name: explain(Settings(**changes)) for name, changes in PRESETS.items()}
    assert len({text for text, _ in told.values()}) == len(PRESETS)
    for text, _ in told.values():
        assert text.count(". ") >= 1 and text.endswith(".")


@pytest.mark.parametrize("changes", [*PRESETS.values(), {"second": "ink"}, {"keep_colours": True}, {"method": "adam"},
                                     {"start": "noise"}, {"pooling": "avg"}, {"tv_weight": 9.0}, {"style_weight": 0.1}])
def test_every_explanation_leads_to_a_chapter(changes):
    folder = Path(__file__).resolve().parent.parent / "notebooks"
    assert (folder / f"{explain(Settings(**changes))[1]}.ipynb").exists()


def test_the_page_shows_what_was_painted(page):
    page.painter.paint()
    until(lambda: page.painter.evaluation >= 5)
    page._slow = 0
    page.tick()
    shown = np.asarray(Image.open(io.BytesIO(page.view.value)), np.float32) / 255
    assert shown.shape == page.painter.image.shape
    assert np.abs(shown - page.painter.original()).mean() > 0.01
    assert "style" in page.curves.value and "%" in page.shares.value and "evaluation" in page.status.value
    page.painter.pause()
    assert page.painter.wait(30)
    page.wipe.value = 1.0
    wiped = np.asarray(Image.open(io.BytesIO(page.view.value)), np.float32) / 255
    assert np.abs(wiped - page.painter.original()).mean() < 0.02, "the wipe at its end shows the photograph"


def test_at_rest_nothing_is_sent(page):
    """A page that says the same again and again flickers, and keeps an abandoned kernel alive."""
    run(page.painter, 4)
    page._slow = 0
    page.tick()
    sent = []
    for widget in (page.view, page.film, page.stages, page.curves, page.shares, page.caption, page.status, page.css):
        widget.observe(sent.append, "value")
    page._slow = 0
    page.tick()
    assert not sent


# --- nothing grows ---

def test_many_changes_compile_nothing_and_leak_nothing(painter):
    def traces():
        return painter.transfer._step.experimental_get_tracing_count()
    rng, process, memory = np.random.default_rng(0), psutil.Process(), []
    for n in range(10):
        name = painter.add(f"photo {n}", rng.uniform(size=(96, 128, 3)).astype(np.float32))
        painter.set(content=name)
        painter.paint()
        until(lambda: painter.evaluation >= 2)
        if n == 0:
            before = traces()
        for _ in range(5):
            painter.set(style_weight=float(rng.uniform(1, 100)), tv_weight=float(rng.uniform(0, 1)))
        seen = painter.evaluation
        until(lambda seen=seen: painter.evaluation >= seen + 1)
        painter.pause()
        assert painter.wait(30) and not painter.error
        memory.append(process.memory_info().rss / 1e6)
    assert traces() == before, "a weight or a picture of the same size compiled the step anew"
    assert max(memory[3:]) - memory[2] < 100, memory


def test_a_sliders_effect_is_seen_one_evaluation_early():
    seen = []
    painter = small(steps=12)
    painter.callback = lambda n, image, record: seen.append((n, painter.image, image))
    shown = []
    evaluate = transfer.StyleTransfer.evaluate

    def watched(self, image):
        shown.append(painter.image is image)
        return evaluate(self, image)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer.StyleTransfer, "evaluate", watched)
        painter.paint()
        until(lambda: painter.evaluation >= 5)
        painter.set(style_weight=50.0)
        assert painter.wait(60)
    assert len(seen) == 12 and all(now is image for _, now, image in seen)
    assert not shown[0] and all(shown[1:12]), "every picture but the first is on view while it is evaluated"
