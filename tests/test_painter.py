"""The studio's painter: one owner, commands in, snapshots out. The page is test_page.py's part."""

import gc
import json
import random
import re
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from helpers import cost, images, transfer
from helpers.studio import files, owner, workers
from helpers.studio.painter import Painter
from helpers.studio.picture import KEPT, Picture
from helpers.studio.settings import COARSE, PRESETS, Settings
from helpers.studio.words import explain, title

SECONDS = 120            # a bound on what must happen some time: a failure's patience, not a claim on speed
FLAT = np.full((150, 200, 3), 0.4, np.float32)


def until(condition, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def small(callback=None, **changes):
    made = Painter(callback)
    made.set(**{"size": 128, **changes}).result(SECONDS)
    return made


def studio_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("studio")]


def gone():
    until(lambda: not studio_threads())


@pytest.fixture
def painter():
    made = small()
    yield made
    made.close()
    gone()


def run(painter, evaluations):
    """Paint so many evaluations more, and hold."""
    goal = painter.snapshot.evaluation + evaluations
    painter.paint().result(SECONDS)
    until(lambda: painter.snapshot.evaluation >= goal or not painter.snapshot.painting)
    painter.pause().result(SECONDS)
    assert painter.wait(SECONDS)
    return painter.snapshot


# --- one owner ---

def test_ten_thousand_commands_of_four_threads_while_it_paints():
    painter = small(steps=6)
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= 6 and not painter.snapshot.painting)
    finished = painter.snapshot.image
    painter.set(steps=100_000)
    painter.paint()
    mine = {"content_weight": lambda r: r.uniform(0.5, 2), "style_weight": lambda r: r.uniform(1, 100),
            "tv_weight": lambda r: r.uniform(0, 5), "blend": lambda r: r.uniform(0, 1)}
    last, futures, pressing = {}, {}, ["start_over", "pause", "paint"]
    mine = {"content_weight": lambda r: r.uniform(0.5, 2), "style_weight": lambda r: r.uniform(1, 100),
            "tv_weight": lambda r: r.uniform(0, 5), "blend": lambda r: r.uniform(0, 1)}

    def posts(name, value, seed, count):
        rng, posted = random.Random(seed), []
        for _ in range(count):
            if rng.random() < 0.02:
                posted.append(painter.post(rng.choice(pressing)))
            else:
                last[name] = value(rng)
                posted.append(painter.set(held=rng.random() < 0.5, **{name: last[name]}))
        futures[name] = posted

    def storm(count):
        threads = [threading.Thread(target=posts, args=(name, value, seed, count))
                   for seed, (name, value) in enumerate(mine.items())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
            assert not thread.is_alive(), "a post waited"
        return [future.exception(SECONDS) for posted in futures.values() for future in posted]
    answered = storm(2500)
    assert len(answered) == 10_000 and not any(answered)
    assert {name: getattr(painter.snapshot.settings, name) for name in last} == last, "an update is lost"
    # Pictures brought back bring their settings; so these come in a round of their own.
    pressing.append("bring_back")
    assert all(error is None or "put aside" in str(error) for error in storm(250))

    painter.pause().result(SECONDS)
    assert painter.wait(SECONDS)
    seen = [painter.snapshot.image]
    for _ in range(painter.snapshot.earlier):
        painter.bring_back().result(SECONDS)
        seen.append(painter.snapshot.image)
    assert any(image is finished for image in seen), "a finished picture is lost"
    painter.close().result(SECONDS)
    gone()


def test_waiting_ends_when_its_time_is_over():
    block, entered = threading.Event(), threading.Event()

    def callback(evaluation, image, record):
        entered.set()
        assert block.wait(SECONDS)
    painter = small(callback, steps=2)
    painter.paint()
    assert entered.wait(SECONDS)
    assert painter.wait(0.01) is False
    block.set()
    assert painter.wait(SECONDS) is True
    painter.close()
    gone()


def test_the_last_of_many_updates_counts_whoever_posts_it(painter):
    """Two threads, a setting each: no update of one takes back the other's."""
    switch, lost = sys.getswitchinterval(), 0
    sys.setswitchinterval(1e-6)
    try:
        for n in range(1, 300):
            def post(name, n=n):
                painter.set(**{name: float(n)})
            pair = [threading.Thread(target=post, args=(name,)) for name in ("content_weight", "style_weight")]
            for thread in pair:
                thread.start()
            for thread in pair:
                thread.join()
            painter.post("nothing").result(SECONDS)
            s = painter.snapshot.settings
            lost += (s.content_weight, s.style_weight) != (n, n)
    finally:
        sys.setswitchinterval(switch)
    assert lost == 0


def test_a_painter_that_nobody_holds_ends_its_threads():
    painter = small(steps=1000)
    painter.paint()
    while not painter.snapshot.evaluation:
        time.sleep(0.01)
    held = weakref.ref(painter)
    del painter
    gc.collect()
    assert held() is None
    gone()


def test_a_closed_painter_says_so():
    painter = small()
    painter.close()
    refused = painter.paint()                                # posted before or after the thread has ended
    gone()
    for future in (refused, painter.paint()):
        with pytest.raises(RuntimeError, match="closed: make a new one"):
            future.result(SECONDS)


# --- painting ---

def test_paints_in_the_background_and_pauses(painter):
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= 3)
    painter.pause().result(SECONDS)
    held = painter.snapshot
    assert painter.wait(SECONDS) and not held.error
    assert painter.snapshot.image is held.image and painter.snapshot.evaluation == held.evaluation
    after = run(painter, 2)
    assert [r["evaluation"] for r in after.history] == list(range(1, after.evaluation + 1))
    seconds = [r["seconds"] for r in after.history]
    assert seconds == sorted(seconds), "time does not begin anew with each run"
    assert not after.image.flags.writeable and not after.original.flags.writeable


