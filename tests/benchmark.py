"""How fast the engine is: `make bench`, or `python tests/benchmark.py steps descent tutorials memory` for some parts.

All in one process, in pairs, repeated: medians, and the spread of the ratios. Every convolution of VGG19 is computed
on both sides: the three that the offline default may skip are not skipped here. Absolute times mean little from one
machine to the next, ratios do. Prints, and saves to tests/bench/. PyTorch has a column where torch is installed.
"""

import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import benchmark_tutorials
import numpy as np
import tensorflow as tf
from test_winograd import stock_keras

from helpers import cost, images, losses, vgg, winograd
from helpers.engine import engine
from helpers.transfer import CONTENT_LAYERS, STYLE_LAYERS, StyleTransfer, coarse_to_fine

LAYERS = CONTENT_LAYERS + STYLE_LAYERS
REPEATS = {128: 15, 256: 9, 512: 5, 1024: 3}
LINES = []


def say(line=""):
    print(line, flush=True)
    LINES.append(line)


def table(columns, rows):
    say("| " + " | ".join(columns) + " |")
    say("|" + "---|" * len(columns))
    for row in rows:
        say("| " + " | ".join(f"{x:.3g}" if isinstance(x, float) else str(x) for x in row) + " |")
    say()


def operations(height, width):
    """Floating-point operations to block5_conv1, forwards and back, by direct convolution. Chapter 05."""
    total, before = 0, 3
    for name in vgg.LAYERS[:vgg.LAYERS.index("block5_conv1") + 1]:
        maps, shrink = vgg.BLOCKS[int(name[5])][1], 2 ** (int(name[5]) - 1)
        total += 2 * 2 * 9 * before * maps * (height // shrink) * (width // shrink)
        before = maps
    return total


def matrix_rate(side=2000):
    """Operations a second in a float32 matrix product."""
    square, times = tf.random.normal((side, side)), []
    for _ in range(6):
        started = time.perf_counter()
        tf.matmul(square, square).numpy()
        times.append(time.perf_counter() - started)
    return 2 * side ** 3 / np.median(times[1:])


def timed(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


# --- one step -------------------------------------------------------------------------------------------------

def stock_step(content_targets, grams):
    """The same loss with Keras' own layers and TensorFlow's own gradients, targets computed once."""
    network = stock_keras(vgg.load_vgg19(LAYERS), "max")

    @tf.function(autograph=False)
    def step(image):
        with tf.GradientTape() as tape:
            tape.watch(image)
            features = network(image)
            content = losses.content_loss(features[CONTENT_LAYERS[0]], content_targets[0])
            style = losses.style_loss([losses.gram_matrix(features[name]) for name in STYLE_LAYERS], grams)
            loss = content + 10.0 * style + 0.5 * losses.total_variation(image)
        return loss, tape.gradient(loss, image)
    return step


def torch_step(content_target, grams):
    """The same once more in PyTorch, channels last, or None without torch."""
    network = benchmark_tutorials.torch_network(vgg.load_vgg19(LAYERS))
    if network is None:
        return None
    import torch
    content_target = torch.tensor(content_target.numpy().transpose(0, 3, 1, 2).copy())
    grams = [torch.tensor(gram.numpy()[0]) for gram in grams]

    def step(image):
        image = torch.tensor(image.numpy().transpose(0, 3, 1, 2).copy()).contiguous(memory_format=torch.channels_last)
        image.requires_grad_(True)
        features = {name: x for name, _, x in network(image)}
        content = ((features[CONTENT_LAYERS[0]] - content_target) ** 2).sum() / (content_target ** 2).sum()
        style = 0
        for name, target in zip(STYLE_LAYERS, grams, strict=True):
            flat = features[name][0].permute(1, 2, 0).reshape(-1, features[name].shape[1])
            style = style + ((flat.T @ flat / len(flat) - target) ** 2).sum() / (target ** 2).sum() / len(grams)
        dx = image[..., :-1, 1:] - image[..., :-1, :-1]
        dy = image[..., 1:, :-1] - image[..., :-1, :-1]
        variation = torch.sqrt(dx * dx + dy * dy + losses.EPSILON ** 2).mean() - losses.EPSILON
        loss = content + 10 * style + 0.5 * variation
        loss.backward()
        return loss.detach(), image.grad
    return step


def steps(sizes=(128, 256, 512, 1024)):
    say("## One step: loss and gradient\n")
    rows, per_pixel = [], {}
    for size in sizes:
        shape = size * 3 // 4, size
        photo = images.resize(images.load_image("china.jpg"), shape=shape)
        made = StyleTransfer(photo, "swirls.jpg", size=None, style_size=256)
        grams = [gram[0] for gram in zip(*made.style_targets, strict=True)]
        weights = tf.constant([1.0, 10.0, 0.5]), tf.constant([0.2] * 5)
        x = tf.constant(photo[None] * 0.9)

        def ours(fast, skip, made=made, grams=grams, weights=weights, x=x):
            step = engine(made.content_layers, made.style_layers, fast=fast, skip=skip).step
            return lambda: step(x, made._content_targets, grams, *weights)[0].numpy()
        stock = stock_step(made._content_targets, grams)
        torch = torch_step(made._content_targets[0], grams)
        ways = {"stock": lambda stock=stock, x=x: stock(x)[0].numpy(), "plain": ours(False, False),
                "ours": ours(True, False), "ours, skipping": ours(winograd.is_available(), True)}
        if torch:
            ways["PyTorch"] = lambda torch=torch, x=x: torch(x)[0].numpy()
        first = {name: timed(way) for name, way in ways.items()}
        values = {name: float(way()) for name, way in ways.items()}
        for name, value in values.items():
            assert abs(value / values["stock"] - 1) < 1e-5, (name, value, values["stock"])
        times, rates = {name: [] for name in ways}, []
        for _ in range(REPEATS[size]):
            for name, way in ways.items():
                times[name].append(timed(way))
            rates.append(matrix_rate(1000))
        floor = operations(*shape) / np.median(rates)
        middle = {name: float(np.median(values)) for name, values in times.items()}
        per_pixel[size] = middle["ours"] / (shape[0] * shape[1])

        def ratio(name, to, times=times):
            each = np.array(times[name]) / np.array(times[to])
            return f"{np.median(each):.2f} ({each.min():.2f}–{each.max():.2f})"
        rows.append([f"{size} × {shape[0]}", *[middle[name] for name in ("stock", "plain", "ours", "ours, skipping")],
                     floor, ratio("ours", "stock"), ratio("plain", "stock"), f"{middle['ours'] / floor:.2f}",
                     ratio("ours", "PyTorch") if torch else "no torch", first["ours"]])
    table(["pixels", "stock, s", "plain path, s", "ours, s", "ours with skips, s", "floor, s", "ours ÷ stock",
           "plain ÷ stock", "ours ÷ floor", "ours ÷ PyTorch", "first step, s"], rows)
    say(f"The floor: counted operations of direct convolution at {np.median(rates) / 1e9:.0f} GFLOP/s, the machine's "
        "float32 matrix product. In brackets the smallest and largest of the paired ratios.")
    if 256 in per_pixel:
        for size in per_pixel:
            say(f"Time per pixel at {size} px ÷ at 256 px: {per_pixel[size] / per_pixel[256]:.2f}")
    say()


# --- the way down -----------------------------------------------------------------------------------------------

def descend(size=256):
    say("## To a finished picture\n")
    made = StyleTransfer("china.jpg", "swirls.jpg", size=size)
    start = made.evaluate(made.start("content"))[0]
    made.evaluate(made.start("content"))
    runs = {"L-BFGS": lambda: made.run(100, progress=False),
            "Adam": lambda: made.run(100, "adam", progress=False),
            "gradient descent": lambda: made.run(100, "gradient_descent", learning_rate=0.3, progress=False),
            "coarse to fine": lambda: coarse_to_fine("china.jpg", "swirls.jpg", (size // 2, size), (100, 50),
                                                     progress=False)}
    rows = []
    for name, run in runs.items():
        history = run().history
        full = [record for record in history if record.get("size", size) == size]
        row = [name]
        for share in (4, 8, 10, 12):
            row.append(next((r["seconds"] for r in full if r["loss"] <= start / share), "–"))
        rows.append([*row, history[-1]["seconds"], min(r["loss"] for r in full)])
    table([f"from the content image, {size} px", *[f"s to 1/{share} of the loss" for share in (4, 8, 10, 12)],
           "s in all", "lowest loss"], rows)
    say(f"Loss at the start {start:.2f}. Kernel warm; coarse to fine compiles its smaller size on the way.\n")


# --- the official tutorials -------------------------------------------------------------------------------------

def tutorials():
    say("## The recipes of the official tutorials\n")
    example, own = benchmark_tutorials.keras_example()
    rows = []
    for recipe in (lambda: example, benchmark_tutorials.tensorflow_tutorial, benchmark_tutorials.pytorch_tutorial):
        made = recipe()
        if made is not None:
            rows.append(benchmark_tutorials.against_ours(made))
            print(*rows[-1], flush=True)       # it takes minutes: nothing is lost if it is stopped
    table(benchmark_tutorials.COLUMNS, rows)
    if len(rows) < 3:
        say("PyTorch's tutorial is left out: torch is not installed.")
    say(f"Keras' example has 4,000 steps, these are its first {example.steps}. Its seconds and TensorFlow's are "
        f"those of the first {benchmark_tutorials.TIMED}, counted on to all of them; PyTorch's ran whole. The loss is "
        "content + 10 · style + 0.5 · variation. Ours is the median of three runs, compiled before.\n")
    table(["Keras' example, on its own loss", "at the start", "s", "evaluations", "loss", "ours ÷ recipe"], own)


# --- memory ---------------------------------------------------------------------------------------------------

def memory(width, height):
    """Run in a process of its own: a transfer's peak, and what was said before."""
    photo = images.resize(images.load_image("china.jpg"), shape=(height, width))
    made = StyleTransfer(photo, "swirls.jpg", size=None, style_size=min(width, 512))
    probe = StyleTransfer("china.jpg", "swirls.jpg", size=128)
    said, started = cost.estimate(probe, height, width, 4), time.perf_counter()
    made.run(4, progress=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"{width} {height} {peak / 1e9:.2f} {said.memory / 1e9:.2f} {time.perf_counter() - started:.2f} "
          f"{said.seconds:.2f}")


def memories():
    say("## Memory, and what `cost.estimate` says of it from a 128-px probe\n")
    rows = []
    for width, height in ((128, 96), (256, 192), (512, 384), (1024, 768)):
        command = [sys.executable, __file__, "memory-of", str(width), str(height)]
        printed = subprocess.run(command, check=True, text=True, capture_output=True).stdout.split()
        peak, said, taken, expected = map(float, printed[-4:])
        rows.append([f"{width} × {height}", peak, said, f"{said / peak:.2f}", taken, expected,
                     f"{expected / taken:.2f}"])
    table(["pixels", "peak, GB, whole process", "estimated", "ratio", "4 evaluations and compilation, s", "estimated",
           "ratio"], rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["memory-of"]:
        memory(int(sys.argv[2]), int(sys.argv[3]))
        sys.exit()
    parts = {"steps": steps, "descent": descend, "tutorials": tutorials, "memory": memories}
    chosen = sys.argv[1:] or list(parts)
    if not set(chosen) <= set(parts):
        sys.exit(f"the parts are {', '.join(parts)}, not {', '.join(sorted(set(chosen) - set(parts)))}.")
    say(f"# Benchmark: TensorFlow {tf.__version__}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{vgg.load_vgg19(['block1_conv1']).source}\n")
    for part in chosen:
        parts[part]()
    folder = Path(__file__).resolve().parent / "bench"
    folder.mkdir(exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}.md"
    path.write_text("\n".join(LINES), encoding="utf-8")
    print("saved to tests/bench/" + path.name)
