"""Pictures in, pictures out. One representation everywhere: float32 (H, W, 3), RGB, 0…1. Chapter 01."""

import contextlib
import io
import os
import threading
import urllib.parse
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from helpers import network

DATA = Path(__file__).resolve().parent.parent / "data"
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
# 960 is one of the few widths that Wikimedia serves: a server's time is not for widths of one's own.
COMMONS = "https://commons.wikimedia.org/wiki/Special:FilePath/{}?width=960"
MAX_BYTES = 200_000_000
MAX_PIXELS = 51_000_000          # a phone's largest usual photograph; on its way it takes 1.0 to 1.4 GB
MAX_WORK = 1_000_000_000         # pixels times scans: a JPEG of 30 kB can hold thousands of scans over all pixels
_decoding = threading.Lock()     # warnings and file descriptors belong to the whole process


class ImageError(ValueError):
    """A picture that cannot be read or written; its message names the picture, the reason and the way out."""


def load_image(source, max_side=None, public=False):
    """Any picture as float32 (H, W, 3), RGB, 0…1.

    source: a path (one that does not exist here is looked up in the course's data/ folder), an http(s) URL,
    "commons:<file name>" for Wikimedia Commons, bytes, an open file, an upload widget's value, a PIL image,
    or an array (H, W) or (H, W, 3 or 4), uint8 or floats 0…1. max_side: the longer side in pixels at most.
    public: the source is a visitor's words, so no path and no address inside this network.
    Files are JPEG, PNG, WebP, GIF, BMP or TIFF, of at most 51 million pixels. The EXIF orientation is obeyed, a colour
    profile is converted to sRGB, transparency is laid over white, grey becomes RGB, of an animation the first frame is
    taken. Raises ImageError. Chapter 01.
    """
    if not (isinstance(source, str) and (source.startswith("commons:") or "://" in source)):
        if public and isinstance(source, (str, os.PathLike)):
            raise ImageError(f"{_line(source)} is no address: it begins with https:// or commons:, files are uploaded.")
        return _read(*_open(source), max_side)
    name = source.removeprefix("commons:")
    url = COMMONS.format(urllib.parse.quote(name)) if source.startswith("commons:") else source
    try:
        return network.read(url, MAX_BYTES, lambda data: _read(name, data, max_side), public)
    except OSError as error:
        raise ImageError(f"{_line(name)} cannot be downloaded ({_reason(error)}): "
                         "check the address and the network, or use a picture of data/.") from error


def save_image(image, path, text=None):
    """Write float32 (H, W, 3), RGB, 0…1 to `path`; the ending names the format. Returns the path.

    text: {keyword: string} to store inside a PNG. Values outside 0…1 are clipped. Raises ImageError.
    """
    path = Path(path)
    options = {"quality": 95, "subsampling": 0} if path.suffix.lower() in (".jpg", ".jpeg") else {}
    if text and path.suffix.lower() == ".png":
        options["pnginfo"] = info = PngInfo()
        for keyword, value in text.items():
            info.add_itxt(keyword, value)
    picture, data = to_pil(image), io.BytesIO()
    try:
        picture.save(data, Image.registered_extensions().get(path.suffix.lower()), **options)
        network.write(path, data.getvalue())
    except (OSError, ValueError, KeyError) as error:       # KeyError: a format that Pillow only reads
        raise ImageError(f"{_line(path.name)} cannot be written ({_reason(error)}): "
                         "name an existing folder and end the name in .png or .jpg.") from error
    return path


def to_pil(image):
    """float (H, W, 3), 0…1 → an 8-bit PIL image. Raises ImageError for another shape or type, or for NaN."""
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or not image.size or image.dtype.kind != "f":
        raise ImageError("a picture to be written is an array (H, W, 3) of floats 0…1, this one has the shape "
                         f"{image.shape} and the type {image.dtype}: divide by 255 if it holds bytes.")
    if not np.isfinite(image).all():
        raise ImageError("this picture holds NaN or infinite values: the descent that made it diverged.")
    return Image.fromarray(np.round(np.clip(image, 0, 1) * 255).astype(np.uint8))


def resize(image, max_side=None, shape=None):
    """Resample float32 (H, W, 3) so that its longer side is `max_side`, or to `shape` = (height, width)."""
    height, width = image.shape[:2]
    if shape is None:
        scale = max_side / max(height, width)
        shape = max(1, round(height * scale)), max(1, round(width * scale))
    # Channel by channel as 32-bit floats: nothing is rounded to 8 bits on the way.
    channels = [Image.fromarray(np.ascontiguousarray(image[..., c], dtype=np.float32))
                .resize((shape[1], shape[0]), Image.Resampling.LANCZOS) for c in range(3)]
    return np.clip(np.stack([np.asarray(c) for c in channels], axis=-1), 0, 1).astype(np.float32)


def available(kind):
    """The course's own pictures: kind "content" or "style" → {name: path}, in alphabetical order."""
    return {path.stem: path for path in sorted((DATA / kind).glob("*.jpg"))}


# --- how a source becomes an array ------------------------------------------------------------------------