def test_style_raised_while_it_runs_pulls_the_style_below_where_it_would_stand():
    seen = {}
    for name in ("untouched", "steered"):
        painter = small(steps=25, style_weight=1.0)
        painter.paint()
        if name == "steered":
            until(lambda painter=painter: painter.snapshot.evaluation >= 8)
            painter.set(style_weight=100.0).result(SECONDS)
            assert painter.snapshot.painting, "a slider must not stop the painting"
        assert painter.wait(SECONDS)
        seen[name] = painter.snapshot
        painter.close()
    untouched, steered = seen["untouched"], seen["steered"]
    assert len(untouched.history) == len(steered.history) == 25
    assert steered.history[-1]["style"] < 0.8 * untouched.history[-1]["style"]
    assert steered.history[-1]["content"] > untouched.history[-1]["content"]
    assert 8 <= steered.changes[-1] < 25


def test_a_large_picture_is_begun_coarse_and_a_moved_weight_is_answered_coarse_first():
    painter = small(size=192, steps=5)
    painter.paint().result(SECONDS)
    assert painter.wait(SECONDS) and not painter.snapshot.error
    done = painter.snapshot
    sizes = [r["size"] for r in done.history]
    assert sizes[0] == COARSE and sizes[-5:] == [192] * 5 and set(sizes) == {COARSE, 192}
    assert done.image.shape == done.original.shape == images.load_image("china.jpg", 192).shape
    before = len(done.history)
    images_seen = []
    painter.set(style_weight=100.0).result(SECONDS)
    assert painter.snapshot.painting, "a weight moved on a finished picture goes on painting"
    while painter.snapshot.painting:
        images_seen.append((len(painter.snapshot.history), painter.snapshot.image))
        time.sleep(0.005)
    after = painter.snapshot.history[before:]
    assert after[0]["size"] == COARSE, "the coarse answer is there before the fine one"
    first_fine = next(k for k, r in enumerate(after) if r["size"] == 192)
    shown = [image for count, image in images_seen if before < count <= before + first_fine]
    assert any(np.abs(image - done.image).mean() > 0.003 for image in shown), "and it is seen"
    assert [r["evaluation"] for r in after if r["size"] == 192] == list(range(6, 11))
    painter.close()
    gone()


