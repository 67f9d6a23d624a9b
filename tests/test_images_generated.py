"""Arrays and files that nobody would think of, drawn by Hypothesis: each is read, or refused by one sentence.

A file's parts are dropped, doubled, moved, cut and renamed, and numbers in them changed, with lengths and checksums
that fit; or its bytes are changed, wherever they are. `make soak` draws a hundred times as many.
"""

import io
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from test_images import encoded, seeds

from helpers import images
from helpers.images import ImageError, load_image

# The same cases each time, however slow the machine is.
SAME = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
SIDES = st.sampled_from([None, None, 16])
MODES = "1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"
NUMBERS = st.sampled_from([0, 1, 2, 3, 4, 8, 16, 31, 32, 99, 255, 256, 5000, 32768, 65535, 2**31 - 1, 2**31,
                           2**32 - 1])


def read_or_refused(source, max_side=None):
    """Whether it was read; anything but a picture and an ImageError fails."""
    try:
        image = load_image(source, max_side)
    except ImageError as error:
        assert str(error).isprintable() and str(error).endswith(".") and len(str(error)) < 400
        return False
    assert image.dtype == np.float32 and image.ndim == 3 and image.shape[2] == 3 and image.size
    assert image.min() >= 0 and image.max() <= 1                   # and so no NaN
    assert not max_side or max(image.shape) <= max_side
    return True


# --- arrays -----------------------------------------------------------------------------------------------

SHAPES = st.one_of(arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5),
                   st.tuples(st.integers(1, 9), st.integers(1, 9)),
                   st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5)))
NUMERIC = st.one_of(arrays.floating_dtypes(), arrays.integer_dtypes(), arrays.unsigned_integer_dtypes(),
                    st.just(np.dtype(bool)))
ARRAYS = st.one_of(arrays.arrays(st.one_of(NUMERIC, arrays.scalar_dtypes(), arrays.array_dtypes()), SHAPES),
                   arrays.arrays(NUMERIC, SHAPES, elements=st.sampled_from([0, 1])),
                   arrays.arrays(arrays.floating_dtypes(), SHAPES, elements=st.floats(0, 1, width=16)))


@settings(SAME, max_examples=500)
@given(ARRAYS, SIDES)
def test_any_array_is_read_or_refused(capfd, array, max_side):
    read_or_refused(array, max_side)
    written = io.BytesIO()
    try:
        images.to_pil(array).save(written, "PNG")
    except ImageError as error:
        assert str(error).isprintable() and len(str(error)) < 400
    else:
        assert load_image(written.getvalue()).shape == array.shape
    assert capfd.readouterr() == ("", "")


# --- files ------------------------------------------------------------------------------------------------

@st.composite
def pictures(draw):
    """A picture of any mode in any format that can hold it; else itself, as a program may hand it over."""
    mode, size = draw(st.sampled_from(MODES)), draw(st.tuples(st.integers(1, 70), st.integers(1, 70)))
    pixels = np.random.default_rng(draw(st.integers(0, 99))).bytes(4 * size[0] * size[1])
    if mode == "F":
        pixels = np.frombuffer(pixels, np.uint8).astype(np.float32) * draw(st.sampled_from([1.0, 1 / 255, np.nan]))
        pixels = pixels[:size[0] * size[1]].tobytes()
    picture = Image.new(mode, size)
    picture.frombytes(pixels[:len(picture.tobytes())])
    compressions = ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"]
    if mode in ("L", "RGB", "CMYK"):                               # of any other, libtiff's encoder ends the process
        compressions.append("jpeg")
    options = {"compression": draw(st.sampled_from(compressions)), "lossless": draw(st.booleans()),
               "progressive": draw(st.booleans()), "save_all": draw(st.booleans()), "append_images": [picture.copy()]}
    try:
        return encoded(picture, draw(st.sampled_from(images.FORMATS)), **options)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return picture


# Each format's file as its parts, (name, body), and a file of such parts, with the lengths and sums that it needs.

def png_parts(data):
    place = 8
    while place < len(data):
        size = int.from_bytes(data[place:place + 4], "big")
        yield data[place + 4:place + 8], data[place + 8:place + 8 + size]
        place += 12 + size


def png_of(parts, data):
    return data[:8] + b"".join(struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
                               for name, body in parts)


def webp_parts(data):
    place = 12
    while place < len(data):
        size = int.from_bytes(data[place + 4:place + 8], "little")
        yield data[place:place + 4], data[place + 8:place + 8 + size]
        place += 8 + size + size % 2


def webp_of(parts, _):
    body = b"".join(name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2) for name, body in parts)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def jpeg_parts(data):
    place = 2
    while place < len(data):
        marker, size = data[place:place + 2], int.from_bytes(data[place + 2:place + 4], "big")
        if marker == b"\xff\xd9":
            yield b"", data[place:]                                # the end, and what else an MPO holds
            return
        yield marker, data[place + 4:place + 2 + size]
        place += 2 + size
        if marker == b"\xff\xda":                                  # a scan: it goes on to the next marker
            scan = re.match(rb"(?:[^\xff]|\xff[\x00\xd0-\xd7])*", data[place:], re.DOTALL)[0]
            yield b"", scan
            place += len(scan)


