"""Each bound of a download at its two sides. No test waits: where time passes, it is told."""

import http.client
import http.server
import os
import time
import urllib.request
from types import SimpleNamespace

import pytest
from serving import Quiet, serving

from helpers import network

BODY = bytes(range(256)) * 8


class Handler(Quiet):
    """/hop-3 leads on to /hop-2 and so to /hop-0, which is the file; /large holds 2.1 MB."""
    asked = []

    def do_GET(self):
        self.asked.append((self.path, self.headers["User-Agent"]))
        kind, _, left = self.path.strip("/").partition("-")
        if kind == "hop" and int(left):
            self.send_response(302)
            self.send_header("Location", f"/hop-{int(left) - 1}")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(bytes(2_100_000) if kind == "large" else BODY)


@pytest.fixture
def server(tmp_path, monkeypatch):
    with serving(Handler, tmp_path, monkeypatch) as port:
        yield f"http://127.0.0.1:{port}/"


def test_a_file_may_have_as_many_bytes_as_allowed_and_no_more(server):
    assert network.fetch(server + "x", len(BODY)) == BODY
    with pytest.raises(OSError, match=r"^more than 0 MB: choose a smaller version$"):
        network.fetch(server + "x", len(BODY) - 1)
    with pytest.raises(OSError, match=r"^more than 2 MB"):
        network.fetch(server + "large", 2_000_000)


def test_five_redirections_are_followed_and_no_sixth(server):
    assert network.fetch(server + "hop-5", 10_000) == BODY
    assert [path for path, _ in Handler.asked] == [f"/hop-{n}" for n in (5, 4, 3, 2, 1, 0)]
    Handler.asked.clear()
    with pytest.raises(OSError):
        network.fetch(server + "hop-6", 10_000)
    assert len(Handler.asked) == 6


@pytest.mark.parametrize("passed, whole", [(network.SECONDS, True), (network.SECONDS + 0.1, False)])
def test_a_download_may_take_its_seconds_and_no_longer(server, monkeypatch, passed, whole):
    """Between the first look at the clock and the next, so many seconds."""
    times = iter([100.0])
    monkeypatch.setattr(network, "time", SimpleNamespace(monotonic=lambda: next(times, 100.0 + passed)))
    if whole:
        assert network.fetch(server + "x", 10_000) == BODY
    else:
        with pytest.raises(TimeoutError, match=f"^no end after {network.SECONDS} s$"):
            network.fetch(server + "x", 10_000)


def test_a_silent_server_gets_half_of_the_seconds_and_is_told_who_asks(server, monkeypatch):
    given, opens = [], urllib.request.OpenerDirector.open
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", lambda self, request, timeout: given.append(timeout)
                        or opens(self, request, timeout=timeout))
    network.fetch(server + "hop-1", 10_000)
    assert network.SECONDS == 20 and given[0] == 10
    assert {agent for _, agent in Handler.asked} == {"style-transfer-course/1.0 (teaching)"}


def test_what_was_fetched_is_kept_under_its_own_address_alone(server, tmp_path):
    for name in ("x", "y", "x"):
        assert network.read(server + name, 10_000, bytes) == BODY
    assert [path for path, _ in Handler.asked] == ["/x", "/y"]
    kept = {network.place(server + name) for name in "xy"}
    assert set((tmp_path / "cache" / "style-transfer-course").iterdir()) == kept and len(kept) == 2
    assert network.place("http://\ud800") == network.place("http://?"), "half a character has a place as well"


def test_what_is_left_is_swept_after_a_day_and_not_before(tmp_path):
    ages = {"before": 23 * 3600, "after": 25 * 3600}
    for name, age in ages.items():
        for path in (tmp_path / f".part-{name}", tmp_path / f".part-{name}-folder" / "file"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"half")
            os.utime(path if path.parent == tmp_path else path.parent, (time.time() - age,) * 2)
    (tmp_path / ".part").write_bytes(b"of another kind")
    os.utime(tmp_path / ".part", (0, 0))
    network.sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".part-before", ".part-before-folder", ".part"}
    network.sweep(tmp_path / "nowhere")


@pytest.mark.parametrize(("way", "kind"), [("http_open", http.client.HTTPConnection),
                                           ("https_open", http.client.HTTPSConnection)])
def test_a_visitors_connection_looks_at_what_it_has_reached_unless_a_proxy_is_between(monkeypatch, way, kind):
    opened, reached = [], SimpleNamespace(getpeername=lambda: ("10.0.0.7", 80), close=lambda: None)
    handler = network._Public()
    monkeypatch.setattr(handler, "do_open", lambda connection, request: opened.append(connection))
    getattr(handler, way)(SimpleNamespace(host="proxy.example", asked="picture.example"))
    assert not opened
    getattr(handler, way)(SimpleNamespace(host="picture.example", asked="picture.example"))
    monkeypatch.setattr(kind, "connect", lambda self: setattr(self, "sock", reached))
    with pytest.raises(OSError, match="inside this network"):
        opened[0]("picture.example").connect()
    assert issubclass(opened[0], kind)
