"""The small library that the chapters build and then import.

images · vgg · losses · descent stand alone; transfer uses them; studio uses transfer;
figures and exercises serve the notebooks.
"""

import ctypes
import os
import sys

# TensorFlow prints its build's options on import; a learner's first cell stays readable without them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

# glibc keeps a heap for each thread and hands little of it back: painting again and again in threads, a process grew by
# 100 to 200 MB before it levelled off. With one heap (M_ARENA_MAX is −8) it stays level. Other systems have no mallopt.
if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
    libc.mallopt(-8, 1)
