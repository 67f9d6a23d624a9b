"""VGG's filters out of a file: arrays, and nothing that could run. For `weights`."""

import pickle

import keras
import numpy as np

OFFLINE_STD = np.array([0.229, 0.224, 0.225], np.float32) * 255


class WeightsError(RuntimeError):
    """No usable weights; the message names the file and the way out."""


def deepen(convolutions):
    """VGG16's 13 convolutions [[kernel, bias], …] → {layer: [kernel, bias]}, VGG19's 16, with VGG16's features.

    The three that VGG16 lacks, the fourth of blocks 3 to 5, become the identity, which changes nothing behind a ReLU
    (Chen, Goodfellow, Shlens 2016, "Net2Net"). VGG16's division by the standard deviation moves into the first kernel:
    its input is RGB in 0…255 less a mean, as for the other sources.
    """
    rest, filters = iter(convolutions), {}
    for block, count in enumerate((2, 2, 3, 3, 3), start=1):
        for number in range(1, count + 1):
            filters[f"block{block}_conv{number}"] = [np.asarray(array, np.float32) for array in next(rest)]
        if count == 3:
            maps = len(filters[f"block{block}_conv3"][1])
            kernel = np.zeros((3, 3, maps, maps), np.float32)
            kernel[1, 1] = np.eye(maps)
            filters[f"block{block}_conv4"] = [kernel, np.zeros(maps, np.float32)]
    kernel, bias = filters["block1_conv1"]
    filters["block1_conv1"] = [kernel / OFFLINE_STD[:, None], bias]
    return filters


def read_h5(path):
    """A file in the layout of keras.applications.VGG19 → {layer: [kernel for RGB, bias]}. Raises WeightsError.

    Keras reads arrays into a network that it builds itself: no layer of the file's own making is ever run.
    """
    try:
        with_top = path.stat().st_size > 400e6            # the file with the classifier is 574 MB, that without 80 MB
        model = keras.applications.VGG19(include_top=with_top, weights=str(path))
        filters = {layer.name: layer.get_weights() for layer in model.layers if "_conv" in layer.name}
        if not all(np.isfinite(array).all() for arrays in filters.values() for array in arrays):
            raise ValueError("it holds NaN")
    except Exception as error:                            # Keras and h5py raise a dozen kinds for a broken file
        raise WeightsError(f"{path.name} is not a readable file of VGG19 weights: copy it again, "
                           f"Keras' file without the classifier is the one to take.") from error
    kernel, bias = filters["block1_conv1"]
    filters["block1_conv1"] = [kernel[:, :, ::-1], bias]  # Keras' file expects BGR, the course's pictures are RGB
    return filters


class _ArraysOnly(pickle.Unpickler):
    """Admits numpy arrays and nothing that could run code."""
    ALLOWED = {("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
               ("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype}

    def find_class(self, module, name):
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no array")
        return self.ALLOWED[module, name]


def read_arrays(path, network="VGG16_0"):
    """The convolutions of the offline package's VGG16 or "AlexNet_0", in order: [[kernel, bias], …]."""
    with open(path, "rb") as file:
        tree = _ArraysOnly(file).load()[network]
    return [[tree[f"Conv_{i}"]["kernel"], tree[f"Conv_{i}"]["bias"]] for i in range(len(tree))]