def test_a_small_picture_has_no_coarse_size():
    painter = small(size=COARSE, steps=4)
    painter.paint().result(SECONDS)
    assert painter.wait(SECONDS)
    assert [r["evaluation"] for r in painter.snapshot.history] == [1, 2, 3, 4]
    painter.set(style_weight=100.0).result(SECONDS)
    assert painter.wait(SECONDS)
    assert [r["evaluation"] for r in painter.snapshot.history] == [1, 2, 3, 4, 5, 6, 7, 8]
    painter.set(held=True, style_weight=30.0).result(SECONDS)
    assert painter.wait(SECONDS), "a held handle does not hold it up"
    assert [r["evaluation"] for r in painter.snapshot.history][8:] == [9, 10, 11, 12]
    painter.close()
    gone()


def test_a_picture_is_brought_to_the_size_that_is_set(painter):
    library, settings = painter._owner.library, painter.snapshot.settings
    fitting = np.full(library.original(settings).shape, 0.5, np.float32)
    assert library.fitted(settings, fitting) is fitting, "what fits is not touched"
    assert library.fitted(settings, FLAT).shape == fitting.shape


def test_while_the_handle_is_held_only_the_coarse_size_works():
    painter = small(size=192, steps=1000)
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= 2)
    painter.set(held=True, style_weight=30.0).result(SECONDS)
    seen = painter.snapshot
    until(lambda: len(painter.snapshot.history) >= len(seen.history) + 20)
    assert painter.snapshot.evaluation == seen.evaluation, "the fine size worked"
    painter.set(held=False, style_weight=31.0).result(SECONDS)
    until(lambda: painter.snapshot.evaluation > seen.evaluation)
    painter.close()
    gone()


def test_a_fine_evaluation_under_way_is_not_waited_for(monkeypatch):
    """The coarse answer comes while a fine evaluation cannot end."""
    block, entered, free, evaluate = (*(threading.Event() for _ in range(3)), transfer.StyleTransfer.evaluate)

    def slow(self, image):
        if self.content.shape[1] == 192 and block.is_set():
            entered.set()
            assert free.wait(SECONDS)
        return evaluate(self, image)
    monkeypatch.setattr(transfer.StyleTransfer, "evaluate", slow)
    painter = small(size=192, steps=1000)
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= 1)
    block.set()
    assert entered.wait(SECONDS)
    painter.set(style_weight=100.0).result(SECONDS)
    seen = painter.snapshot
    until(lambda: len(painter.snapshot.history) >= len(seen.history) + 3)
    assert all(r["size"] == COARSE for r in painter.snapshot.history[len(seen.history):])
    free.set()
    until(lambda: painter.snapshot.evaluation > seen.evaluation)
    painter.close()
    gone()


def test_the_number_of_evaluations_can_be_moved_while_it_paints(painter):
    painter.set(steps=4)
    painter.paint()
    painter.set(steps=9).result(SECONDS)
    assert painter.snapshot.goal == 9 and painter.wait(SECONDS)
    assert painter.snapshot.evaluation == 9 and not painter.snapshot.note
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= 11)
    painter.set(steps=1)
    assert painter.wait(SECONDS)
    s = painter.snapshot
    assert s.goal == s.evaluation and not s.note and not s.error


def test_layer_weights_and_blend_reach_the_transfer(painter):
    painter.set(second="wave", blend=0.25)
    run(painter, 2)
    made = painter._owner.networks.get(painter.snapshot.settings, 128)
    assert made.blend == [0.75, 0.25]
    painter.set(layer_weights=(0.0, 0.0, 1.0, 0.0, 0.0), blend=1.0)
    run(painter, 2)
    assert made.blend == [0.0, 1.0] and made.layer_weights["block1_conv1"] == 0


