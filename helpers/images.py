"""Pictures in, pictures out. One representation everywhere: float32 (H, W, 3), RGB, 0…1. Chapter 01."""

import hashlib
import io
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

DATA = Path(__file__).resolve().parent.parent / "data"
COMMONS = "https://commons.wikimedia.org/wiki/Special:FilePath/{}?width=1000"
MAX_BYTES = 50_000_000
MAX_PIXELS = 120_000_000
SECONDS = 20


class ImageError(ValueError):
    """A picture that cannot be read or written; its message names the picture, the reason and the way out."""


def load_image(source, max_side=None):
    """Any picture as float32 (H, W, 3), RGB, 0…1.

    source: a path (one that does not exist here is looked up in the course's data/ folder), an http(s) URL,
    "commons:<file name>" for Wikimedia Commons, bytes, an open file, an upload widget's value, a PIL image,
    or an array (H, W) or (H, W, 3 or 4), uint8 or floats 0…1. max_side: the longer side in pixels at most.
    The EXIF orientation is obeyed, transparency is laid over white, grey becomes RGB.
    Raises ImageError. Chapter 01.
    """
    name, opened = _open(source)
    try:
        picture = _to_rgb(opened, max_side)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{name} cannot be read as a picture ({_reason(error)}): "
                         "open it in a viewer and save it again as PNG or JPEG.") from error
    if max_side and max(picture.shape[:2]) > max_side:
        picture = resize(picture, max_side=max_side)
    return picture


def save_image(image, path, text=None):
    """Write float32 (H, W, 3), RGB, 0…1 to `path`; the ending names the format. Returns the path.

    text: {keyword: string} to store inside a PNG. Values outside 0…1 are clipped. Raises ImageError.
    """
    path = Path(path)
    options = {"quality": 95, "subsampling": 0} if path.suffix.lower() in (".jpg", ".jpeg") else {}
    if text and path.suffix.lower() == ".png":
        from PIL.PngImagePlugin import PngInfo
        options["pnginfo"] = info = PngInfo()
        for keyword, value in text.items():
            info.add_itxt(keyword, value)
    try:
        to_pil(image).save(path, **options)
    except (OSError, ValueError) as error:
        raise ImageError(f"{path.name} cannot be written ({_reason(error)}): "
                         "name an existing folder and end the name in .png or .jpg.") from error
    return path


def to_pil(image):
    """float (H, W, 3), 0…1 → an 8-bit PIL image. Raises ImageError for another shape or for NaN."""
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ImageError(f"a picture has the shape (H, W, 3), this array has {image.shape}.")
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


def keep_colours(image, content):
    """`image`'s brightness with `content`'s colours, both (H, W, 3) of one size.

    The luma Y of YIQ comes from the image, I and Q from the content. Source: Gatys et al. 2016,
    "Preserving Color in Neural Artistic Style Transfer", luminance-only transfer.
    """
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    return np.clip(content + ((image - content) @ luma)[..., None], 0, 1).astype(np.float32)


def available(kind):
    """The course's own pictures: kind "content" or "style" → {name: path}, in alphabetical order."""
    return {path.stem: path for path in sorted((DATA / kind).glob("*.jpg"))}


# --- how a source becomes a PIL image ---------------------------------------------------------------------

