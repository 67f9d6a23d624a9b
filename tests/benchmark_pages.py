"""Pages of the studio under load, and how soon one answers, in Chromium, with the options of `make studio`.

    python tests/benchmark_pages.py load 1 2 4 8        so many pages paint at 128 px at once
    python tests/benchmark_pages.py answer 256 512      a moved slider and Paint, at these sizes; the page shown

Prints Markdown tables. Seconds are the browser's own: from the event in the page to the picture in the page.
"""

import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright
from test_browser import CHROMIUM, FIRST, Page, voila
from test_serve import kernels, wait_for, wait_until_ready

WINDOW = 10          # seconds in which frames are counted
WAIT = 180_000       # milliseconds for a click while eight pages paint on two cores
# What is seen, as numbers, and promises that are kept once it has changed enough. Two pictures that are not equally
# large are compared at the size of the first.
SCRIPT = """() => {
    const image = () => [...document.querySelectorAll('.studio img.now')].at(-1);
    const pixels = size => {
        const canvas = document.createElement('canvas'), i = image();
        [canvas.width, canvas.height] = size ?? [i.naturalWidth, i.naturalHeight];
        const context = canvas.getContext('2d', {willReadFrequently: true});
        context.drawImage(i, 0, 0, canvas.width, canvas.height);
        return [[canvas.width, canvas.height], context.getImageData(0, 0, canvas.width, canvas.height).data];
    };
    const changed = least => {
        const [size, before] = pixels(), started = performance.now();
        return new Promise(done => {
            const look = async () => {
                await image().decode().catch(() => {});
                const [, now] = pixels(size);
                let sum = 0;
                for (let k = 0; k < now.length; k++) sum += Math.abs(now[k] - before[k]);    // opacity does not change
                if (sum / (255 * now.length * 0.75) < least) return;
                watch.disconnect();
                done((performance.now() - started) / 1000);
            };
            const watch = new MutationObserver(look);
            watch.observe(image(), {attributes: true, attributeFilter: ['src']});
        });
    };
    const named = name => [...document.querySelectorAll('.studio label')].find(l => l.textContent === name).control;
    window.moved = (notches, least) => {
        const seen = changed(least), slider = named('Style');
        slider.value = +slider.value + notches;
        slider.dispatchEvent(new Event('input', {bubbles: true}));
        slider.dispatchEvent(new Event('change', {bubbles: true}));
        return seen;
    };
    window.painted = () => {
        const seen = changed(1e-9);
        document.querySelector('.studio .primary').click();
        return seen;
    };
    window.frames = 0;
    new MutationObserver(list => { window.frames += list.length; }).observe(image(),
        {attributes: true, attributeFilter: ['src']});
}"""


def table(columns, rows):
    print("\n| " + " | ".join(columns) + " |\n|" + "---:|" * len(columns))
    for row in rows:
        print("| " + " | ".join(f"{x:.2f}" if isinstance(x, float) else str(x) for x in row) + " |")
    print(flush=True)


@contextmanager
def studio():
    """→ (open one page: → (Page, its kernel's process, seconds until it was shown), the server's process)."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as api, voila(Path(folder)) as (address, server):
        browser = api.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        taken = []

        def visit():
            found = wait_for(lambda: {k: p for k, p in kernels(server).items() if k not in taken}, "no kernel waits")
            (kernel, process), = found.items()
            wait_until_ready(Path(folder), kernel)
            context = browser.new_context(viewport={"width": 1366, "height": 768})
            page, started = Page(context.new_page(), "bench"), time.perf_counter()
            page.open(address)
            shown = time.perf_counter() - started
            page.page.set_default_timeout(WAIT)
            taken.append(page.kernel())
            page.page.evaluate(SCRIPT)
            return page, process, shown
        yield visit, server
        browser.close()


def prepare(page, size, steps):
    """Choose a size and a number of evaluations."""
    page.tab("More")
    page.choose("Size", f"{size} px")
    page.choose("Evaluations", str(steps))
    page.tab("Lesson")


def load(counts):
    """All pages paint at 128 px: what each holds and shows, and when a moved slider is seen on one of them."""
    rows, pages = [], []
    with studio() as (visit, _):
        for count in sorted(counts):
            for page, *_ in pages:
                page.click("Pause")
            while len(pages) < count:
                pages.append(visit())
                prepare(pages[-1][0], 128, 1000)
            for page, *_ in pages:
                page.click("Paint" if page.evaluation() == 0 else "Resume")
            for page, *_ in pages:
                page.wait_evaluation(page.evaluation() + 2)
            before = [page.page.evaluate("[performance.now(), frames]") for page, *_ in pages]
            time.sleep(WINDOW)
            after = [page.page.evaluate("[performance.now(), frames]") for page, *_ in pages]
            rates = [1000 * (b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(before, after, strict=True)]
            memory = [process.memory_full_info() for _, process, _ in pages]
            seen = [pages[k % count][0].page.evaluate("n => moved(n, 0.01)", notches)
                    for k, notches in enumerate((5, -5) if count == 1 else (5, 5, -5, -5))]
            if count < max(counts):
                for page, *_ in pages:           # what comes next starts from the same weights
                    page.click("balanced")
            rows.append([count, statistics.mean(m.rss for m in memory) / 1e9,
                         statistics.mean(m.pss for m in memory) / 1e9 if hasattr(memory[0], "pss") else "",
                         statistics.mean(rates), f"{statistics.median(seen):.2f} ({min(seen):.2f}–{max(seen):.2f})"])
            print(count, "pages done", flush=True)
    table(["pages", "memory of a page's kernel, GB", "of it its own share, GB", "frames a second, each page",
           "seconds until a slider is seen"], rows)


def peak(process):
    """The largest resident memory of a process so far, GB; Linux alone tells it of another process."""
    status = Path(f"/proc/{process.pid}/status")
    return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024 / 1e9 if status.exists() else ""


def answer(sizes):
    """Page shown, Paint to the first picture, and from a finished picture style × 10 and ÷ 10, in seconds."""
    rows = []
    with studio() as (visit, _):
        for size in sizes:
            page, process, shown = visit()
            prepare(page, size, 50)
            painted = page.page.evaluate("painted()")
            page.finished(4 * FIRST)
            seen = []
            # A finished picture of 512 px takes a minute.
            for notches in (5, -5, 5, -5) if size <= 256 else (5, -5):
                seen.append(page.page.evaluate("n => moved(n, 0.01)", notches))
                page.wait("Painting")
                page.finished(4 * FIRST)
            rows.append([size, shown, painted, statistics.median(seen[::2]), statistics.median(seen[1::2]),
                         peak(process), process.memory_full_info().pss / 1e9 if psutil.LINUX else ""])
            print(size, "px done", flush=True)
    table(["px", "page shown", "Paint to first picture", "style × 10 seen", "style ÷ 10 seen", "peak memory, GB",
           "own share at the end, GB"], rows)


if __name__ == "__main__":
    parts = {"load": load, "answer": answer}
    if len(sys.argv) < 3 or sys.argv[1] not in parts:
        sys.exit(__doc__)
    parts[sys.argv[1]](list(map(int, sys.argv[2:])))