def test_each_half_is_nearer_to_its_own_style(painter):
    """By the Gram matrices of a half cut out of the painting, which no mask has touched."""
    painter.set(style="swirls", second="glass", split=0.5, steps=40)
    painter.paint()
    assert painter.wait(SECONDS) and not painter.snapshot.error
    image, middle = painter.snapshot.image, painter.snapshot.image.shape[1] // 2
    apart = {style: [transfer.StyleTransfer(np.ascontiguousarray(half), style, size=None, style_size=128,
                                            jit_compile=False).evaluate(half)[1]["style"]
                     for half in (image[:, :middle], image[:, middle:])] for style in ("swirls.jpg", "glass.jpg")}
    assert apart["swirls.jpg"][0] < 0.5 * apart["glass.jpg"][0]
    assert apart["glass.jpg"][1] < 0.5 * apart["swirls.jpg"][1]


def test_a_moved_line_begins_anew_and_compiles_nothing(painter):
    painter.set(second="wave", split=0.5, steps=4)
    painter.paint()
    assert painter.wait(SECONDS)
    first, made = painter.snapshot, painter._owner.networks.get(painter.snapshot.settings, 128)
    before = made.engine.traces()
    painter.set(split=0.25).result(SECONDS)
    assert painter.snapshot.painting and painter.snapshot.earlier == 1
    assert painter.wait(SECONDS) and painter.snapshot.evaluation == 4 and not painter.snapshot.error
    assert painter._owner.networks.get(painter.snapshot.settings, 128) is made and made.engine.traces() == before
    line = made.guides[0][0].numpy().any(axis=0).mean()
    assert line == pytest.approx(0.25, abs=0.01)
    painter.bring_back().result(SECONDS)
    assert painter.snapshot.image is first.image and painter.snapshot.settings.split == 0.5


def test_a_line_on_its_way_puts_one_picture_aside():
    painter = small(size=192, steps=1000, second="wave", split=0.5)
    run(painter, 2)
    painter.paint()
    for split in (0.45, 0.4, 0.35):
        painter.set(held=True, split=split).result(SECONDS)
        until(lambda: len(painter.snapshot.history) >= 2)
        assert {record["size"] for record in painter.snapshot.history} == {COARSE}
    assert painter.snapshot.earlier == 1
    painter.set(held=False, split=0.35)
    until(lambda: painter.snapshot.evaluation >= 1)
    painter.close()
    gone()


@pytest.mark.parametrize("change", [{"style": "wave"}, {"method": "adam"}, {"pooling": "avg"}, {"size": 192}])
def test_a_new_choice_while_painting_goes_on_from_the_picture(painter, change):
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= 6)
    painter.set(**change).result(SECONDS)
    seen = painter.snapshot
    until(lambda: painter.snapshot.evaluation >= seen.evaluation + 2 or painter.snapshot.error)
    s = painter.snapshot
    assert s.painting and not s.error
    assert max(s.image.shape) == s.settings.size
    assert np.abs(s.image - s.original).mean() > 0.005, "it began anew from the photograph"


def test_a_new_photograph_puts_the_picture_aside_and_both_can_be_brought_back(painter):
    kept = run(painter, 3)
    painter.set(content="cat").result(SECONDS)
    assert painter.snapshot.evaluation == 0 and painter.snapshot.image is painter.snapshot.original
    cat = run(painter, 2)
    painter.bring_back().result(SECONDS)
    s = painter.snapshot
    assert s.image is kept.image and s.settings == kept.settings and s.evaluation == 3 and s.earlier == 1
    painter.bring_back().result(SECONDS)
    assert painter.snapshot.image is cat.image, "the picture that was there is not thrown away"
    painter.start_over().result(SECONDS)
    empty = small()
    with pytest.raises(ValueError, match="put aside"):
        empty.bring_back().result(SECONDS)
    assert "put aside" in empty.snapshot.error
    empty.close()


def test_pictures_put_aside_are_few_and_finished_ones_last(painter):
    painter.set(steps=2)
    painter.paint()
    assert painter.wait(SECONDS)
    finished = painter.snapshot.image
    painter.set(steps=1000)
    for _ in range(KEPT + 3):
        painter.start_over()
        run(painter, 1)
    assert painter.snapshot.earlier == KEPT
    images_kept = [picture.image for _, picture in painter._owner.kept]
    assert images_kept[0] is finished