def _open(source):
    """source → (the name to use in messages, bytes, PIL image or array)."""
    if isinstance(source, (tuple, list)) and len(source) == 1:      # an upload widget's value holds one file
        source = source[0]
    if isinstance(source, dict) and "content" in source:
        return source.get("name", "the upload"), bytes(source["content"])
    if isinstance(source, Image.Image):
        return "this PIL image", source
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "this picture", bytes(source)
    if hasattr(source, "__array__"):
        return "this array", source
    if not hasattr(source, "read") and not isinstance(source, (str, os.PathLike)):
        raise ImageError(f"an object of type {type(source).__name__} is not a picture: "
                         "give a path, a URL, bytes, an open file, a PIL image or an array.")
    name = os.path.basename(str(getattr(source, "name", "this file"))) if hasattr(source, "read") else source
    try:
        if hasattr(source, "read"):                                 # a file opened as text has its bytes underneath
            return name, getattr(source, "buffer", source).read(MAX_BYTES + 1)
        path = Path(source).expanduser()
        if not path.exists():
            path = next((DATA / folder / source for folder in ("", "content", "style")
                         if (DATA / folder / source).is_file()), path)
        if path.exists() and not path.is_file():
            raise ValueError("it is no file")
        with open(path, "rb") as file:
            return path.name, file.read(MAX_BYTES + 1)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise ImageError(f"{_line(name)} cannot be opened ({_reason(error)}): "
                         "check the spelling, and the folder that the notebook runs in.") from error


def _read(name, data, max_side):
    """Bytes, a PIL image or an array → float32 (H, W, 3), 0…1, its longer side max_side at most."""
    name = _line(name)
    try:
        with _quietly(data):
            if isinstance(data, (bytes, str)):
                data = _decode(name, data, max_side)
            image = _to_rgb(data, max_side) if isinstance(data, Image.Image) else _array_to_rgb(np.asarray(data))
    except ImageError:
        raise
    except Exception as error:                                      # Pillow raises a dozen kinds for a damaged file
        raise ImageError(f"{name} cannot be read as a picture ({_reason(error)}): "
                         "open it in a viewer and save it again as PNG or JPEG, smaller if it is large.") from error
    return resize(image, max_side=max_side) if max_side and max(image.shape[:2]) > max_side else image


@contextlib.contextmanager
def _quietly(data):
    """One picture at a time, without a word. libtiff writes to file descriptor 2, past Python."""
    with _decoding, warnings.catch_warnings(), contextlib.ExitStack() as stack:
        warnings.simplefilter("ignore")
        if getattr(data, "format", "") == "TIFF" or (isinstance(data, bytes) and data[:2] in (b"II", b"MM")):
            kept = os.dup(2)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, 2)
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
        yield


def _decode(name, data, max_side):
    """Bytes → a PIL image, its pixels not read yet."""
    if not data or isinstance(data, str):
        raise ImageError(f"{name} is empty or was opened as text: copy it again, or open it with open(path, \"rb\").")
    if len(data) > MAX_BYTES:
        raise ImageError(f"{name} is larger than {MAX_BYTES // 10**6} MB: choose a smaller version.")
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.UnidentifiedImageError as error:
        kind = ("iPhones write HEIC: share it as \"Most Compatible\" or export it as JPEG" if data[4:8] == b"ftyp" else
                "it is a web page, take the address of the picture in it" if data.lstrip()[:1] == b"<" else
                "save it as PNG or JPEG")
        raise ImageError(f"{name} is not a picture that can be read here: {kind}.") from error
    if picture.format in ("JPEG", "MPO"):
        if picture.width * picture.height * data.count(b"\xff\xda") > MAX_WORK:
            raise ValueError("it holds too many scans")
        if max_side:                          # decodes a phone's photograph at a fraction of its size
            picture.draft(None, (2 * max_side, 2 * max_side))
    return picture


def _to_rgb(picture, max_side):
    """A PIL image → float32 (H, W, 3), 0…1."""
    if picture.width * picture.height > MAX_PIXELS:
        raise ValueError(f"{picture.width} × {picture.height} pixels are more than {MAX_PIXELS // 10**6} million")
    profile = picture.info.get("icc_profile")
    if picture.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):                    # 16-bit, float: PIL's convert would cut them off
        grey = np.array(picture, dtype=np.float32)
        if not np.isfinite(grey).all():
            raise ValueError("it holds NaN or infinite values")
        grey /= 65535 if picture.mode.startswith("I") else max(1.0, float(grey.max()))
        return np.repeat(np.clip(grey, 0, 1, out=grey)[..., None], 3, axis=2)
    if picture.has_transparency_data:
        clear = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        picture = Image.new("RGB", clear.size, "white")
        picture.paste(clear, mask=clear)
    if picture.mode not in ("L", "RGB", "CMYK"):
        picture = picture.convert("RGB")
    if max_side and min(picture.size) >= 4 * max_side:         # 8 bits are enough for a picture four times as large
        picture = picture.reduce(min(picture.size) // (2 * max_side))
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError):      # a damaged profile counts as none
            picture = ImageCms.profileToProfile(picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                                                ImageCms.createProfile("sRGB"), outputMode="RGB")
    image = np.array(picture if picture.mode == "RGB" else picture.convert("RGB"), dtype=np.float32)
    image /= 255
    return image


def _array_to_rgb(array):
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    fits = array.ndim == 3 and array.shape[2] in (3, 4) and array.size and array.dtype.kind in "buif"
    image = array.astype(np.float32) / (255 if array.dtype == np.uint8 else 1) if fits else np.array(np.nan)
    if not (image.min() >= -0.01 and image.max() <= 1.01):          # NaN is neither
        raise ImageError(f"this array of shape {array.shape} and type {array.dtype} is not a picture: it must be "
                         "(H, W), (H, W, 3) or (H, W, 4), uint8 or floats 0…1; divide by 255 if they are bytes.")
    if image.shape[2] == 4:
        image = image[..., :3] * image[..., 3:] + 1 - image[..., 3:]
    return np.clip(image, 0, 1)


def _reason(error):
    """An exception's own words on one line, without a path."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return _line(reason) or type(error).__name__


def _line(text):
    return "".join(c if c.isprintable() else " " for c in " ".join(str(text).split()))[:120]