def jpeg_of(parts, _):
    return b"\xff\xd8" + b"".join(name + struct.pack(">H", min(len(body) + 2, 65535)) + body if name else body
                                  for name, body in parts)


def tiff_parts(data):
    order = "<" if data[:2] == b"II" else ">"
    place = struct.unpack_from(order + "I", data, 4)[0]
    for n in range(struct.unpack_from(order + "H", data, place)[0]):
        entry = data[place + 2 + 12 * n:place + 14 + 12 * n]
        yield entry[:2], entry[2:]


def tiff_of(parts, data):
    order = "<" if data[:2] == b"II" else ">"
    entries = b"".join(name + body.ljust(10, b"\0")[:10] for name, body in parts)
    return (data[:4] + struct.pack(order + "I", len(data)) + data[8:] + struct.pack(order + "H", len(parts))
            + entries + bytes(4))


FORMATS = {b"\x89PNG": (png_parts, png_of), b"RIFF": (webp_parts, webp_of), b"\xff\xd8": (jpeg_parts, jpeg_of),
           b"II": (tiff_parts, tiff_of), b"MM": (tiff_parts, tiff_of)}
NAMES = {png_parts: [b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"IDAT"],
         webp_parts: [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF"],
         jpeg_parts: [b"\xff" + bytes([marker]) for marker in b"\xc0\xc1\xc2\xc3\xc4\xc9\xda\xdb\xdd\xe0\xe1\xe2\xee"],
         tiff_parts: [struct.pack("<H", tag) for tag in (254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279,
                                                          284, 317, 320, 322, 323, 324, 325, 338, 339, 347, 34675)]}


def with_number(body, place, width, number, order):
    """`number` written over the body's bytes."""
    place %= max(1, len(body))
    return body[:place] + (number % 256 ** width).to_bytes(width, order) + body[place + width:]


@st.composite
def restructured(draw, files):
    """A file one to four parts of which are another's, elsewhere, shorter, renamed, or hold another number."""
    data = draw(files)
    kind = next((kind for start, kind in FORMATS.items() if data.startswith(start)), None)
    parts = list(kind[0](data)) if kind else [(b"", data)]         # BMP and GIF: numbers of the header
    for _ in range(draw(st.integers(1, 4))):
        n, edit = draw(st.integers(0, len(parts) - 1)), draw(st.sampled_from("NNNNDMXCR"))
        name, body = parts[n]
        if edit == "N":
            place = draw(st.one_of(st.integers(0, 40), st.integers(0, 5000)))
            parts[n] = name, with_number(body, place, draw(st.sampled_from([1, 2, 4])), draw(NUMBERS),
                                         draw(st.sampled_from(["big", "little"])))
        elif edit == "D":
            parts.insert(draw(st.integers(0, len(parts))), parts[n])
        elif edit == "M":
            parts.insert(draw(st.integers(0, len(parts) - 1)), parts.pop(n))
        elif edit == "X" and len(parts) > 1:
            del parts[n]
        elif edit == "C":
            parts[n] = name, body[:draw(st.integers(0, len(body)))]
        elif kind:
            parts[n] = draw(st.sampled_from(NAMES[kind[0]])), body
    return kind[1](parts, data) if kind else b"".join(body for _, body in parts)


@st.composite
def mutated(draw, files):
    """Bits, bytes, words or runs of a file changed, taken out or put in; half of them near its ends."""
    data = bytearray(draw(files)) or bytearray(1)
    for _ in range(draw(st.sampled_from([1, 1, 2, 3, 8, 20]))):
        near = draw(st.integers(0, min(len(data), 200) - 1))
        place = draw(st.sampled_from([near, len(data) - 1 - near, None, None]))
        place = draw(st.integers(0, len(data) - 1)) if place is None else place
        edit = draw(st.sampled_from(["bit", "byte", "word", "out", "in", "in"]))
        if edit == "bit":
            data[place] ^= 1 << draw(st.integers(0, 7))
        elif edit == "byte":
            data[place] = draw(st.integers(0, 255))
        elif edit == "word":
            data[place:place + 4] = draw(st.sampled_from([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\0\0\xff\xff"]))
        elif edit == "out":
            del data[place:place + draw(st.sampled_from([1, 2, 4, 50]))]
        else:
            data[place:place] = data[draw(st.integers(0, len(data) - 1)):][:draw(st.sampled_from([1, 2, 4, 50]))]
        data = data or bytearray(1)
    return bytes(data[:draw(st.integers(0, len(data) - 1))] if draw(st.integers(0, 6)) == 0 else data)


SEEDS = list(seeds())
WHOLE = st.one_of(st.integers(0, len(SEEDS) - 1).map(SEEDS.__getitem__),
                  pictures().filter(lambda made: isinstance(made, bytes)))
FILES = st.one_of(pictures(), restructured(WHOLE), mutated(WHOLE), mutated(restructured(WHOLE)))


@pytest.mark.filterwarnings("ignore:Saving I mode images")          # by Pillow 12; 13 refuses to
def test_any_file_is_read_or_refused(capfd):
    read = []

    @settings(SAME, max_examples=1500)
    @given(FILES, SIDES)
    def one(source, max_side):
        read.append(read_or_refused(source, max_side))
        assert capfd.readouterr() == ("", ""), "nothing is printed"
    one()
    assert len(read) >= 1500 and 300 < sum(read) < len(read) - 300, "this test shows little"