def test_start_over_while_painting_begins_anew(painter):
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= 4)
    before = painter.snapshot.image
    painter.start_over().result(SECONDS)
    assert painter.snapshot.earlier == 1 and painter.snapshot.evaluation == 0
    until(lambda: painter.snapshot.evaluation >= 2)
    assert painter.snapshot.painting and not np.array_equal(painter.snapshot.image, before)


@pytest.mark.parametrize("start, least", [("noise", 0.2), ("style", 0.1)])
def test_a_new_start_takes_effect(painter, start, least):
    painter.set(start=start)
    s = run(painter, 1)
    assert s.image.std() > least
    assert s.history[0]["content"] > 0.3
    assert np.abs(s.image - s.original).mean() > 0.1


def test_keep_colours_is_seen_at_once(painter):
    plain = run(painter, 3)
    painter.set(keep_colours=True).result(SECONDS)
    kept = painter.snapshot

    def chroma(image):
        return image - image.mean(-1, keepdims=True)
    assert kept.history is plain.history, "nothing was painted for it"
    assert np.abs(chroma(kept.image) - chroma(kept.original)).mean() < np.abs(
        chroma(plain.image) - chroma(plain.original)).mean()


def test_the_pace_is_that_of_the_size(painter):
    """Time left after a change of size was measured over both sizes."""
    run(painter, 3)
    assert painter.snapshot.pace is not None
    painter.set(size=192).result(SECONDS)
    assert painter.snapshot.pace is None or painter._owner.networks.get(painter.snapshot.settings, 192)
    run(painter, 3)
    made = painter._owner.networks.get(painter.snapshot.settings, 192)
    assert painter.snapshot.pace == pytest.approx(np.median(made.engine.seconds[made.content.shape[:2]][1:][-8:]))


# --- what goes wrong is seen, and loses nothing ---

def test_a_failing_callback_is_seen_and_the_picture_stays():
    def callback(evaluation, image, record):
        if evaluation == 3:
            raise RuntimeError("no ink left")
    painter = small(callback)
    painter.paint()
    assert painter.wait(SECONDS)
    s = painter.snapshot
    assert s.error == "RuntimeError: no ink left" and not s.painting
    assert s.evaluation == 3 and s.image is not s.original
    painter.close()


def test_an_evaluation_that_fails_leaves_the_last_good_picture(painter, monkeypatch):
    good, evaluate = run(painter, 3), transfer.StyleTransfer.evaluate

    def fails(self, image):
        if not np.array_equal(image, good.image):            # a trial picture
            raise RuntimeError("out of memory")
        return evaluate(self, image)
    monkeypatch.setattr(transfer.StyleTransfer, "evaluate", fails)
    painter.paint()
    assert painter.wait(SECONDS)
    s = painter.snapshot
    assert s.error == "RuntimeError: out of memory" and not s.painting
    assert np.array_equal(s.image, good.image)


def test_where_there_is_no_way_further_down_it_stops_and_says_so(painter, monkeypatch):
    evaluate = transfer.StyleTransfer.evaluate

    def level(self, image):
        loss, terms, gradient = evaluate(self, image)
        return loss, terms, 0 * gradient
    monkeypatch.setattr(transfer.StyleTransfer, "evaluate", level)
    painter.paint().result(SECONDS)
    assert painter.wait(SECONDS), "it began again and again"
    s = painter.snapshot
    assert "no way further down" in s.note and not s.error
    assert np.abs(s.image - s.original).max() < 1e-6


def test_a_size_that_does_not_fit_is_refused_with_one_that_does(painter, monkeypatch):
    before = run(painter, 3)
    own = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=0))
    made = painter._owner.networks.get(before.settings, 128)
    enough = cost.estimate(made, 256, 384, 1).memory
    monkeypatch.setattr(workers.cost, "free_memory", lambda: enough)
    monkeypatch.setattr(workers.psutil, "Process", lambda: own)
    painter.set(size=768)
    painter.paint()
    assert painter.wait(SECONDS)
    error = painter.snapshot.error
    assert re.match(r"768 px need \d+\.\d GB of memory and \d+\.\d GB are free: choose (256|384) px\.", error), error
    assert painter.snapshot.image is before.image, "the picture so far stays"


