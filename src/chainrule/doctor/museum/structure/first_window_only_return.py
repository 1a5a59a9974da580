"""A convolution whose backward returns from inside its loop.

Symptom: the kernel hardly learns; its gradient does not depend on most of the image.
Repair: take the return out of the loops.
"""
import numpy as np

CODES = ("first-window-only",)
PLACES = ("x", "kernel", "weights", "")


class Conv:
    """Valid convolution, images (batch, height, width, channels)."""

    def __init__(self, n_channels, n_filters, rng, size=3):
        self.size = size
        self.kernel = rng.standard_normal((n_filters, size, size, n_channels)) / size
        self.bias = np.zeros(n_filters)
        self.grads = {}

    def patches(self, images):
        _, height, width, _ = images.shape
        for i in range(height - self.size + 1):
            for j in range(width - self.size + 1):
                yield i, j, images[:, i:i + self.size, j:j + self.size]

    def forward(self, images):
        self.images = images
        n, height, width, _ = images.shape
        out = np.zeros((n, height - self.size + 1, width - self.size + 1, len(self.bias)))
        for i, j, patch in self.patches(images):
            out[:, i, j] = np.einsum("nyxc,fyxc->nf", patch, self.kernel) + self.bias
        return out

    def backward(self, grad):
        self.grads["kernel"] = np.zeros_like(self.kernel)
        self.grads["bias"] = grad.sum(axis=(0, 1, 2))
        dimages = np.zeros_like(self.images)
        for i, j, patch in self.patches(self.images):
            g = grad[:, i, j]
            self.grads["kernel"] += np.einsum("nf,nyxc->fyxc", g, patch)
            dimages[:, i:i + self.size, j:j + self.size] += np.einsum("nf,fyxc->nyxc", g, self.kernel)
            return dimages  # FAULT


class ConvRepaired:
    """Valid convolution, images (batch, height, width, channels)."""

    def __init__(self, n_channels, n_filters, rng, size=3):
        self.size = size
        self.kernel = rng.standard_normal((n_filters, size, size, n_channels)) / size
        self.bias = np.zeros(n_filters)
        self.grads = {}

    def patches(self, images):
        _, height, width, _ = images.shape
        for i in range(height - self.size + 1):
            for j in range(width - self.size + 1):
                yield i, j, images[:, i:i + self.size, j:j + self.size]

    def forward(self, images):
        self.images = images
        n, height, width, _ = images.shape
        out = np.zeros((n, height - self.size + 1, width - self.size + 1, len(self.bias)))
        for i, j, patch in self.patches(images):
            out[:, i, j] = np.einsum("nyxc,fyxc->nf", patch, self.kernel) + self.bias
        return out

    def backward(self, grad):
        self.grads["kernel"] = np.zeros_like(self.kernel)
        self.grads["bias"] = grad.sum(axis=(0, 1, 2))
        dimages = np.zeros_like(self.images)
        for i, j, patch in self.patches(self.images):
            g = grad[:, i, j]
            self.grads["kernel"] += np.einsum("nf,nyxc->fyxc", g, patch)
            dimages[:, i:i + self.size, j:j + self.size] += np.einsum("nf,fyxc->nyxc", g, self.kernel)
        return dimages


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": Conv(2, 4, rng), "inputs": (rng.normal(size=(3, 5, 6, 2)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": ConvRepaired(2, 4, rng), "inputs": (rng.normal(size=(3, 5, 6, 2)),)}
