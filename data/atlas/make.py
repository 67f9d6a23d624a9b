"""Paints the atlas: what the course's code gives when a run may go on until it has arrived. `make atlas`, some hours.

    python data/atlas/make.py [PATTERN …]        all runs, or those whose family/name fits, such as "hero/*swirls"

One run at a time. Its pictures, and then its entry in atlas.json, are written whole when it has ended; a run that is
there already, from the same settings, pictures and loss, is passed over. So it may be stopped at any moment, and
started again. plan.py says which runs there are; helpers.figures.atlas reads them.
"""

import fnmatch
import hashlib
import io
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import plan as course
import sheet

from helpers import descent, images, statistics
from helpers.transfer import StyleTransfer

FOLDER = Path(__file__).resolve().parent
WINDOW, SHARE = 100, 0.02          # arrived: in its last hundred evaluations the loss has fallen by less than 2 %
REACHED = 0.001                    # or there is nothing left to fall: a thousandth of what a blank has
POINTS = 60                        # of a curve that are kept
QUALITY = 85                       # of a JPEG: for the eye, not for the ruler
WEIGHTS = "offline"                # whoever has them can begin every run anew


# --- one run

def ended(losses):
    """Which rule ends a run with these losses so far: "arrived", "reached", or "limit" for none but the stage's own."""
    if min(losses) < REACHED:
        return "reached"
    if len(losses) > WINDOW:
        before = min(losses[:-WINDOW])
        if before - min(losses) < SHARE * before:
            return "arrived"
    return "limit"