@pytest.mark.parametrize("changes, words", [
    ({"content": "nowhere"}, "upload it first"), ({"style_weight": float("nan")}, "number from 0"),
    ({"content_weight": -1.0}, "number from 0"), ({"tv_weight": "much"}, "number from 0"),
    ({"layer_weights": (1.0,)}, "layer weights"), ({"blend": 1.5}, "blend"), ({"blend": "half"}, "blend"),
    ({"split": 1.0}, "split is 0, for none"), ({"split": True}, "split"), ({"split": float("nan")}, "split"),
    ({"size": 100_000}, "size cannot be"), ({"pooling": "min"}, "pooling cannot be"),
    ({"start": "zero"}, "start cannot be"), ({"method": "newton"}, "method cannot be"),
    ({"steps": 0}, "steps cannot be"), ({"style_wieght": 3.0}, "did you mean style_weight")])
def test_settings_that_cannot_be_painted_are_refused(painter, changes, words):
    before = painter.snapshot.settings
    with pytest.raises(ValueError, match=words) as caught:
        painter.set(**changes).result(SECONDS)
    assert painter.snapshot.settings == before and painter.snapshot.error == str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_interrupt_of_the_kernel_loses_no_picture():
    code = ("import os, signal, time\nfrom helpers.studio import Painter\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)   # a shell's background jobs ignore it\n"
            "p = Painter(); p.set(size=128); p.paint()\n"
            "while p.snapshot.evaluation < 2: time.sleep(.05)\n"
            "try:\n    os.kill(os.getpid(), signal.SIGINT); time.sleep(5)\n"
            "except KeyboardInterrupt: print('interrupted')\n"
            "n = p.snapshot.evaluation\nwhile p.snapshot.evaluation < n + 2: time.sleep(.05)\n"
            "p.pause(); assert p.wait(30) and not p.snapshot.error; print('kept')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS)
    assert done.stdout.split() == ["interrupted", "kept"], done.stderr[-500:]


# --- files ---

def test_saved_settings_are_read_back(painter, tmp_path):
    name = painter.add("garden.png", FLAT).result(SECONDS)
    painter.set(content=name, style="dots", style_weight=63.0, layer_weights=(0.0, 1.0, 1.0, 2.5, 1.0),
                second="ink", split=0.35)
    path = painter.save(tmp_path / "new").result(SECONDS)
    assert path.parent.name == "new" and Image.open(path).size == (128, 96)
    other = Painter()
    other.read(path).result(SECONDS)
    assert other.snapshot.settings == painter.snapshot.settings and other.sources()["garden"].shape == (384, 512, 3)
    assert other.snapshot.names["own"] == ("garden",)
    assert painter.save(tmp_path).result() != painter.save(tmp_path).result(), "no picture is overwritten"
    other.close()


def test_a_picture_saved_before_there_was_a_line_has_none(painter, tmp_path):
    path = files.save(FLAT, Settings(second="ink", size=128), {}, tmp_path)
    with Image.open(path) as saved:
        values = json.loads(saved.text["Studio"])
    assert values.pop("split") == 0.0
    painter.set(split=0.5)
    painter.read(images.save_image(FLAT, tmp_path / "old.png", {"Studio": json.dumps(values)})).result(SECONDS)
    assert painter.snapshot.settings == Settings(second="ink", size=128)


def test_a_picture_whose_settings_are_refused_leaves_nothing_behind(painter, tmp_path):
    path = files.save(FLAT, Settings(content="x", size=128), {"x": FLAT}, tmp_path)
    with Image.open(path) as saved:
        text = dict(saved.text)
    text["Studio"] = json.dumps({**json.loads(text["Studio"]), "pooling": "min"})
    bad = images.save_image(FLAT, tmp_path / "bad.png", text)
    for _ in range(2):
        with pytest.raises(ValueError, match="pooling cannot be"):
            painter.read(bad).result(SECONDS)
    assert painter.snapshot.names["own"] == (), "a picture of a file that was refused"


@pytest.mark.parametrize("text", [None, {"Studio": "{"}, {"Studio": '{"size": 5}'}, {"Studio": "[1]"},
                                  {"Studio": json.dumps({"layer_weights": 3})}])
def test_a_picture_without_settings_says_so(painter, tmp_path, text):
    path = images.save_image(FLAT, tmp_path / "a.png", text)
    before = painter.snapshot.settings
    with pytest.raises(images.ImageError, match="holds no settings"):
        painter.read(path).result(SECONDS)
    assert painter.snapshot.settings == before


@pytest.mark.parametrize("name, shown", [
    ('"onclick=alert(1) x=".png', "onclick=alert(1) x="), ("a/b\\c:d*e?.jpg", "b c d e"),
    ("../../etc/passwd", "passwd"),
    ("CON<>|.png", "CON"), ("a\0b.png", "a b"), ("...", "picture"), ("", "picture"), ("x" * 80 + ".png", "x" * 24)])
def test_names_are_fit_for_a_file_of_any_system(painter, tmp_path, name, shown):
    given = painter.add(name, FLAT).result(SECONDS)
    assert given == shown
    painter.set(content=given)
    path = painter.save(tmp_path).result(SECONDS)
    assert path.parent == tmp_path and not re.search(r'[<>:"/\\|?*\x00-\x1f]', path.name)


def test_the_stages_become_an_animation(painter, tmp_path):
    with pytest.raises(ValueError, match="nothing to animate"):
        painter.save_gif(tmp_path).result(SECONDS)
    seen = run(painter, 4)
    with Image.open(painter.save_gif(tmp_path).result(SECONDS)) as gif:
        assert gif.n_frames == len(seen.stages) >= 4 and gif.size == (128, 85)


def test_stages_stay_few():
    picture = Picture()
    for _ in range(400):
        picture.record(np.zeros((32, 32, 3), np.float32), {"loss": 1.0}, 32)
    assert 20 <= len(picture.stages) <= 48 and len(picture.history) == 400


# --- words ---

def test_every_preset_is_explained_in_two_sentences():
    told = {name: explain(Settings(**changes)) for name, changes in PRESETS.items()}
    assert len({text for text, _ in told.values()}) == len(PRESETS)
    for text, _ in told.values():
        assert text.count(". ") >= 1 and text.endswith(".")


@pytest.mark.parametrize("changes", [
    *PRESETS.values(), {"second": "ink"}, {"second": "ink", "split": 0.5}, {"keep_colours": True}, {"method": "adam"},
    {"start": "noise"}, {"pooling": "avg"}, {"tv_weight": 9.0}, {"style_weight": 0.1}])
def test_every_explanation_leads_to_a_chapter(changes):
    folder = Path(__file__).resolve().parent.parent / "notebooks"
    assert (folder / f"{explain(Settings(**changes))[1]}.ipynb").exists()


def test_the_title_says_what_is_seen():
    assert title(Settings(), 0) == "china"
    assert title(Settings(), 3) == "china in the manner of swirls"
    assert title(Settings(second="ink"), 3) == "china in the manner of swirls and ink"


# --- nothing grows ---

def test_many_changes_compile_nothing_and_keep_nothing(painter):
    """What a painting leaves behind is counted by objects, not by the process's size."""
    rng, made = np.random.default_rng(0), []
    for n in range(6):
        name = painter.add(f"photo {n}", rng.uniform(size=(96, 128, 3)).astype(np.float32)).result(SECONDS)
        painter.set(content=name).result(SECONDS)
        run(painter, 2)
        if n == 0:
            traces = painter._owner.networks.get(painter.snapshot.settings, 128).engine.traces
            before = traces()
        for _ in range(5):
            painter.set(style_weight=float(rng.uniform(1, 100)), tv_weight=float(rng.uniform(0, 1)))
        run(painter, 1)
        assert not painter.snapshot.error
        made.append(weakref.ref(painter._owner.networks.get(painter.snapshot.settings, 128)))
    assert traces() == before, "a weight or a picture of the same size compiled anew"
    gc.collect()
    assert [one() is not None for one in made] == [False] * 5 + [True], "an old one is kept"


# --- what a stern reading found ---

def test_a_cancelled_command_is_not_obeyed_and_harms_nobody(painter, monkeypatch):
    block, entered = threading.Event(), threading.Event()
    monkeypatch.setattr(painter._owner, "_do_nothing", lambda: (entered.set(), block.wait(SECONDS)))
    painter.post("nothing")
    assert entered.wait(SECONDS)
    cancelled = painter.set(style_weight=77.0)
    assert cancelled.cancel()
    block.set()
    painter.set(content_weight=2.0).result(SECONDS)
    assert painter.snapshot.settings.style_weight == 10.0 and painter.snapshot.settings.content_weight == 2.0


def test_an_error_between_the_commands_is_told_and_the_painter_lives(painter, monkeypatch):
    def fails(*_):
        raise OSError("the disk is gone")
    monkeypatch.setattr(painter._owner.networks, "build", fails)
    painter.paint().result(SECONDS)
    assert painter.wait(SECONDS)
    assert "the disk is gone" in painter.snapshot.error and not painter.snapshot.painting
    monkeypatch.undo()
    assert run(painter, 2).evaluation >= 2


@pytest.mark.parametrize("size", [128, 192])
def test_a_handle_that_is_never_let_go_stops_nothing(size):
    """A page that was reloaded while a slider was held sends no release."""
    painter = small(size=size, steps=1000)
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= 1)
    painter.set(held=True, style_weight=30.0).result(SECONDS)
    painter._owner.spare = 5                                 # nearly all coarse evaluations of a held handle
    seen = painter.snapshot.evaluation
    until(lambda: painter.snapshot.evaluation >= seen + 2)
    painter.close()
    gone()


