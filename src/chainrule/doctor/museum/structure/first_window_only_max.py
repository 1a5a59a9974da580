"""A convolution with loops whose input gradient ignores the position of the window.

Symptom: only the upper left corner of an image gets a gradient.
Repair: address the window by its position.
"""
import numpy as np

CODES = ("first-window-only",)
PLACES = ("x", "", "conv")


class LoopConv:
    def __init__(self, out_channels, in_channels, size, rng):
        self.kernels = rng.normal(size=(out_channels, in_channels, size, size)) * 0.3
        self.biases = np.zeros(out_channels)

    def forward(self, image):
        """One image (C, H, W)."""
        self.image = image
        f = self.kernels.shape[-1]
        out = np.empty((len(self.kernels), image.shape[1] - f + 1, image.shape[2] - f + 1))
        for n in range(out.shape[0]):
            for r in range(out.shape[1]):
                for c in range(out.shape[2]):
                    out[n, r, c] = np.sum(image[:, r:r + f, c:c + f] * self.kernels[n]) + self.biases[n]
        return out

    def backward(self, grad):
        f = self.kernels.shape[-1]
        self.kernels_grad = np.zeros_like(self.kernels)
        self.biases_grad = grad.sum(axis=(1, 2))
        image_grad = np.zeros_like(self.image)
        for n, r, c in np.ndindex(*grad.shape):
            self.kernels_grad[n] += grad[n, r, c] * self.image[:, r:r + f, c:c + f]
            image_grad[:, :f, :f] += grad[n, r, c] * self.kernels[n]  # FAULT
        return image_grad


class LoopConvRepaired:
    def __init__(self, out_channels, in_channels, size, rng):
        self.kernels = rng.normal(size=(out_channels, in_channels, size, size)) * 0.3
        self.biases = np.zeros(out_channels)

    def forward(self, image):
        """One image (C, H, W)."""
        self.image = image
        f = self.kernels.shape[-1]
        out = np.empty((len(self.kernels), image.shape[1] - f + 1, image.shape[2] - f + 1))
        for n in range(out.shape[0]):
            for r in range(out.shape[1]):
                for c in range(out.shape[2]):
                    out[n, r, c] = np.sum(image[:, r:r + f, c:c + f] * self.kernels[n]) + self.biases[n]
        return out

    def backward(self, grad):
        f = self.kernels.shape[-1]
        self.kernels_grad = np.zeros_like(self.kernels)
        self.biases_grad = grad.sum(axis=(1, 2))
        image_grad = np.zeros_like(self.image)
        for n, r, c in np.ndindex(*grad.shape):
            self.kernels_grad[n] += grad[n, r, c] * self.image[:, r:r + f, c:c + f]
            image_grad[:, r:r + f, c:c + f] += grad[n, r, c] * self.kernels[n]
        return image_grad


def faulty():
    rng = np.random.default_rng(148)
    return {"subject": LoopConv(2, 3, 2, rng), "inputs": (rng.normal(size=(3, 5, 6)),)}


def correct():
    rng = np.random.default_rng(148)
    return {"subject": LoopConvRepaired(2, 3, 2, rng), "inputs": (rng.normal(size=(3, 5, 6)),)}
