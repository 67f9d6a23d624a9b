"""Any picture a person has, and one clear sentence for everything else."""

import io
import os
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from serving import Quiet, serving

from helpers import colours, images, network
from helpers.images import ImageError, load_image, save_image

GRADIENT = np.linspace(0, 255, 64 * 48 * 3).reshape(48, 64, 3).astype(np.uint8)
GREY = GRADIENT[..., 0]
PICTURE = Image.fromarray(GRADIENT)


def encoded(picture, kind, **options):
    data = io.BytesIO()
    picture.copy().save(data, kind, **options)                     # Pillow leaves notes in the picture that it saves
    return data.getvalue()


def wide_gamut():
    """A colour profile as phones and cameras embed it: the primaries of Display P3 (for a D50 white), gamma 2.2."""
    def number(*values):
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"wide\0" + bytes(79),
            b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": b"XYZ " + bytes(4) + number(0.9642, 1, 0.8249),
            **{name + b"XYZ": b"XYZ " + bytes(4) + number(*column) for name, column in zip(COLOURS, P3.T, strict=True)},
            **{name + b"TRC": curve for name in COLOURS}}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table, body = table + name + struct.pack(">II", start + len(body), len(data)), body + data
    head = (bytes(8) + struct.pack(">I", 0x02100000) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
            + number(0.9642, 1, 0.8249) + bytes(48))
    return struct.pack(">I", start + len(body)) + head[4:] + struct.pack(">I", len(tags)) + table + body


COLOURS = b"r", b"g", b"b"
# From linear red, green, blue to XYZ for a D50 white.
P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])


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


@pytest.mark.parametrize("side", [700, 300, 90])
def test_a_photograph_decoded_at_a_fraction_is_as_sharp_as_one_decoded_whole(side):
    large = Image.open(images.DATA / "content" / "china.jpg").convert("RGB").resize((1600, 1064))
    one, other = load_image(encoded(large, "JPEG", quality=95), side), load_image(encoded(large, "PNG"), side)
    assert one.shape == other.shape and max(one.shape) == side
    assert np.abs(one - other).mean() < 0.01


def test_a_wide_gamut_photograph_keeps_its_look():
    colour = np.array([200, 120, 60])
    data = encoded(Image.new("RGB", (40, 40), tuple(colour.tolist())), "PNG", icc_profile=wide_gamut())
    linear = np.linalg.solve(SRGB, P3 @ (colour / 255) ** (round(2.2 * 256) / 256))
    expected = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    assert np.abs(expected - colour / 255).max() > 0.04, "the two spaces hardly differ: this test shows nothing"
    assert np.abs(load_image(data)[20, 20] - expected).max() < 0.008
    assert np.abs(load_image(data, 16)[8, 8] - expected).max() < 0.008


def test_a_large_jpeg_is_read_at_a_fraction_of_its_size():
    photo = encoded(Image.linear_gradient("L").resize((9000, 6000)), "JPEG")      # more than may be decoded whole
    image = load_image(photo, 64)
    assert image.shape == (43, 64, 3) and np.abs(image[:, 32, 0] - np.linspace(0, 1, 43)).max() < 0.02
    with pytest.raises(ImageError, match="9000 × 6000 pixels are more than 51 million"):
        load_image(photo)


def test_a_picture_of_ones_own_is_left_as_it_is():
    opened = Image.open(io.BytesIO(encoded(PICTURE.resize((640, 480)), "JPEG")))
    load_image(opened, 32)
    assert opened.size == (640, 480)


def test_the_eight_orientations():
    turns = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: lambda a: a.swapaxes(0, 1),
             6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a, 2).swapaxes(0, 1), 8: np.rot90}
    for orientation, turn in turns.items():
        exif = Image.Exif()
        exif[274] = orientation
        assert np.allclose(load_image(encoded(PICTURE, "PNG", exif=exif)), turn(GRADIENT) / 255), orientation


