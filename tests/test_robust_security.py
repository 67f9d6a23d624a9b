"""Names, settings, addresses and texts in files are data, wherever they come from; nothing in them is obeyed."""

import ast
import base64
import io
import json
import pickle
import re
import socket
from pathlib import Path

import numpy as np
import pytest
from serving import Quiet, serving
from test_page import message, studio, until  # noqa: F401
from test_painter import SECONDS, run, small

import helpers
from helpers import images, network
from helpers.filters import _ArraysOnly
from helpers.images import ImageError, load_image
from helpers.studio import files
from helpers.studio.library import Library
from helpers.studio.settings import Settings

FLAT = np.full((48, 64, 3), 0.4, np.float32)
MODULES = sorted(Path(helpers.__file__).parent.rglob("*.py"))


# --- a visitor's address ----------------------------------------------------------------------------------

class Handler(Quiet):
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(302 if self.path.startswith("/to-") else 200)
        if self.path.startswith("/to-"):
            host = {"to-name": "localhost", "to-number": "127.0.0.1"}[self.path.strip("/")]
            self.send_header("Location", f"http://{host}:{self.server.server_port}/inside.png")
        self.end_headers()
        self.wfile.write(files.jpeg(FLAT))


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server on this machine; → its port."""
    with serving(Handler, tmp_path, monkeypatch, no_proxy="*") as port:
        yield port


INSIDE = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "127.0.0.%31", "[::1]",
          "[::ffff:127.0.0.1]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "[fe80::1]",
          "[fd00::1]"]


@pytest.mark.parametrize("host", INSIDE)
def test_a_visitors_address_inside_this_network_is_refused(server, host):
    with pytest.raises(ImageError, match=r"cannot be downloaded \(it is an address inside this network\)") as error:
        load_image(f"http://{host}:{server}/inside.png", public=True)
    assert not Handler.asked and str(error.value).isprintable()


def test_ones_own_cell_may_read_from_ones_own_machine(server):
    assert load_image(f"http://127.0.0.1:{server}/inside.png").shape == FLAT.shape
    assert Handler.asked == ["/inside.png"]


@pytest.mark.parametrize("way", ["to-name", "to-number"])
def test_a_redirection_into_this_network_is_refused(server, way, monkeypatch):
    """The first address counts as public, the one that it leads to does not."""
    refuse, seen = network._refuse_private, []

    def first_is_outside(address):
        seen.append(address)
        if Handler.asked:
            refuse(address)
    monkeypatch.setattr(network, "_refuse_private", first_is_outside)
    with pytest.raises(ImageError, match="inside this network"):
        load_image(f"http://127.0.0.1:{server}/{way}", public=True)
    assert Handler.asked == [f"/{way}"] and set(seen) == {"127.0.0.1"}


def test_a_name_that_means_another_machine_the_second_time_is_refused(server, monkeypatch):
    look_up, answers = socket.getaddrinfo, []

    def rebinding(host, *arguments, **options):
        answers.append(host)
        return look_up("93.184.216.34" if len(answers) == 1 else "127.0.0.1", *arguments, **options)
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(ImageError, match="inside this network"):
        load_image(f"http://pictures.example:{server}/inside.png", public=True)
    assert answers == ["pictures.example"] * 2 and not Handler.asked, "it was reached, and asked for something"


@pytest.mark.parametrize("source", ["/etc/passwd", "china.jpg", "../data/content/china.jpg", "~/x.png",
                                    Path("china.jpg"), "C:\\x.png", "javascript:alert(1)"])
def test_a_visitors_words_are_no_path(source):
    with pytest.raises(ImageError, match=r"is no address: it begins with https:// or commons:"):
        load_image(source, public=True)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "FILE://localhost/etc/passwd", "ftp://127.0.0.1/x",
                                     "data://text/plain,x", "gopher://127.0.0.1/"])
def test_a_visitors_address_has_a_known_scheme(address):
    with pytest.raises(ImageError, match="unknown url type"):
        load_image(address, public=True)


def test_a_visitors_upload_is_read():
    assert load_image({"name": "/etc/passwd", "content": files.jpeg(FLAT)}, public=True).shape == FLAT.shape


@pytest.mark.parametrize("words", ["/etc/passwd", "data/content/china.jpg", "http://127.0.0.1:9/x.png", "file:///etc/passwd"])
def test_the_pages_field_takes_a_visitors_words(studio, words):  # noqa: F811
    message(studio, "address", address=words, role="style")
    until(lambda: studio._error)
    assert re.search("is no address|inside this network|unknown url type", studio._error)
    assert not studio.painter.commands


# --- what stands inside a PNG -----------------------------------------------------------------------------

GOOD = {"content": "china", "style": "swirls", "layer_weights": [1, 1, 1, 1, 1], "size": 128}
HOSTILE = ['<img src=x onerror="alert(1)">', "../../../etc/cron.d/x", "a\0b", "x" * 5000, "{{7*7}}", "$(touch x)",
           "\u202egnp.exe", "CON", "__proto__", "javascript:alert(1)", "%s%n", "~", "/", "", " ", "\ud83d"]


def png(folder, settings, pictures="{}"):
    settings = settings if isinstance(settings, str) else json.dumps(settings)
    return images.save_image(FLAT, folder / "a.png", {"Studio": settings, "Pictures": pictures})


def embedded(names):
    return json.dumps(dict.fromkeys(names, base64.b64encode(files.jpeg(FLAT)).decode()))


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_inside_a_png_becomes_a_plain_one_and_writes_nowhere_else(tmp_path, name):
    library, folder = Library(), tmp_path / "pictures"
    values = library.read(png(tmp_path, json.dumps({**GOOD, "content": name}), embedded([name])), Settings())
    settings = Settings().changed(library.sources, **values)
    assert values["content"] == library.names["own"][0] and not re.search(r'[<>:"/\\|?*\x00-\x1f]', values["content"])
    assert len(values["content"]) <= 24 and values["content"].isprintable()
    before = set(tmp_path.rglob("*"))
    stages = [(1, np.uint8(FLAT * 255))]
    for path in files.save(FLAT, settings, library.own(), folder), files.save_gif(stages, settings, folder):
        assert path.resolve().parent == folder.resolve()
    assert {path.parent for path in set(tmp_path.rglob("*")) - before} == {folder, tmp_path}


PARTED = {**GOOD, "content": "a", "second": "ink"}
LINES = {
    "markup": '"<img src=x onerror=alert(1)>"', "a script's end": '"</script><script>alert(1)</script>"',
    "a template": '"{{7*7}}"', "a number in words": '"0.5"', "nothing in words": '""', "half a character": '"\\ud83d"',
    "a long word": json.dumps("x" * 100_000), "NaN": "NaN", "infinity": "Infinity", "minus infinity": "-Infinity",
    "beyond a float": "1e999", "the largest float": "1.7e308", "the smallest": "5e-324",
    "four hundred digits": "9" * 400, "ten thousand digits": "9" * 10_000,
    "a list": "[0.5]", "two lines": "[0.25, 0.75]", "no line in a list": "[]",
    "a thousand lines": json.dumps([0.5] * 1000), "lists in lists": "[" * 500 + "]" * 500, "deeper": "[" * 100_000,
    "a dictionary": '{"split": 0.5}', "a class": '{"__class__": "float"}', "null": "null", "true": "true",
    "false": "false", "too far left": "0.049", "too far right": "0.951", "the edge": "1", "beyond it": "2",
    "a negative share": "-0.5", "a percentage": "50"}


@pytest.fixture(scope="module")
def painted():
    """A painter with a picture; it is only looked at."""
    painter = small(second="wave", split=0.5)
    run(painter, 2)
    yield painter
    painter.close()


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_hostile_line_inside_a_png_is_one_sentence_and_nothing_is_lost(tmp_path, painted, line):
    text = json.dumps(PARTED)[:-1] + f', "split": {line}}}'
    before, library = painted.snapshot, painted.sources().keys()
    with pytest.raises(ValueError) as error:                       # ImageError is one
        painted.read(png(tmp_path, text, embedded(["a"]))).result(SECONDS)
    after = painted.snapshot
    assert str(error.value).isprintable() and str(error.value).endswith(".") and len(str(error.value)) < 300
    assert after.error == str(error.value) and "<" not in after.error
    assert after.settings == before.settings and after.image is before.image and after.history == before.history
    assert after.names == before.names and painted.sources().keys() == library
    assert (after.evaluation, after.goal, after.earlier) == (before.evaluation, before.goal, before.earlier)


@pytest.mark.parametrize("line", [0, 0.0, -0.0, 0.05, 0.5, 0.95])
def test_a_line_that_can_be_painted_is_read(tmp_path, line):
    library = Library()
    values = library.read(png(tmp_path, {**PARTED, "split": line}, embedded(["a"])), Settings())
    settings = Settings().changed(library.sources, **values)
    assert settings.split == line and settings.parted == (line > 0)


@pytest.mark.parametrize("change", [
    {"content": ["china"]}, {"content": {}}, {"content": None}, {"content": 3}, {"style": True}, {"second": 1},
    {"size": 128.0}, {"size": "128"}, {"size": True}, {"steps": 5.0}, {"steps": True}, {"steps": 10 ** 30},
    {"steps": "1"}, {"keep_colours": 1}, {"keep_colours": "yes"}, {"keep_colours": []}, {"pooling": ["max"]},
    {"start": {}}, {"method": "__import__"}, {"blend": True}, {"blend": [0.5]}, {"blend": 10 ** 400},
    {"blend": 1.01}, {"blend": -0.01},
    {"content_weight": float("nan")}, {"content_weight": float("inf")}, {"style_weight": -0.1}, {"tv_weight": "0"},
    {"tv_weight": 10 ** 400}, {"layer_weights": [1] * 4}, {"layer_weights": [1, 1, 1, 1, "1"]},
    {"layer_weights": {"a": 1}}, {"layer_weights": "11111"}, {"layer_weights": [[1]] * 5}, {"nonsense": 1},
    {"__class__": "x"}, {"self": 1}, {"names": []}, {"changed": 1}])
def test_settings_inside_a_png_are_checked_by_value_and_by_type(tmp_path, change):
    library = Library()
    assert Settings().changed(library.sources, **library.read(png(tmp_path, GOOD), Settings())).size == 128
    with pytest.raises(ValueError) as error:
        library.read(png(tmp_path, {**GOOD, **change}), Settings())
    assert str(error.value).isprintable() and str(error.value).endswith((".", "?")) and len(str(error.value)) < 300
    assert library.names["own"] == ()


DEEP, GOOD_TEXT, MINE = "[" * 100_000, json.dumps(GOOD), json.dumps({**GOOD, "content": "a"})
TEXTS = [(DEEP, "{}"), ("NaN", "{}"), ('"china"', "{}"), ("[]", "{}"), ("null", "{}"), ("", "{}"), ("{}", "{}"),
         (GOOD_TEXT, "["), (GOOD_TEXT, "[]"), (GOOD_TEXT, DEEP), (MINE, '{"a": 7}'), (MINE, '{"a": "no picture"}'),
         (MINE, '{"a": "aGVsbG8="}'), (MINE, '{"a": null}')]


@pytest.mark.parametrize("settings, pictures", TEXTS, ids=range(len(TEXTS)))
def test_texts_that_are_no_settings_are_one_sentence(tmp_path, settings, pictures):
    with pytest.raises(ImageError) as error:
        Library().read(png(tmp_path, settings, pictures), Settings())
    assert str(error.value).isprintable() and str(error.value).endswith(".") and len(str(error.value)) < 300


def test_only_the_pictures_that_the_settings_name_are_read(tmp_path):
    """A small file could hold a thousand large ones."""
    library = Library()
    library.read(png(tmp_path, {**GOOD, "content": "mine"}, embedded(["mine", *(f"spare {n}" for n in range(50))])),
                 Settings())
    assert library.names["own"] == ("mine",)


# --- no module has a way to run what it reads -------------------------------------------------------------

def names_called(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            yield called.rpartition(".")[2] if called.rpartition(".")[0] in ("", "builtins") else called, node


def test_nothing_is_evaluated_unpickled_or_handed_to_a_shell():
    forbidden = re.compile(r"(eval|exec|compile|__import__|os\.system|os\.popen|pickle\.loads?|marshal\.\w+|shelve\.\w+"
                           r"|joblib\.\w+|yaml\.\w+|dill\.\w+|keras\.models\.load_model|importlib\.\w+)")
    found = [(path.name, called) for path in MODULES for called, _ in names_called(path) if forbidden.fullmatch(called)]
    assert {name for name, _ in found} <= {"listings.py"}, "a line that a learner has typed in a cell of their own"
    shells = [(path.name, called) for path in MODULES for called, node in names_called(path)
              if any(word.arg == "shell" for word in node.keywords)]
    assert not shells
    risky = [(path.name, called) for path in MODULES for called, node in names_called(path)
             for word in node.keywords if word.arg in ("allow_pickle", "safe_mode", "trust")
             and not (isinstance(word.value, ast.Constant) and word.value.value == (word.arg == "safe_mode"))]
    assert not risky
    assert len(MODULES) > 40


def test_only_one_module_unpickles_and_it_admits_arrays_alone():
    unpickling = [path.name for path in MODULES if re.search(r"\bimport pickle|from pickle", path.read_text("utf-8"))]
    assert unpickling == ["filters.py"]
    assert set(_ArraysOnly.ALLOWED) == {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"),
                                        ("numpy", "dtype")}
    for module, name in (("builtins", "eval"), ("os", "system"), ("numpy", "load"),
                         ("numpy.core.multiarray", "scalar")):
        with pytest.raises(pickle.UnpicklingError, match="is no array"):
            _ArraysOnly(io.BytesIO()).find_class(module, name)


def test_the_servers_speak_to_this_machine_alone_unless_told():
    makefile = (Path(helpers.__file__).parent.parent / "Makefile").read_text("utf-8")
    assert "\nIP ?= 127.0.0.1\n" in makefile
    assert "--ServerApp.ip=$(IP)" in makefile and "--Voila.ip=$(IP)" in makefile
    assert "--Voila.auto_token=True" in makefile, "Voilà has none unless it is told to; JupyterLab has one"
    assert not re.search(r"(?<!auto_)token=|password=|disable_check_xsrf|allow_origin", makefile)
