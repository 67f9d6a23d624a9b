"""Train the painter of chapter 08: `python data/feedforward/train.py [minutes]`, 75 unless told; and from it one for
two styles: `python data/feedforward/train.py 34 both`.

Crops of the course's photographs, all but one; the course's own loss, whose gradient at the painted pixels is handed on
to the painter's weights. After the minutes, or Ctrl-C, what it has learnt is in swirls.npz or both.npz beside this
file, with the curve of its losses. The learning rate falls with the time, so that a quicker machine learns more, not
otherwise.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np
import tensorflow as tf

from helpers import feedforward, images, vgg, winograd
from helpers.transfer import CONTENT_LAYERS, StyleTransfer

SIZES, REPORT, RATE = (224, 256, 320, 400), 100, 2e-3
LAYER_WEIGHTS = tf.fill([5], 0.2)


def crops(rng, side):
    """Endless crops (side, side, 3) of all photographs but the unseen one, in several sizes, half of them mirrored."""
    photos = [images.load_image(path, size) for path in images.available("content").values()
              if path.name != feedforward.UNSEEN for size in SIZES]
    photos = [photo for photo in photos if min(photo.shape[:2]) >= side]
    while True:
        photo = photos[rng.integers(len(photos))]
        top, left = (rng.integers(length - side + 1) for length in photo.shape[:2])
        crop = photo[top:top + side, left:left + side]
        yield np.ascontiguousarray(crop[:, ::-1] if rng.integers(2) else crop)


def train_one(minutes):
    """`STYLE` alone; the dial is the style weight's, half of the time at the course's own default."""
    rng = np.random.default_rng(0)

    def asked(step):
        dial = 1.0 if step % 2 else rng.uniform()
        return dial, 0, feedforward.style_weight(dial)
    train(minutes, feedforward.new_painter(), [feedforward.STYLE], crops(rng, 160), asked, feedforward.WEIGHTS)


def train_both(minutes):
    """`BOTH`, one at each end of the dial; the trained painter begins as it is, with the same style at both ends."""
    painter, _ = feedforward.load()
    for line in feedforward.lines(painter):
        line.assign(tf.stack([line[0] + line[1], tf.zeros_like(line[1])]))
    # The new one twice as often: the other is known.
    train(minutes, painter, feedforward.BOTH, crops(np.random.default_rng(0), 128),
          lambda step: (1.0, 1, feedforward.style_weight(1)) if step % 3 else (0.0, 0, feedforward.style_weight(1)),
          feedforward.BOTH_WEIGHTS)


def train(minutes, painter, styles, crops, asked, path):
    """Descend on a painter's weights, a crop each step, and keep them in a file.

    asked: step → (dial, number of the style, style weight). The history has a row every REPORT steps: step, loss, and
    for each style the loss on the unseen photograph, at its end of the dial.
    """
    forward = tf.function(painter, reduce_retracing=True, autograph=False)
    crop = next(crops)
    courses = [StyleTransfer(crop, style, size=256, style_size=256) for style in styles]
    content = tf.function(winograd.network(vgg.load_vgg19(CONTENT_LAYERS), winograd.is_available()),
                          jit_compile=winograd.is_available(), autograph=False)
    unseen = [StyleTransfer(feedforward.UNSEEN, style, size=256) for style in styles]
    ends = [1.0] if len(styles) == 1 else [0.0, 1.0]
    optimizer = keras.optimizers.Adam(RATE)
    history, losses, started = [], [], time.perf_counter()
    for step, crop in enumerate(crops, 1):
        share, (dial, number, strength) = (time.perf_counter() - started) / (60 * minutes), asked(step)
        # A strong style must not learn faster than a weak one: each position's weights add up alike.
        weights = np.array([1, strength, 0.5], np.float32) / (1 + strength)
        image, position = tf.constant(crop[None]), tf.constant([[dial]], tf.float32)
        with tf.GradientTape() as tape:
            painted = forward(image, position)
        loss, _, slope = courses[number].engine.step(painted, list(content(image).values()),
                                                     courses[number].style_targets[0], tf.constant(weights),
                                                     LAYER_WEIGHTS, ())
        optimizer.learning_rate = RATE * min(1, step / 50) * 0.05 ** min(share, 1)
        slopes = tape.gradient(painted, painter.trainable_variables, output_gradients=slope)
        optimizer.apply(tf.clip_by_global_norm(slopes, 1.0)[0], painter.trainable_variables)
        losses.append(float(loss))
        if step % REPORT == 0 or share >= 1:
            wholes = [forward(tf.constant(course.content[None]), tf.fill((1, 1), end)).numpy()[0]
                      for course, end in zip(unseen, ends, strict=True)]
            seen = [course.evaluate(whole)[0] for course, whole in zip(unseen, wholes, strict=True)]
            history.append((step, np.mean(losses[-REPORT:]), *seen))
            feedforward.save(painter, history, path)
            print(f"{share:4.0%} step {step:5} loss {history[-1][1]:.4f}, unseen {seen}", flush=True)
        if share >= 1:
            return


if __name__ == "__main__":
    try:
        (train_both if "both" in sys.argv[2:] else train_one)(float(sys.argv[1]) if len(sys.argv) > 1 else 75)
    except KeyboardInterrupt:
        print("Stopped; the last weights that were written are kept.")