# --- a table of what a person may come with ---------------------------------------------------------------

def header_of_a_png(width, height):
    """A PNG that claims to be so large, and holds not one pixel: it is refused before any is decoded."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">II", zlib.crc32(body), 9) + b"IDAT"


def many_scans():
    """A progressive JPEG whose last scan is there a thousand times."""
    *scans, last = encoded(PICTURE.resize((2000, 1500)), "JPEG", progressive=True)[:-2].split(b"\xff\xda")
    return b"\xff\xda".join([*scans, *[last] * 1000]) + b"\xff\xd9"


def floats(value):
    array = GREY.astype(np.float32) / 255
    array[3, 4] = value
    return Image.fromarray(array)


class Tensor:
    """What can become an array, as tensors of any library can."""

    def __array__(self, *_, **__):
        return np.full((4, 4, 3), 0.25)


JPEG, PNG, TIFF = encoded(PICTURE, "JPEG"), encoded(PICTURE, "PNG"), encoded(PICTURE, "TIFF", compression="tiff_lzw")
RED = Image.new("RGBA", (40, 40), (255, 0, 0, 128))
HALF_RED = (1, 0.498, 0.498)                                       # over white

READ = {                                                           # what is given → (the colour of one pixel, where)
    "a wrong suffix does no harm": ({"name": "x.gif", "content": JPEG}, GRADIENT[40, 40] / 255, (40, 40)),
    "1 × 1": (encoded(Image.new("RGB", (1, 1), "blue"), "PNG"), (0, 0, 1), (0, 0)),
    "1 × 5000": (encoded(Image.new("RGB", (1, 5000), "blue"), "PNG"), (0, 0, 1), (4999, 0)),
    "31 px": (encoded(Image.new("RGB", (31, 31), "blue"), "BMP"), (0, 0, 1), (30, 30)),
    "1 bit": (encoded(Image.new("1", (40, 40), 1), "PNG"), (1, 1, 1), (0, 0)),
    "16-bit PNG": (encoded(Image.fromarray(np.full((40, 40), 32768, np.uint16)), "PNG"), (0.5,) * 3, (0, 0)),
    "16-bit TIFF": (encoded(Image.fromarray(np.full((40, 40), 32768, np.uint16)), "TIFF"), (0.5,) * 3, (0, 0)),
    "32-bit TIFF": (encoded(Image.fromarray(np.full((40, 40), 65535, np.int32)), "TIFF"), (1,) * 3, (0, 0)),
    "negative TIFF": (encoded(Image.fromarray(np.full((40, 40), -9, np.int32)), "TIFF"), (0,) * 3, (0, 0)),
    "float TIFF": (encoded(floats(0.25), "TIFF"), (0.25,) * 3, (3, 4)),
    "float TIFF beyond 1": (encoded(floats(4.0), "TIFF"), (1,) * 3, (3, 4)),
    "CMYK": (encoded(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "TIFF"), (1, 0, 0), (0, 0)),
    "YCbCr": (encoded(Image.new("RGB", (40, 40), "red"), "TIFF", compression="jpeg"), (1, 0, 0), (9, 9)),
    "RGBA PNG": (encoded(RED, "PNG"), HALF_RED, (9, 9)),
    "RGBA WebP": (encoded(RED, "WEBP", lossless=True), HALF_RED, (9, 9)),
    "RGBA TIFF": (encoded(RED, "TIFF"), HALF_RED, (9, 9)),
    "LA": (encoded(Image.new("LA", (40, 40), (0, 64)), "PNG"), (0.749,) * 3, (9, 9)),
    "palette, transparent": (encoded(Image.new("RGB", (40, 40), "red").quantize(4), "PNG", transparency=0), (1, 1, 1),
                             (9, 9)),
    "palette, half transparent": (encoded(RED.quantize(4), "PNG"), HALF_RED, (9, 9)),
    "a transparent colour": (encoded(Image.new("RGB", (40, 40), "red"), "PNG", transparency=(255, 0, 0)), (1, 1, 1),
                             (9, 9)),
    "animated WebP": (encoded(Image.new("RGB", (40, 40), "red"), "WEBP", save_all=True, lossless=True,
                              append_images=[Image.new("RGB", (40, 40), "blue")]), (1, 0, 0), (9, 9)),
    "animated PNG": (encoded(Image.new("RGB", (40, 40), "red"), "PNG", save_all=True,
                             append_images=[Image.new("RGB", (40, 40), "blue")]), (1, 0, 0), (9, 9)),
    "several pictures in a JPEG": (encoded(Image.new("RGB", (40, 40), "red"), "MPO", save_all=True,
                                           append_images=[PICTURE.copy()]), (0.996, 0, 0), (9, 9)),
    "several pages in a TIFF": (encoded(Image.new("RGB", (40, 40), "red"), "TIFF", save_all=True,
                                        append_images=[PICTURE.copy()]), (1, 0, 0), (9, 9)),
    "a damaged colour profile": (encoded(PICTURE, "PNG", icc_profile=b"no profile"), GRADIENT[9, 9] / 255, (9, 9)),
    "a profile of another kind": (encoded(PICTURE.convert("L"), "PNG", icc_profile=wide_gamut()),
                                  (np.asarray(PICTURE.convert("L"))[9, 9] / 255,) * 3, (9, 9)),
    "the profile of sRGB": (encoded(PICTURE, "PNG", icc_profile=ImageCms.ImageCmsProfile(
        ImageCms.createProfile("sRGB")).tobytes()), GRADIENT[9, 9] / 255, (9, 9)),
    "an orientation that there is not": (encoded(PICTURE, "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03"
                                         b"\0\0\0\x01\0\x63\0\0\0\0\0\0"), GRADIENT[9, 9] / 255, (9, 9)),
    "float64": (GRADIENT / 255, GRADIENT[9, 9] / 255, (9, 9)),
    "float16": (np.full((4, 4, 3), 0.5, np.float16), (0.5,) * 3, (0, 0)),
    "a mask": (np.ones((4, 4), bool), (1,) * 3, (0, 0)),
    "a view that strides backwards": (GRADIENT[::-1, ::-2], GRADIENT[-10, -19] / 255, (9, 9)),
    "read-only memory": (np.broadcast_to(np.float32(0.25), (4, 4, 3)), (0.25,) * 3, (0, 0)),
    "an array of four channels": (np.full((4, 4, 4), 0.5), (0.75,) * 3, (0, 0)),
    "a tensor": (Tensor(), (0.25,) * 3, (0, 0)),
    "a bytearray": (bytearray(PNG), GRADIENT[9, 9] / 255, (9, 9)),
}


@pytest.mark.parametrize("source, colour, place", READ.values(), ids=READ)
def test_what_can_be_read(source, colour, place, capfd):
    image = load_image(source)
    assert image.dtype == np.float32 and image.ndim == 3 and image.shape[2] == 3
    assert np.abs(image[place] - colour).max() < 0.02
    assert image.min() >= 0 and image.max() <= 1
    assert capfd.readouterr() == ("", "")


class Unreadable:
    def read(self, _):
        raise OSError("the stick was pulled out")


REFUSED = {                                                        # what is given → words of the sentence
    "nothing": (b"", "empty"),
    "zero bytes": (bytes(5000), "not a picture"),
    "text named .jpg": ({"name": "cat.jpg", "content": b"hello, I am no picture"}, "cat.jpg is not a picture"),
    "a web page": (b"\n<!DOCTYPE html><title>Log in</title>", "it is a web page"),
    "HEIC": (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
    "another format": (encoded(PICTURE, "PPM"), "save it as PNG or JPEG"),
    "DDS": (encoded(PICTURE, "DDS"), "save it as PNG or JPEG"),
    "a bomb": (header_of_a_png(60_000, 60_000), "cannot be read"),
    "a large picture": (header_of_a_png(9000, 6000), "9000 × 6000 pixels are more than 51 million"),
    "a JPEG of many scans": (many_scans(), "too many scans"),
    "NaN in a TIFF": (encoded(floats(np.nan), "TIFF"), "NaN"),
    "infinity in a TIFF": (encoded(floats(np.inf), "TIFF"), "infinite"),
    "a damaged TIFF": (TIFF[:60] + b"\xa5" * 200 + TIFF[260:], "cannot be read"),
    "bytes as floats": (np.full((4, 4, 3), 200.0), "0…1"),
    "negative": (np.full((4, 4, 3), -1.0), "0…1"),
    "beyond float32": (np.full((4, 4, 3), 1e300), "0…1"),
    "NaN": (np.full((4, 4), np.nan), "0…1"),
    "seven channels": (np.zeros((4, 4, 7)), "(H, W, 3)"),
    "a batch": (np.zeros((1, 4, 4, 3)), "(H, W, 3)"),
    "no pixels": (np.zeros((0, 4, 3)), "(H, W, 3)"),
    "a number": (np.float32(1), "(H, W, 3)"),
    "objects": (np.full((4, 4, 3), None), "uint8 or floats"),
    "complex": (np.zeros((4, 4, 3), complex), "uint8 or floats"),
    "words": (np.full((4, 4, 3), "x"), "uint8 or floats"),
    "days": (np.zeros((4, 4), "datetime64[D]"), "uint8 or floats"),
    "an integer": (7, "an object of type int is not a picture"),
    "None": (None, "type NoneType"),
    "a list": ([[1, 2], [3, 4]], "type list"),
    "no such file": ("nowhere.jpg", "nowhere.jpg cannot be opened"),
    "a zero in the name": ("a\0b.jpg", "a b.jpg cannot be opened"),
    "a line break in the name": ("a\nb.jpg", "a b.jpg cannot be opened"),
    "a very long name": ("x" * 5000, "cannot be opened"),
    "half a character": ("\ud800.jpg", "cannot be opened"),
    "nobody's home": ("~nobody-of-this-name/x.jpg", "cannot be opened"),
    "a folder": ("data", "data cannot be opened"),
    "a device without end": ("/dev/zero" if os.path.exists("/dev/zero") else "NUL", "it is no file"),
    "text": (io.StringIO("hello"), "opened as text"),
    "a file that cannot be read": (Unreadable(), "the stick was pulled out"),
    "a folder over a network": ("file:///etc/hostname", "unknown url type: file"),
    "an old protocol": ("ftp://127.0.0.1/x.jpg", "unknown url type: ftp"),
    "an address with no host": ("http://", "cannot be downloaded"),
    "a scheme in capitals": ("FILE:///etc/hostname", "unknown url type: file"),
} | {f"{name}, {tenth} tenths": (data[:len(data) * tenth // 10], "")
     for name, data in {"PNG": PNG, "JPEG": JPEG, "TIFF": TIFF}.items() for tenth in range(1, 10)}


@pytest.mark.parametrize("source, says", REFUSED.values(), ids=REFUSED)
def test_anything_else_is_one_sentence(source, says, capfd, monkeypatch):
    monkeypatch.chdir(images.DATA.parent)
    with pytest.raises(ImageError) as error:
        load_image(source)
    sentence = str(error.value)
    assert says in sentence and sentence.isprintable() and len(sentence) < 400 and sentence.endswith(".")
    assert capfd.readouterr() == ("", ""), "nothing is printed, not by libtiff either"


def test_a_closed_or_textual_file(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(PNG)
    with open(path) as file:                                       # as text: its bytes are there all the same
        assert np.allclose(load_image(file), GRADIENT / 255)
    with pytest.raises(ImageError, match=r"x\.png cannot be opened \(.*closed file"):
        load_image(file)


def test_too_large_a_file_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    (tmp_path / "x.png").write_bytes(PNG)
    for source in (tmp_path / "x.png", io.BytesIO(PNG), PNG):
        with pytest.raises(ImageError, match="larger than"):
            load_image(source)


# --- files to damage: see test_images_generated.py -------------------------------------------------------

def seeds():
    """One file for each way in which a format keeps its pixels."""
    exif = Image.Exif()
    exif[274], exif[270] = 6, "a description"
    rgba, palette = PICTURE.convert("RGBA"), PICTURE.convert("P")
    second = {"save_all": True, "append_images": [PICTURE.copy()]}
    yield from (encoded(PICTURE, "JPEG", exif=exif, icc_profile=wide_gamut()), encoded(PICTURE.convert("CMYK"), "JPEG"),
                encoded(PICTURE, "JPEG", progressive=True), encoded(PICTURE, "MPO", **second), encoded(PICTURE, "BMP"),
                encoded(PICTURE, "PNG", exif=exif, icc_profile=wide_gamut()), encoded(palette, "PNG", transparency=3),
                encoded(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"), encoded(rgba, "PNG"),
                encoded(PICTURE, "WEBP", exif=exif), encoded(rgba, "WEBP", lossless=True), encoded(PICTURE, "GIF"),
                encoded(PICTURE, "WEBP", **second), encoded(PICTURE, "GIF", transparency=0, **second),
                encoded(palette, "BMP"), encoded(floats(0.5), "TIFF"), encoded(PICTURE.convert("CMYK"), "TIFF"))
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits", "raw"):
        yield encoded(PICTURE, "TIFF", compression=compression)
    yield encoded(PICTURE.convert("1"), "TIFF", compression="group4")


def test_threads_that_read_leave_the_process_as_it_was():
    before, device, failed = list(warnings.filters), os.fstat(2), []

    def read():
        for data in (TIFF, PNG, TIFF[:200], TIFF):
            try:
                load_image(data)
            except ImageError:
                continue
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and warnings.filters == before
    assert os.path.sameopenfile(2, 2) and os.fstat(2) == device


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
    (np.zeros((0, 40, 3)), "x.png", "shape"),
    (np.full((40, 40, 3), 200, np.uint8), "x.png", "uint8: divide by 255"),
])
def test_writing_says_what_is_wrong(tmp_path, image, name, says):
    with pytest.raises(ImageError, match=says):
        save_image(image, tmp_path / name)


def test_keep_colours_keeps_brightness_and_colours():
    rng = np.random.default_rng(0)
    content, painted = rng.uniform(0.4, 0.6, (2, 8, 8, 3)).astype(np.float32)
    luma = np.array([0.299, 0.587, 0.114])
    mixed = colours.keep_colours(painted, content)
    assert np.allclose(mixed @ luma, painted @ luma, atol=1e-5)
    assert np.allclose(mixed - (mixed @ luma)[..., None], content - (content @ luma)[..., None], atol=1e-5)


# --- over the network: a server of the test's own ---------------------------------------------------------

class Handler(Quiet):
    asked, over = [], threading.Event()

    def do_GET(self):
        first = self.path not in self.asked
        self.asked.append(self.path)
        name = self.path.strip("/").partition("?")[0]
        if name == "garbage":
            self.wfile.write(b"this is no answer\r\n\r\n")
        elif name.startswith("to-"):
            self.send_response(302)
            self.send_header("Location", {"to-file": "file:///etc/hostname", "to-ftp": "ftp://127.0.0.1/x.png",
                                          "to-picture": "/x.png"}.get(name, f"/to-{len(self.asked)}"))
            self.end_headers()
        else:
            self.send_response(404 if name == "missing.png" else 200)
            self.end_headers()
            if name == "slow.png":
                while not self.over.wait(0.1):
                    self.wfile.write(b"x")
            elif name == "page.html" or (name == "login.png" and first):
                self.wfile.write(b"<!DOCTYPE html><title>Welcome to our network</title>")
            elif name == "half.png":
                self.wfile.write(PNG[:len(PNG) // 2])
            elif name != "missing.png":
                self.wfile.write(PNG)


@pytest.fixture
def server(tmp_path, monkeypatch):
    Handler.over.clear()
    with serving(Handler, tmp_path, monkeypatch) as port:
        yield f"http://127.0.0.1:{port}/"
        Handler.over.set()


@pytest.mark.parametrize("name", ["x.png", "to-picture", "a picture of 1889 é.png"])
def test_url_is_read_and_kept(server, name, tmp_path):
    for _ in range(2):
        assert np.allclose(load_image(server + name), GRADIENT / 255)
    assert len(Handler.asked) == 1 + (name == "to-picture")
    assert len(list((tmp_path / "cache").glob("*/*"))) == 1


def test_a_login_page_is_not_kept(server):
    with pytest.raises(ImageError, match=r"login.png is not a picture .*: it is a web page"):
        load_image(server + "login.png")
    assert np.allclose(load_image(server + "login.png"), GRADIENT / 255)


def test_what_was_kept_and_is_damaged_is_fetched_again(server):
    place = network.place(server + "x.png")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"<html>the login page of last year</html>")
    for _ in range(2):
        assert np.allclose(load_image(server + "x.png"), GRADIENT / 255)
    assert Handler.asked == ["/x.png"]


def test_a_cache_that_cannot_be_written_does_no_harm(server, tmp_path):
    (tmp_path / "cache").write_bytes(b"a file where the folder should be")
    assert np.allclose(load_image(server + "x.png"), GRADIENT / 255)


@pytest.mark.parametrize("name, says", [
    ("missing.png", "cannot be downloaded (Not Found)"), ("page.html", "web page"), ("half.png", "cannot be read"),
    ("garbage", "cannot be downloaded"), ("to-nowhere", "cannot be downloaded"), ("to-ftp", "unknown url type: ftp"),
    ("to-file", "not allowed"),
])
def test_url_errors_are_one_sentence(server, name, says, tmp_path, capfd):
    with pytest.raises(ImageError) as error:
        load_image(server + name)
    assert name in str(error.value) and says in str(error.value) and str(error.value).isprintable()
    assert len(Handler.asked) <= 6
    assert not list(tmp_path.glob("cache/*/*"))
    assert capfd.readouterr() == ("", "")


def test_nobody_answers(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(ImageError, match=r"cannot be downloaded .* data/"):
        load_image("http://127.0.0.1:9/x.png")


def test_too_large_a_download_is_given_up(server, monkeypatch):
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    with pytest.raises(ImageError, match=r"more than 0 MB: choose a smaller version"):
        load_image(server + "large.png")


def test_slow_server_is_given_up(server, monkeypatch):
    monkeypatch.setattr(network, "SECONDS", 0.5)
    with pytest.raises(ImageError, match=r"no end after 0.5 s|timed out"):
        load_image(server + "slow.png")                            # which would go on for ever


def test_commons_by_file_name(server, monkeypatch):
    assert images.COMMONS.endswith("?width=960"), "one of the widths that Wikimedia serves"
    monkeypatch.setattr(images, "COMMONS", server + "{}?width=960")
    assert load_image("commons:Van Gogh - Starry Night - Google Art Project.jpg").shape == (48, 64, 3)
    assert Handler.asked == ["/Van%20Gogh%20-%20Starry%20Night%20-%20Google%20Art%20Project.jpg?width=960"]
    monkeypatch.setattr(images, "COMMONS", "http://127.0.0.1:9/{}")
    with pytest.raises(ImageError, match=r"Tsunami.jpg cannot be downloaded .* data/"):
        load_image("commons:Tsunami.jpg")
