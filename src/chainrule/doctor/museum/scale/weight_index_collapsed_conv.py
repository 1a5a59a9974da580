"""A valid convolution over (batch, channels, height, width), window by window.

Symptom: all input channels of a filter learn the same kernel update.
Repair: add each channel's patch to that channel's kernel only.
"""
import numpy as np

CODES = ("weight-index-collapsed",)
PLACES = ("filters",)


class Convolution:
    def __init__(self, in_channels, out_channels, kernel_size, rng):
        self.k = kernel_size
        fan_in = in_channels * kernel_size * kernel_size
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.filters = rng.normal(size=shape) / np.sqrt(fan_in)
        self.bias = rng.normal(size=out_channels) * 0.1

    def forward(self, images):
        self.images = images
        N, C, H, W = images.shape
        F = self.filters.shape[0]
        out = np.zeros((N, F, H - self.k + 1, W - self.k + 1))
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                window = images[:, :, i:i + self.k, j:j + self.k]
                for f in range(F):
                    out[:, f, i, j] = np.sum(window * self.filters[f], axis=(1, 2, 3)) + self.bias[f]
        return out

    def backward(self, d_out):
        self.d_filters = np.zeros_like(self.filters)
        self.d_bias = d_out.sum(axis=(0, 2, 3))
        d_images = np.zeros_like(self.images)
        N, F, H_out, W_out = d_out.shape
        for n in range(N):
            for f in range(F):
                for i in range(H_out):
                    for j in range(W_out):
                        g = d_out[n, f, i, j]
                        for c in range(self.images.shape[1]):
                            patch = self.images[n, c, i:i + self.k, j:j + self.k]
                            self.d_filters[f] += g * patch  # FAULT
                        d_images[n, :, i:i + self.k, j:j + self.k] += g * self.filters[f]
        return d_images


class ConvolutionRepaired:
    def __init__(self, in_channels, out_channels, kernel_size, rng):
        self.k = kernel_size
        fan_in = in_channels * kernel_size * kernel_size
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.filters = rng.normal(size=shape) / np.sqrt(fan_in)
        self.bias = rng.normal(size=out_channels) * 0.1

    def forward(self, images):
        self.images = images
        N, C, H, W = images.shape
        F = self.filters.shape[0]
        out = np.zeros((N, F, H - self.k + 1, W - self.k + 1))
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                window = images[:, :, i:i + self.k, j:j + self.k]
                for f in range(F):
                    out[:, f, i, j] = np.sum(window * self.filters[f], axis=(1, 2, 3)) + self.bias[f]
        return out

    def backward(self, d_out):
        self.d_filters = np.zeros_like(self.filters)
        self.d_bias = d_out.sum(axis=(0, 2, 3))
        d_images = np.zeros_like(self.images)
        N, F, H_out, W_out = d_out.shape
        for n in range(N):
            for f in range(F):
                for i in range(H_out):
                    for j in range(W_out):
                        g = d_out[n, f, i, j]
                        for c in range(self.images.shape[1]):
                            patch = self.images[n, c, i:i + self.k, j:j + self.k]
                            self.d_filters[f, c] += g * patch
                        d_images[n, :, i:i + self.k, j:j + self.k] += g * self.filters[f]
        return d_images


def faulty():
    rng = np.random.default_rng(14)
    return {"subject": Convolution(2, 3, 3, rng), "inputs": (rng.normal(size=(2, 2, 5, 6)),)}


def correct():
    rng = np.random.default_rng(14)
    return {"subject": ConvolutionRepaired(2, 3, 3, rng), "inputs": (rng.normal(size=(2, 2, 5, 6)),)}