def beginning(made, start, seed):
    """The image that a run starts from, (H, W, 3); `start` as for StyleTransfer.start, or one of two more."""
    shape, rng = made.content.shape, np.random.default_rng(seed)
    if isinstance(start, str) and start == "grey noise":
        return (0.5 + 0.1 * (rng.uniform(size=shape) - 0.5)).astype(np.float32)
    if isinstance(start, str) and start == "clouds":       # single pixels and patches of 8 and 32, in equal shares
        scales = [rng.uniform(size=(-(-shape[0] // n), -(-shape[1] // n), 3)) for n in (32, 8, 1)]
        return np.mean([images.resize(scale, shape=shape[:2]) for scale in scales], axis=0)
    return made.start(start, seed)


def paint(settings, at_most=None, **more):
    """→ (image, {evaluation: image on the way}, history, which rule ended it, the transfer that made it).

    settings: content, style; stages, each with its size, its limit of evaluations and options of its own; start,
    seed, method; keep, the evaluations whose images are kept; statistic, a name of helpers.statistics; the rest is
    StyleTransfer's. The rule may end the last stage only. at_most: evaluations after which it stops, whatever the
    settings say. Raises KeyboardInterrupt.
    """
    options = {"weights": WEIGHTS, **settings, **more}
    content, style, stages = (options.pop(name) for name in ("content", "style", "stages"))
    if "statistic" in options:
        options["statistic"] = getattr(statistics, options["statistic"])
    image, seed = options.pop("start", "content"), options.pop("seed", 0)
    method, keep = options.pop("method", "lbfgs"), options.pop("keep", [])
    history, kept, rule = [], {}, "limit"
    for number, stage in enumerate(stages, 1):
        stage, done, losses, last = dict(stage), len(history), [], number == len(stages)
        limit = stage.pop("limit")
        made = StyleTransfer(content, style, **{**options, **stage})

        def watch(n, image, record, done=done, losses=losses, last=last):
            nonlocal rule
            losses.append(record["loss"])
            if done + n in keep:
                kept[done + n] = image.copy()
            if last:
                rule = ended(losses)
            return rule != "limit" or done + n == at_most
        result = made.run(limit, method, watch, beginning(made, image, seed), progress=False)
        if result.interrupted:
            raise KeyboardInterrupt
        image, history = result.image, history + [record | {"evaluation": done + record["evaluation"]}
                                                  for record in result.history]
        if len(history) == at_most:
            break
        if not last:
            kept[len(history)] = image
    return image, kept, history, rule, made


# --- what is kept

def fingerprint(settings, loss):
    """A hash of the settings, of the pictures that they name, of the rule and of `loss`, a `loss_version`."""
    sources = [hashlib.sha256(path.read_bytes()).hexdigest() for name in (settings["content"], settings["style"])
               for path in sorted(images.DATA.glob(f"[cs]*/{name}"))]
    told = json.dumps([settings, sources, WINDOW, SHARE, REACHED, WEIGHTS, loss], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def loss_version():
    """A hash of numbers, not of source text: of the loss, its terms and its gradient on fixed noise, and of where each
    way down gets on a small bowl. What only reads otherwise keeps it; another loss or another step changes it."""
    return hashlib.sha256(" ".join(f"{number:.4g}" for number in probe()).encode()).hexdigest()[:16]


def probe():
    """The numbers behind `loss_version`. Four digits count, and none lies where its last bits would turn the fourth."""
    content, style, image = np.random.default_rng(20).uniform(size=(3, 32, 32, 3)).astype(np.float32)
    loss, terms, gradient = StyleTransfer(content, style, jit_compile=False, weights=WEIGHTS).evaluate(image)
    goal, steepness = image[:4, :4], 1 + 9 * style[:4, :4]

    def bowl(x):
        return float(np.sum(steepness * (x - goal) ** 2)), {}, (2 * steepness * (x - goal)).astype(np.float32)
    ways_down = {"lbfgs": {}, "adam": {}, "gradient_descent": {"learning_rate": 0.05}}
    return [loss, *terms.values(), np.linalg.norm(gradient)] + [
        descent.METHODS[way](bowl, content[:4, :4], 5, **options).history[-1]["loss"]
        for way, options in ways_down.items()]


def read(folder=FOLDER):
    """atlas.json, or an empty atlas."""
    path = folder / "atlas.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"loss": "", "runs": {}, "seeds": {}}


def write(path, data):
    """Bytes as a whole file or not at all."""
    path.parent.mkdir(exist_ok=True)
    half = path.with_name("." + path.name)
    half.write_bytes(data)
    os.replace(half, path)


def save(folder, atlas, plan):
    """Write atlas.json, one run a line, in the plan's order; what the plan does not know any more goes."""
    def line(value):
        return json.dumps(value, ensure_ascii=False)
    atlas["runs"] = {name: atlas["runs"][name] for name in plan if name in atlas["runs"]}
    atlas["seeds"] = spread(folder, atlas)
    runs = ",\n".join(f"{line(name)}: {line(entry)}" for name, entry in atlas["runs"].items())
    text = f'{{"loss": {line(atlas["loss"])},\n"seeds": {line(atlas["seeds"])},\n"runs": {{\n{runs}\n}}}}\n'
    write(folder / "atlas.json", text.encode())


def keep_run(folder, atlas, plan, name, painted, started):
    """Write one run's pictures, then its entry."""
    run = plan[name]
    image, kept, history, rule, made = painted
    loss, terms, _ = made.evaluate(image)
    stages = {str(n): f"{name}-at{n}.jpg" for n in kept}
    for path, picture in zip([f"{name}.jpg", *stages.values()], [image, *kept.values()], strict=True):
        data = io.BytesIO()
        images.to_pil(picture).save(data, "JPEG", quality=QUALITY, optimize=True)
        write(folder / path, data.getvalue())
    chosen = np.unique(np.geomspace(1, len(history), POINTS).round().astype(int)) - 1
    atlas["runs"] = read(folder)["runs"]
    atlas["runs"][name] = {
        "key": run["key"], "settings": run["settings"], "weights": made.engine.source,
        "hash": fingerprint(run["settings"], atlas["loss"]), "evaluations": len(history), "ended": rule,
        "seconds": round(time.perf_counter() - started),
        "first": [record["loss"] for record in history[:3]],
        "final": {term: four_digits(value) for term, value in ({"loss": loss} | terms).items()},
        "curve": {"evaluation": (chosen + 1).tolist()} | {
            term: [four_digits(history[i][term]) for i in chosen] for term in ("loss", "content", "style", "tv")},
        "picture": f"{name}.jpg", "stages": stages}
    save(folder, atlas, plan)


def four_digits(value):
    return float(f"{value:.4g}")


def spread(folder, atlas):
    """{layer: numbers}: how far apart a layer's rebuilt pictures are, as they are kept, of all seeds that are there,
    two at least.

    "spread": standard deviation over the seeds, root mean square over pixels; "of colours": of the pictures' means
    over patches of 16 × 16 pixels; "from the photograph": of the mean picture, likewise. In pixel units, 0…1.
    """
    layers = {}
    for name, entry in atlas["runs"].items():
        if name.startswith("rebuilt/"):
            layers.setdefault(entry["key"]["layer"], []).append(folder / entry["picture"])
    numbers = {}
    for layer, paths in sorted(layers.items()):
        paths = [path for path in paths if path.exists()]
        if len(paths) < 2:
            continue
        stack = np.stack([images.load_image(path) for path in paths])
        photograph = images.load_image("china.jpg", max(stack.shape[1:3]))
        patches = np.stack([images.resize(image, shape=(stack.shape[1] // 16, stack.shape[2] // 16))
                            for image in stack])
        numbers[layer] = {"seeds": len(stack)} | {
            name: round(float(np.sqrt(np.mean(value))), 4) for name, value in
            {"spread": stack.var(axis=0, ddof=1), "of colours": patches.var(axis=0, ddof=1),
             "from the photograph": (stack.mean(axis=0) - photograph) ** 2}.items()}
    return numbers


def pictures(entry):
    """The paths of an entry's pictures, from the atlas' folder."""
    return entry["picture"], *entry["stages"].values()


def tidy(folder, atlas, plan):
    """Entries that the plan does not know any more, and pictures that no entry names, go."""
    save(folder, atlas, plan)
    named = {path for entry in atlas["runs"].values() for path in pictures(entry)}
    for path in folder.glob("*/*.jpg"):
        if path.relative_to(folder).as_posix() not in named:
            path.unlink()


def main(patterns=("*",), folder=FOLDER, runs=None):
    """Paint what is missing. → the number of runs painted. folder, runs: others than the course's own, for tests."""
    runs = course.plan() if runs is None else runs
    atlas, painted = read(folder), 0
    atlas["loss"] = loss_version()
    tidy(folder, atlas, runs)
    for name, run in runs.items():
        atlas["runs"] = read(folder)["runs"]        # another make.py may be painting beside this one
        entry = atlas["runs"].get(name)
        there = (entry and entry["hash"] == fingerprint(run["settings"], atlas["loss"])
                 and all((folder / path).exists() for path in pictures(entry)))
        if there or not any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            continue
        started = time.perf_counter()
        keep_run(folder, atlas, runs, name, paint(run["settings"]), started)
        painted += 1
        entry = atlas["runs"][name]
        print(f"{name}: {entry['ended']} after {entry['evaluations']} evaluations, loss {entry['final']['loss']:.4g}, "
              f"{entry['seconds']} s", flush=True)
    return painted


if __name__ == "__main__":
    try:
        main(sys.argv[1:] or ("*",))
        if pairs := sheet.there(read()["runs"]):
            write(sheet.PATH, sheet.jpeg(pairs))
        print(f"{len(read()['runs'])} of {len(course.plan())} runs are there.")
    except KeyboardInterrupt:
        sys.exit(f"\nStopped: {len(read()['runs'])} of {len(course.plan())} runs are there. Start it again to go on.")
