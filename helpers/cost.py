"""What a transfer will take: seconds and memory, foreseen from what has been measured. Chapter 05."""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

# Measured on two machines: an evaluation costs as much besides its pixels as so many pixels more, for kernels are read
# and tiles filled up; and at its peak a run holds its activations so many times.
EXTRA_PIXELS, COPIES = 4000, 3.1
CGROUP = Path("/sys/fs/cgroup")
LIMITS = (("memory.max", "memory.current", "memory.stat", "inactive_file"),                          # version 2
          ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"))


class Estimate(NamedTuple):
    """What a run will take on this machine: seconds, and the whole process's peak memory in bytes."""
    seconds: float
    memory: float


def estimate(transfer, height, width, steps):
    """What `steps` evaluations of an image of height × width pixels will take → Estimate(seconds, memory).

    transfer: a StyleTransfer of the same layers. The first call evaluates its content image twice, unless a run has
    done so: once to compile, once for the pace. Time and memory grow with the pixels:
    seconds = compilation + steps · pace · (pixels + p) / (own + p).
    """
    own, own_pixels, pixels = transfer.content.shape[:2], transfer.content[..., 0].size, height * width
    seconds = transfer.engine.seconds                      # {(height, width): [of each evaluation]}
    while len(seconds.get(own, [])) < 2:
        transfer.evaluate(transfer.content)
    pace = np.median(seconds[own][1:]) * (pixels + EXTRA_PIXELS) / (own_pixels + EXTRA_PIXELS)
    compilation = max(0.0, *(each[0] - np.median(each[1:] or each) for each in list(seconds.values()) if each))
    return Estimate(float(steps * pace + (0.0 if (height, width) in seconds else compilation)),
                    transfer.engine.resident + COPIES * transfer.engine.bytes_per_pixel * pixels)


def free_memory():
    """Bytes that can still be had: what the system has free, or what the container's limit leaves, if that is less."""
    free = psutil.virtual_memory().available
    for limit, used, statistics, cache in LIMITS:
        try:
            left = int((CGROUP / limit).read_text()) - int((CGROUP / used).read_text())
            given_back = dict(line.split() for line in (CGROUP / statistics).read_text().splitlines())
        except (OSError, ValueError):                      # no container, no Linux, or no limit: the word "max"
            continue
        free = min(free, max(0, left) + int(given_back.get(cache, 0)))
    return free


def warn_of_memory(height, width, bytes_per_pixel):
    """Warn, with a size that fits, of an image whose activations do not fit into free memory."""
    needed, free = COPIES * bytes_per_pixel * height * width, free_memory()
    if needed > free:
        fits = int(max(height, width) * (0.8 * free / needed) ** 0.5)
        warnings.warn(f"{width} × {height} pixels need {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are "
                      f"free: take size={fits}, or close other programs.", stacklevel=3)
