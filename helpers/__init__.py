"""The small library that the chapters build and then import.

The core: images, weights, vgg, losses and descent know nothing of each other but that vgg uses weights; transfer uses
them all. Beside it, what makes it quick and safe: engine, winograd, compiled, lbfgsb, cost, network, filters, colours.
studio uses transfer; figures and exercises serve the notebooks; lab and serve belong to Jupyter's servers.
"""

import ctypes
import os
import sys

# TensorFlow prints its build's options on import; a learner's first cell stays readable without them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

# XLA may read and write compiled code in a folder of this process' memory: `compiled` keeps it from there. TensorFlow
# reads its flags at its first operation, so they are set here.
if "persistent_cache" not in (flags := os.environ.get("TF_XLA_FLAGS", "")):
    os.environ["TF_XLA_FLAGS"] = (f"{flags} --tf_xla_persistent_cache_directory=ram://compiled "
                                  "--tf_xla_persistent_cache_prefix=course").strip()

# glibc keeps a heap for each thread and hands little of it back: painting again and again in threads, a process grew by
# 100 to 200 MB before it levelled off. With one heap (M_ARENA_MAX is −8) it stays level. And once a large block was
# freed, glibc puts the next ones onto the heap, where a small one behind them pins them: what is above a megabyte stays
# apart now (M_MMAP_THRESHOLD is −3), and goes back at once. Other systems have no mallopt.
if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
    libc.mallopt(-8, 1)
    libc.mallopt(-3, 1_000_000)
