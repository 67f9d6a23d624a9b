"""Puts numbers on a screenshot of the studio: `python notebooks/lesson/annotate.py`, from the repository's folder.

The screenshot is one that tests/test_browser.py takes. Chapter 06 says what the numbers stand for.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
SCREENSHOT = HERE.parent.parent / "tests" / "screenshots" / "voila-done.png"
# Where each number is drawn, in the screenshot's pixels.
PLACES = {1: (937, 62), 2: (1046, 62), 3: (1161, 62), 4: (1257, 62), 5: (938, 412), 6: (938, 344), 7: (938, 640),
          8: (938, 716), 9: (352, 741)}


def annotate(screenshot, radius=15):
    """→ the screenshot with a numbered disc at each of the PLACES, as a Pillow image."""
    image = Image.open(screenshot).convert("RGB")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=21)
    for number, (x, y) in PLACES.items():
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#B3261E", outline="white", width=2)
        draw.text((x, y), str(number), fill="white", font=font, anchor="mm")
    return image


if __name__ == "__main__":
    annotate(SCREENSHOT).save(HERE / "studio.jpg", quality=70)
