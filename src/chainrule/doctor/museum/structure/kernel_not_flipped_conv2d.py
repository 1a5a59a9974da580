"""A convolution layer with loops; its input gradient uses the kernel as it stands.

Symptom: a single convolution trains well, a second one below it does not.
Repair: the input gradient is the full correlation with the kernel turned by 180 degrees.
"""
import numpy as np

CODES = ("kernel-not-flipped",)
PLACES = ("input", "image", "")


def correlate_valid(image, kernel):
    kh, kw = kernel.shape
    out = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(image[i:i + kh, j:j + kw] * kernel)
    return out


def correlate_full(image, kernel):
    kh, kw = kernel.shape
    return correlate_valid(np.pad(image, ((kh - 1, kh - 1), (kw - 1, kw - 1))), kernel)


class Convolutional:
    """One image (depth, height, width) at a time; kernels (filters, depth, kh, kw)."""

    def __init__(self, depth, filters, kernel_shape, rng):
        self.depth = depth
        self.filters = filters
        self.kernels = rng.standard_normal((filters, depth) + kernel_shape) * 0.3
        self.biases = np.zeros(filters)

    def forward(self, input):
        self.input = input
        maps = []
        for f in range(self.filters):
            m = self.biases[f]
            for d in range(self.depth):
                m = m + correlate_valid(input[d], self.kernels[f, d])
            maps.append(m)
        return np.stack(maps)

    def backward(self, output_gradient):
        self.kernels_gradient = np.zeros_like(self.kernels)
        self.biases_gradient = output_gradient.sum(axis=(1, 2))
        input_gradient = np.zeros_like(self.input)
        for f in range(self.filters):
            for d in range(self.depth):
                self.kernels_gradient[f, d] = correlate_valid(self.input[d], output_gradient[f])
                input_gradient[d] += correlate_full(output_gradient[f], self.kernels[f, d])  # FAULT
        return input_gradient


class ConvolutionalRepaired:
    """One image (depth, height, width) at a time; kernels (filters, depth, kh, kw)."""

    def __init__(self, depth, filters, kernel_shape, rng):
        self.depth = depth
        self.filters = filters
        self.kernels = rng.standard_normal((filters, depth) + kernel_shape) * 0.3
        self.biases = np.zeros(filters)

    def forward(self, input):
        self.input = input
        maps = []
        for f in range(self.filters):
            m = self.biases[f]
            for d in range(self.depth):
                m = m + correlate_valid(input[d], self.kernels[f, d])
            maps.append(m)
        return np.stack(maps)

    def backward(self, output_gradient):
        self.kernels_gradient = np.zeros_like(self.kernels)
        self.biases_gradient = output_gradient.sum(axis=(1, 2))
        input_gradient = np.zeros_like(self.input)
        for f in range(self.filters):
            for d in range(self.depth):
                self.kernels_gradient[f, d] = correlate_valid(self.input[d], output_gradient[f])
                input_gradient[d] += correlate_full(output_gradient[f], self.kernels[f, d, ::-1, ::-1])
        return input_gradient


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": Convolutional(2, 3, (3, 2), rng), "inputs": (rng.normal(size=(2, 6, 5)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": ConvolutionalRepaired(2, 3, (3, 2), rng), "inputs": (rng.normal(size=(2, 6, 5)),)}
