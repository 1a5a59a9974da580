"""A pixelwise linear layer on NHWC images that keeps the batch axis in its bias gradient.

Symptom: broadcasting turns the bias into an array of (N, C) after the first update.
Repair: sum over batch and both image axes.
"""
from dataclasses import dataclass, field

import numpy as np

CODES = ("gradient-shape-wrong", "bias-axes-wrong")
PLACES = ("bias", "b")


@dataclass
class Tensor:
    data: np.ndarray
    grad: np.ndarray = field(default=None)


class PixelLinear:
    def __init__(self, c_in: int, c_out: int, seed: int = 1):
        r = np.random.default_rng(seed)
        self.kernel = Tensor(r.standard_normal((c_in, c_out)))
        self.bias = Tensor(r.standard_normal(c_out))

    def forward(self, images: np.ndarray) -> np.ndarray:
        self._images = images
        return np.tensordot(images, self.kernel.data, axes=(3, 0)) + self.bias.data

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        self.kernel.grad = np.tensordot(self._images, grad_out, axes=((0, 1, 2), (0, 1, 2)))
        self.bias.grad = grad_out.sum(axis=(1, 2))  # FAULT
        return np.tensordot(grad_out, self.kernel.data, axes=(3, 1))


class PixelLinearRepaired:
    def __init__(self, c_in: int, c_out: int, seed: int = 1):
        r = np.random.default_rng(seed)
        self.kernel = Tensor(r.standard_normal((c_in, c_out)))
        self.bias = Tensor(r.standard_normal(c_out))

    def forward(self, images: np.ndarray) -> np.ndarray:
        self._images = images
        return np.tensordot(images, self.kernel.data, axes=(3, 0)) + self.bias.data

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        self.kernel.grad = np.tensordot(self._images, grad_out, axes=((0, 1, 2), (0, 1, 2)))
        self.bias.grad = grad_out.sum(axis=(0, 1, 2))
        return np.tensordot(grad_out, self.kernel.data, axes=(3, 1))


def faulty():
    rng = np.random.default_rng(4)
    return {"subject": PixelLinear(3, 5), "inputs": (rng.normal(size=(2, 4, 6, 3)),)}


def correct():
    rng = np.random.default_rng(4)
    return {"subject": PixelLinearRepaired(3, 5), "inputs": (rng.normal(size=(2, 4, 6, 3)),)}