def test_one_layer_moved_leaves_the_others_as_they_are_by_then(painter):
    for layer, weight in ((0, 0.0), (4, 2.5)):
        painter.set_layer(layer, weight)
    painter.post("nothing").result(SECONDS)
    assert painter.snapshot.settings.layer_weights == (0.0, 1.0, 1.0, 1.0, 2.5)


def test_a_picture_with_a_name_of_any_script_is_saved_and_read_back(painter, tmp_path):
    name = painter.add("Москва 漢.jpg", FLAT).result(SECONDS)
    painter.set(content=name)
    path, other = painter.save(tmp_path).result(SECONDS), Painter()
    other.read(path).result(SECONDS)
    assert other.snapshot.settings.content == "Москва 漢"
    other.close()
    with pytest.raises(images.ImageError, match="cannot be opened"):
        painter.read(tmp_path / "missing.png").result(SECONDS)


def test_a_panorama_is_painted_too():
    painter = small(size=192, steps=2)
    wide = np.random.default_rng(0).uniform(size=(60, 300, 3)).astype(np.float32)
    painter.set(content=painter.add("wide.png", wide).result(SECONDS)).result(SECONDS)
    painter.paint()
    assert painter.wait(SECONDS)
    assert not painter.snapshot.error and painter.snapshot.evaluation == 2
    painter.close()
    gone()


def test_a_closed_painter_does_nothing_any_more():
    painter = small(steps=1000)
    painter.paint()
    until(lambda: painter.snapshot.evaluation >= 1)
    painter.close().result(SECONDS)
    assert not painter.snapshot.phase and not painter.snapshot.painting
    gone()


def test_a_pause_shows_the_best_picture_of_the_run_not_the_last():
    own, going = owner.Owner(None), SimpleNamespace(stop=threading.Event(), best=None)
    own.run, own.picture.goal = going, 5
    pictures = {loss: np.full((8, 8, 3), loss / 4, np.float32) for loss in (3.0, 1.0, 2.0)}
    for loss, image in pictures.items():
        own._do_evaluated(going, image, {"loss": loss})
    own._do_pause()
    assert own.picture.image is pictures[1.0] and going.stop.is_set()
    own._do_evaluated(going, pictures[3.0], {"loss": 3.0})          # came late, after the stop
    assert own.picture.evaluation == 3 and own.picture.image is pictures[1.0]