def _open(source):
    """source → (the name to use in messages, PIL image or array)."""
    if isinstance(source, (tuple, list)) and len(source) == 1:      # an upload widget's value holds one file
        source = source[0]
    if isinstance(source, dict) and "content" in source:
        return _decode(source.get("name", "the upload"), bytes(source["content"]))
    if isinstance(source, Image.Image):
        return "this PIL image", source
    if isinstance(source, np.ndarray):
        return f"this array of shape {source.shape}", source
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _decode("this picture", bytes(source))
    if hasattr(source, "read"):
        return _decode(os.path.basename(str(getattr(source, "name", "this file"))), source.read())
    if isinstance(source, str) and source.startswith("commons:"):
        file_name = source.removeprefix("commons:")
        return _decode(source, _download(COMMONS.format(urllib.parse.quote(file_name)), file_name))
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return _decode(source, _download(source, source))
    if not isinstance(source, (str, os.PathLike)):
        raise ImageError(f"a {type(source).__name__} is not a picture: "
                         "give a path, a URL, bytes, an open file, a PIL image or an array.")
    path = Path(source).expanduser()
    if not path.exists():
        path = next((DATA / folder / source for folder in ("", "content", "style")
                     if (DATA / folder / source).is_file()), path)
    try:
        return _decode(path.name, path.read_bytes())
    except OSError as error:
        raise ImageError(f"{source} cannot be opened ({_reason(error)}): "
                         "check the spelling, and the folder that the notebook runs in.") from error


def _decode(name, data):
    if not data:
        raise ImageError(f"{name} is empty: download or copy it again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)   # _to_rgb has a limit of its own
            return name, Image.open(io.BytesIO(data))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        kind = ("iPhones write HEIC: share it as \"Most Compatible\" or export it as JPEG"
                if data[4:8] == b"ftyp" else "save it as PNG or JPEG")
        raise ImageError(f"{name} is not a picture that can be read here: {kind}.") from error


def _to_rgb(picture, max_side):
    """A PIL image or array → float32 (H, W, 3), 0…1."""
    if isinstance(picture, np.ndarray):
        return _array_to_rgb(picture)
    if picture.width * picture.height > MAX_PIXELS:
        raise ValueError(f"{picture.width} × {picture.height} pixels are more than {MAX_PIXELS // 10**6} million")
    if picture.format == "JPEG" and max_side:
        picture.draft(None, (2 * max_side, 2 * max_side))      # decodes a phone's photograph at a fraction of its size
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):                    # 16-bit, float: PIL's convert would cut them off
        grey = np.asarray(picture, dtype=np.float32)
        grey = grey / 65535 if picture.mode.startswith("I") else grey / max(1.0, float(grey.max()))
        return np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(picture.convert("RGB"), dtype=np.float32) / 255


def _array_to_rgb(array):
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or 0 in array.shape:
        raise ValueError("a picture has the shape (H, W), (H, W, 3) or (H, W, 4)")
    if array.dtype == np.uint8:
        array = array.astype(np.float32) / 255
    array = array.astype(np.float32)
    if not np.isfinite(array).all() or array.min() < -0.01 or array.max() > 1.01:
        raise ValueError("floats must lie in 0…1; divide by 255 if they are bytes")
    if array.shape[2] == 4:
        array = array[..., :3] * array[..., 3:] + 1 - array[..., 3:]
    return np.clip(array, 0, 1)


def _download(url, name):
    """The bytes at a URL, kept in a cache folder; bounded in time and size."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "style-transfer-course"
    cached = folder / hashlib.sha256(url.encode()).hexdigest()
    if cached.is_file():
        return cached.read_bytes()
    deadline = time.monotonic() + SECONDS
    request = urllib.request.Request(url, headers={"User-Agent": "style-transfer-course/1.0 (teaching)"})
    try:
        data = b""
        with urllib.request.urlopen(request, timeout=SECONDS / 2) as response:
            while chunk := response.read1(1 << 16):       # what is there, not all of it: the deadline must be seen
                data += chunk
                if len(data) > MAX_BYTES:
                    raise ImageError(f"{name} is larger than {MAX_BYTES // 10**6} MB: choose a smaller version.")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no end after {SECONDS} s")
    except (OSError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError(f"{name} cannot be downloaded ({_reason(error)}): "
                         "check the address and the network, or use a picture of data/.") from error
    folder.mkdir(parents=True, exist_ok=True)
    partial = cached.with_suffix(".part")
    partial.write_bytes(data)
    partial.replace(cached)               # never a half-written picture under the final name
    return data


def _reason(error):
    """An exception's own words on one line, without a path."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return " ".join(str(reason).split())[:120] or type(error).__name__
