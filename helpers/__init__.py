"""The small library that the chapters build and then import.

images · vgg · losses · descent stand alone; transfer uses them; studio uses transfer;
figures and exercises serve the notebooks.
"""

import os

# TensorFlow prints its build's options on import; a learner's first cell stays readable without them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
