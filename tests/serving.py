"""A web server of a test's own."""

import contextlib
import http.server
import threading


class Quiet(http.server.BaseHTTPRequestHandler):
    """Writes no log, and does not mind a reader who hangs up, as one should who has read enough."""

    def handle(self):
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        return None


@contextlib.contextmanager
def serving(handler, tmp_path, monkeypatch, no_proxy="127.0.0.1"):
    """→ the port on this machine where `handler` answers; what is downloaded from it is kept in tmp_path/cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", no_proxy)
    handler.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running.server_port
        running.shutdown()
