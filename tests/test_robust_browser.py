"""Live payloads in whatever a stranger can put before the page: a file's name, an address, the texts of a saved PNG."""

import base64
import json
import re

import numpy as np
import pytest
from test_browser import Page, browser, playwright, shown, voila  # noqa: F401

from helpers import images
from helpers.studio import files

FLAT = np.random.default_rng(0).uniform(size=(64, 96, 3)).astype(np.float32)
# Each would say so if it were obeyed: as an element, as an attribute's end, as a link, in a style sheet, in a script.
PAYLOADS = ["<img src=x onerror=alert(1)>", '"onload=alert(2) x="', "javascript:alert(3)", "</style><script>alert(4)",
            "${alert(5)}", "<svg onload=alert(6)>"]


def hostile_png(folder, payload):
    settings = {"content": payload, "style": "swirls", "layer_weights": [1] * 5, "size": 128, "second": ""}
    pictures = {payload: base64.b64encode(files.jpeg(FLAT)).decode()}
    return images.save_image(FLAT, folder / "saved.png", {"Studio": json.dumps(settings), "Title": payload,
                                                          "Pictures": json.dumps(pictures)})


def refused_png(folder, payload):
    """Its sentence repeats what was refused."""
    settings = {"content": "china", "style": "swirls", "layer_weights": [1] * 5, "method": payload}
    return images.save_image(FLAT, folder / "refused.png", {"Studio": json.dumps(settings)})


@pytest.mark.slow
def test_what_a_stranger_wrote_is_shown_and_not_obeyed(shown, tmp_path):  # noqa: F811
    page, studio = shown.page, shown.studio
    page.evaluate("() => { window.alert = words => { document.title = 'obeyed ' + words; }; }")
    shown.tab("Your pictures")
    for payload in PAYLOADS:
        upload = {"name": payload.replace("/", " ") + ".jpg", "mimeType": "image/jpeg", "buffer": files.jpeg(FLAT)}
        studio.get_by_label("Upload a picture").set_input_files(upload)
        playwright.expect(studio.locator("h1")).to_contain_text(files.clean(upload["name"]))
        upload["buffer"] = b"no picture"
        studio.get_by_label("Upload a picture").set_input_files(upload)
        shown.wait(re.escape(upload["name"]) + " is not a picture")

        shown.upload("Paint a saved one again", hostile_png(tmp_path, payload))
        playwright.expect(studio.locator("h1")).to_contain_text(files.clean(payload))
        shown.upload("Paint a saved one again", refused_png(tmp_path, payload))
        shown.wait("method cannot be '" + re.escape(payload))

        studio.get_by_label("or from").fill(payload)
        studio.get_by_label("or from").press("Enter")
        shown.wait(re.escape(payload) + " is no address")
    studio.get_by_label("or from").fill("http://127.0.0.1:9/<img src=x onerror=alert(7)>.png")
    studio.get_by_label("or from").press("Enter")
    shown.wait("it is an address inside this network")
    shown.shot("strangers")
    alive = ".studio :is([onclick], [onload], [onerror], script, a[href^=java])"
    assert studio.page.locator(alive).count() == 0
    assert not page.title().startswith("obeyed") and not shown.errors


@pytest.mark.slow
def test_who_does_not_know_the_token_reaches_no_kernel(browser, tmp_path):  # noqa: F811
    with voila(tmp_path, guarded=True) as (address, _):
        context = browser.new_context()
        page = context.new_page()
        page.goto(address)
        assert "/login" in page.url and page.locator(".studio").count() == 0
        for path in ("/api/kernels", "/voila/render/studio.ipynb", "/api/contents", "/api/kernels/x/channels"):
            answer = context.request.get(address + path, max_redirects=0)
            assert answer.status in (302, 403, 404), path
        context.close()

        log = tmp_path / "server.log"
        told = re.search(r"token=(\w{20,})", log.read_text())
        shown = Page(browser.new_context().new_page(), "guarded").open(f"{address}/?token={told.group(1)}")
        shown.click("Paint")
        shown.wait_evaluation(1)
        assert not shown.errors
        shown.page.context.close()
