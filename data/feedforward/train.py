"""Train the painter of chapter 08: `python data/feedforward/train.py [minutes]`, 75 unless told.

One style, crops of the course's photographs, all but one; the course's own loss, whose gradient at the painted pixels
is handed on to the painter's weights. After the minutes, or Ctrl-C, what it has learnt is in swirls.npz beside this
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

CROP, SIZES, REPORT = 160, (224, 256, 320, 400), 100
LAYER_WEIGHTS = tf.fill([5], 0.2)


def crops(rng):
    """Endless crops (CROP, CROP, 3) of all photographs but the unseen one, in several sizes, half of them mirrored."""
    photos = [images.load_image(path, size) for path in images.available("content").values()
              if path.name != feedforward.UNSEEN for size in SIZES]
    photos = [photo for photo in photos if min(photo.shape[:2]) >= CROP]
    while True:
        photo = photos[rng.integers(len(photos))]
        top, left = (rng.integers(side - CROP + 1) for side in photo.shape[:2])
        crop = photo[top:top + CROP, left:left + CROP]
        yield np.ascontiguousarray(crop[:, ::-1] if rng.integers(2) else crop)


def train(minutes):
    rng, painter = np.random.default_rng(0), feedforward.new_painter()
    forward = tf.function(painter, reduce_retracing=True, autograph=False)
    course = StyleTransfer(np.zeros((CROP, CROP, 3), np.float32), feedforward.STYLE, size=256)
    content = tf.function(winograd.network(vgg.load_vgg19(CONTENT_LAYERS), winograd.is_available()),
                          jit_compile=winograd.is_available(), autograph=False)
    unseen = StyleTransfer(feedforward.UNSEEN, feedforward.STYLE, size=256)
    optimizer = keras.optimizers.Adam(1e-3)
    history, losses, started = [], [], time.perf_counter()
    for step, crop in enumerate(crops(rng), 1):
        share = (time.perf_counter() - started) / (60 * minutes)
        dial = 1.0 if step % 2 else rng.uniform()          # half of the time as the course's own default
        # A strong style must not learn faster than a weak one: each position's weights add up alike.
        weights = np.array([1, feedforward.style_weight(dial), 0.5], np.float32) / (1 + feedforward.style_weight(dial))
        image, position = tf.constant(crop[None]), tf.constant([[dial]], tf.float32)
        with tf.GradientTape() as tape:
            painted = forward(image, position)
        loss, _, slope = course.engine.step(painted, list(content(image).values()), course.style_targets[0],
                                            tf.constant(weights), LAYER_WEIGHTS)
        optimizer.learning_rate = 2e-3 * min(1, step / 50) * 0.05 ** share
        slopes = tape.gradient(painted, painter.trainable_variables, output_gradients=slope)
        optimizer.apply(tf.clip_by_global_norm(slopes, 1.0)[0], painter.trainable_variables)
        losses.append(float(loss))
        if step % REPORT == 0 or share >= 1:
            whole = forward(tf.constant(unseen.content[None]), tf.ones((1, 1))).numpy()[0]
            history.append((step, np.mean(losses[-REPORT:]), unseen.evaluate(whole)[0]))
            feedforward.save(painter, history)
            print(f"{share:4.0%} step {step:5} loss {history[-1][1]:.4f}, unseen {history[-1][2]:.3f}", flush=True)
        if share >= 1:
            return


if __name__ == "__main__":
    try:
        train(float(sys.argv[1]) if len(sys.argv) > 1 else 75)
    except KeyboardInterrupt:
        print("Stopped; the last weights that were written are kept.")
