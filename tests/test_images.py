"""Any picture a person has, and one clear sentence for everything else."""

import http.server
import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from helpers import images
from helpers.images import ImageError, load_image, save_image

GRADIENT = np.linspace(0, 255, 64 * 48 * 3).reshape(48, 64, 3).astype(np.uint8)
PICTURE = Image.fromarray(GRADIENT)


def encoded(picture, kind, **options):
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


@pytest.mark.parametrize("kind, tolerance", [("PNG", 0), ("BMP", 0), ("TIFF", 0), ("GIF", 0.12), ("JPEG", 0.05),
                                             ("WEBP", 0.06)])
def test_formats(kind, tolerance):
    image = load_image(encoded(PICTURE, kind))
    assert image.dtype == np.float32 and image.shape == (48, 64, 3)
    assert np.abs(image - GRADIENT / 255).max() <= tolerance + 1e-6


def test_modes_become_rgb():
    grey = load_image(encoded(PICTURE.convert("L"), "PNG"))
    assert np.array_equal(grey[..., 0], grey[..., 2])
    assert load_image(encoded(PICTURE.convert("P"), "PNG")).shape == (48, 64, 3)
    assert load_image(encoded(PICTURE.convert("1"), "PNG")).max() == 1
    cmyk = load_image(encoded(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG"))
    assert cmyk[20, 20, 0] > 0.8 > 0.3 > cmyk[20, 20, 1]           # cyan 0, magenta and yellow full: red


def test_sixteen_bits_are_not_cut_off():
    deep = (np.arange(48 * 64, dtype=np.uint16) * 21).reshape(48, 64)
    image = load_image(encoded(Image.fromarray(deep), "PNG"))
    assert np.allclose(image[..., 0], deep / 65535, atol=1e-6)
    assert 0.9 < image.max() < 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_lies_over_white(mode):
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((255, 0, 0, 255), (0, 0, 20, 40))
    options = {"transparency": 0} if mode == "P" else {}
    if mode == "P":
        clear = Image.fromarray(np.repeat([[0] * 20 + [1] * 20], 40, 0).astype(np.uint8), "P")
        clear.putpalette([0, 0, 0, 10, 20, 30])
        assert load_image(encoded(clear, "PNG", **options))[0, 0].min() == 1
    else:
        assert load_image(encoded(clear.convert(mode), "PNG"))[0, 39].min() == 1


def test_exif_orientation_is_obeyed():
    exif = Image.Exif()
    exif[274] = 6                                                  # turned by 90° to be upright
    image = load_image(encoded(PICTURE, "PNG", exif=exif))
    assert image.shape == (64, 48, 3)
    assert np.allclose(image, np.rot90(GRADIENT, -1) / 255)


def test_animated_gif_gives_its_first_frame():
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    image = load_image(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert image[0, 0, 0] > 0.9 > 0.1 > image[0, 0, 2]


def test_sources(tmp_path):
    path = tmp_path / "a picture.png"
    path.write_bytes(encoded(PICTURE, "PNG"))
    expected = GRADIENT.astype(np.float32) / 255
    upload = ({"name": "phone.png", "content": memoryview(path.read_bytes())},)
    for source in (path, str(path), path.read_bytes(), upload, upload[0], PICTURE, GRADIENT, expected):
        assert np.allclose(load_image(source), expected)
    with open(path, "rb") as file:
        assert np.allclose(load_image(file), expected)


def test_course_pictures_are_found_by_name_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_image("china.jpg", 64).shape == (43, 64, 3)
    assert load_image("style/wave.jpg", 64).shape[1] == 64


def test_max_side_averages_instead_of_picking():
    stripes = np.zeros((200, 200, 3), np.uint8)
    stripes[:, ::2] = 255
    small = load_image(stripes, 50)
    assert small.shape == (50, 50, 3)
    assert np.abs(small - 0.5).max() < 0.15
    assert load_image(PICTURE, 1000).shape == (48, 64, 3)          # never enlarged


@pytest.mark.parametrize("source, says", [
    (b"", "empty"),
    (b"hello, I am no picture", "not a picture"),
    (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
    ("nowhere.jpg", "nowhere.jpg cannot be opened"),
    (7, "a int is not a picture"),
    (np.full((4, 4, 3), 200.0), "0…1"),
    (np.zeros((4, 4)) * np.nan, "0…1"),
    (np.zeros((4, 4, 7)), "(H, W, 3)"),
])
def test_anything_else_is_one_sentence(source, says):
    with pytest.raises(ImageError) as error:
        load_image(source)
    assert says in str(error.value) and "\n" not in str(error.value)


def test_half_a_file_is_refused():
    with pytest.raises(ImageError, match="cannot be read"):
        data = encoded(PICTURE, "PNG")
        load_image(data[:len(data) // 2])


def test_a_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 1000)
    with pytest.raises(ImageError, match="64 × 48"):
        load_image(encoded(PICTURE, "PNG"))


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.webp"])
def test_written_pictures_are_read_back(tmp_path, name):
    image = images.resize(GRADIENT.astype(np.float32) / 255, max_side=40)
    path = save_image(image, tmp_path / name)
    assert np.abs(load_image(path) - image).max() < (0.003 if name == "x.png" else 0.15)


def test_png_keeps_its_text(tmp_path):
    path = save_image(np.zeros((40, 40, 3)), tmp_path / "x.png", text={"settings": "α = 1"})
    with Image.open(path) as picture:
        assert picture.text["settings"] == "α = 1"


@pytest.mark.parametrize("image, name, says", [
    (np.zeros((40, 40, 3)), "x.nothing", "cannot be written"),
    (np.zeros((40, 40, 3)), "no/such/folder/x.png", "existing folder"),
    (np.zeros((40, 40)), "x.png", "shape"),
    (np.full((40, 40, 3), np.nan), "x.png", "NaN"),
])
def test_writing_says_what_is_wrong(tmp_path, image, name, says):
    with pytest.raises(ImageError, match=says):
        save_image(image, tmp_path / name)


def test_keep_colours_keeps_brightness_and_colours():
    rng = np.random.default_rng(0)
    content, painted = rng.uniform(0.4, 0.6, (2, 8, 8, 3)).astype(np.float32)
    luma = np.array([0.299, 0.587, 0.114])
    mixed = images.keep_colours(painted, content)
    assert np.allclose(mixed @ luma, painted @ luma, atol=1e-5)
    assert np.allclose(mixed - (mixed @ luma)[..., None], content - (content @ luma)[..., None], atol=1e-5)


# --- over the network: a server of the test's own ---------------------------------------------------------

class Handler(http.server.BaseHTTPRequestHandler):
    hits = 0

    def do_GET(self):
        Handler.hits += 1
        self.send_response(404 if "missing" in self.path else 200)
        self.end_headers()
        if "slow" in self.path:
            try:
                for _ in range(100):
                    self.wfile.write(b"x")
                    time.sleep(0.1)
            except OSError:
                return                                             # the reader hung up, as it should
        elif "missing" not in self.path:
            self.wfile.write(encoded(PICTURE, "PNG"))

    def log_message(self, *_):
        return None


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Handler.hits = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def test_url_is_read_and_kept(server):
    for _ in range(2):
        assert np.allclose(load_image(server + "x.png"), GRADIENT / 255)
    assert Handler.hits == 1


def test_url_errors_are_one_sentence(server, monkeypatch):
    with pytest.raises(ImageError, match="cannot be downloaded"):
        load_image(server + "missing.png")
    with pytest.raises(ImageError, match="cannot be downloaded"):
        load_image("http://127.0.0.1:9/x.png")
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    with pytest.raises(ImageError, match="larger than"):
        load_image(server + "large.png")


def test_slow_server_is_given_up(server, monkeypatch):
    monkeypatch.setattr(images, "SECONDS", 1)
    started = time.monotonic()
    with pytest.raises(ImageError, match=r"no end after 1 s|timed out"):
        load_image(server + "slow.png")
    assert time.monotonic() - started < 5


def test_commons_by_file_name(server, monkeypatch):
    monkeypatch.setattr(images, "COMMONS", server + "{}?width=1000")
    assert load_image("commons:Van Gogh - Starry Night - Google Art Project.jpg").shape == (48, 64, 3)
    monkeypatch.setattr(images, "COMMONS", "http://127.0.0.1:9/{}")
    with pytest.raises(ImageError, match=r"Tsunami.jpg cannot be downloaded .* data/"):
        load_image("commons:Tsunami.jpg")
