"""Bytes from a web address, bounded in time, size and redirections, and a folder to keep them in."""

import contextlib
import hashlib
import http.client
import os
import string
import time
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

SECONDS = 20


def read(url, max_bytes, decode):
    """decode(bytes at `url`). They are kept once they have proved to be what they should: a login page is not.

    decode raises ValueError for anything else. Raises that, and what `fetch` raises.
    """
    kept = place(url)
    with contextlib.suppress(OSError, ValueError):      # not kept yet, or what was kept is damaged
        return decode(kept.read_bytes())
    data = fetch(url, max_bytes)
    value = decode(data)
    with contextlib.suppress(OSError):                  # no room to keep it: fetched again the next time
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix("." + uuid.uuid4().hex)
        partial.write_bytes(data)
        partial.replace(kept)                           # never a half-written file under the final name
    return value


def place(url):
    """Where what is at `url` is kept on this machine, whether it is there or not."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "style-transfer-course"
    return folder / hashlib.sha256(url.encode(errors="replace")).hexdigest()


def fetch(url, max_bytes):
    """The bytes at `url`, http or https and nothing else, wherever it may be redirected to.

    Raises OSError with the reason: after SECONDS, beyond max_bytes, after five redirections, for any other scheme.
    """
    opener, redirects = urllib.request.OpenerDirector(), urllib.request.HTTPRedirectHandler()
    redirects.max_redirections = 5
    # The handlers of urlopen, without those for ftp:, file: and data:.
    for handler in (redirects, urllib.request.ProxyHandler(), urllib.request.HTTPHandler(),
                    urllib.request.HTTPSHandler(), urllib.request.HTTPErrorProcessor(),
                    urllib.request.HTTPDefaultErrorHandler(), urllib.request.UnknownHandler()):
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
