"""Bytes from a web address, bounded in time, size and redirections, and a folder to keep them in."""

import contextlib
import hashlib
import http.client
import ipaddress
import os
import shutil
import socket
import string
import time
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

SECONDS = 20
PART = ".part-"          # so begins the name of what is not whole yet
DAY = 86_400


def read(url, max_bytes, decode, public=False):
    """decode(bytes at `url`). They are kept once they have proved to be what they should: a login page is not.

    decode raises ValueError for anything else. public: as for `fetch`. Raises that, and what `fetch` raises.
    """
    kept = place(url)
    with contextlib.suppress(OSError, ValueError):      # not kept yet, or what was kept is damaged
        return decode(kept.read_bytes())
    data = fetch(url, max_bytes, public)
    value = decode(data)
    with contextlib.suppress(OSError):                  # no room to keep it: fetched again the next time
        kept.parent.mkdir(parents=True, exist_ok=True)
        write(kept, data)
    return value


def write(path, data):
    """Write bytes beside `path` and rename: under its own name a file is whole, whatever ends the process."""
    sweep(path.parent)
    part = path.with_name(PART + uuid.uuid4().hex)
    try:
        part.write_bytes(data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sweep(folder):
    """Remove what a process that was killed, a day ago or earlier, had in hand in `folder`."""
    for left in folder.glob(PART + "*"):
        with contextlib.suppress(OSError):              # another process does the same
            if time.time() - left.stat().st_mtime > DAY:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def place(url):
    """Where what is at `url` is kept on this machine, whether it is there or not."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "style-transfer-course"
    return folder / hashlib.sha256(url.encode(errors="replace")).hexdigest()


def fetch(url, max_bytes, public=False):
    """The bytes at `url`, http or https and nothing else, wherever it may be redirected to.

    public: no machine of one's own network, nor this one: the address is a visitor's, who may not see what is there.
    Raises OSError with the reason: after SECONDS, beyond max_bytes, after five redirections, for any other scheme.
    """
    opener, redirects = urllib.request.OpenerDirector(), urllib.request.HTTPRedirectHandler()
    redirects.max_redirections = 5
    # The handlers of urlopen, without those for ftp:, file: and data:.
    for handler in (redirects, urllib.request.ProxyHandler(), urllib.request.HTTPHandler(),
                    urllib.request.HTTPSHandler(), urllib.request.HTTPErrorProcessor(),
                    urllib.request.HTTPDefaultErrorHandler(), urllib.request.UnknownHandler(),
                    *([_Public()] if public else [])):
        opener.add_handler(handler)
    data, deadline = bytearray(), time.monotonic() + SECONDS
    try:
        request = urllib.request.Request(urllib.parse.quote(url, safe=string.punctuation),
                                         headers={"User-Agent": "style-transfer-course/1.0 (teaching)"})
        with opener.open(request, timeout=SECONDS / 2) as response:
            while chunk := response.read1(1 << 16):       # what is there, not all of it: the deadline must be seen
                data += chunk
                if len(data) > max_bytes:
                    raise OSError(f"more than {max_bytes // 10**6} MB: choose a smaller version")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no end after {SECONDS} s")
    except (ValueError, http.client.HTTPException) as error:
        raise OSError(str(error) or type(error).__name__) from error
    return bytes(data)


# --- a visitor's address ----------------------------------------------------------------------------------

class _Public(urllib.request.AbstractHTTPHandler):
    """Refuses what is inside this network, by its name and, for a name may mean another machine each time that it is
    looked up, by the machine that was reached."""
    handler_order = 400                                   # before the handlers of all addresses

    def http_request(self, request):                      # each one, the redirected too
        request.asked = request.host
        with contextlib.suppress(socket.gaierror):        # a proxy may know the name; else opening it fails, too
            for *_, place in socket.getaddrinfo(urllib.parse.urlsplit("//" + request.host).hostname, None):
                _refuse_private(place[0])
        return request

    def http_open(self, request):
        if request.host == request.asked:                 # else it is a proxy's, which may be near
            return self.do_open(_reaching(http.client.HTTPConnection), request)

    def https_open(self, request):
        if request.host == request.asked:
            return self.do_open(_reaching(http.client.HTTPSConnection), request)

    https_request = http_request


def _reaching(connection):
    class Public(connection):
        def connect(self):
            super().connect()
            _refuse_private(self.sock.getpeername()[0])
    return Public


def _refuse_private(address):
    if not ipaddress.ip_address(address).is_global:
        raise OSError("it is an address inside this network")
