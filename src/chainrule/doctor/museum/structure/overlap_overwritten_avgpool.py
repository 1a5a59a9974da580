"""Average pooling with overlapping windows, features last.

Symptom: the gradient below the pooling layer is too small wherever windows overlap.
Repair: accumulate the shares of all windows.
"""
import numpy as np

CODES = ("overlap-overwritten",)
PLACES = ("x", "images", "")


class AveragePooling2D:
    def __init__(self, pool_size=(3, 3), stride=2):
        self.pool_size = pool_size
        self.stride = stride

    def regions(self, height, width):
        ph, pw = self.pool_size
        for i in range((height - ph) // self.stride + 1):
            for j in range((width - pw) // self.stride + 1):
                top, left = i * self.stride, j * self.stride
                yield i, j, slice(top, top + ph), slice(left, left + pw)

    def forward(self, images):
        self.input_shape = images.shape
        n, height, width, channels = images.shape
        ph, pw = self.pool_size
        rows, columns = (height - ph) // self.stride + 1, (width - pw) // self.stride + 1
        output = np.zeros((n, rows, columns, channels))
        for i, j, r, c in self.regions(height, width):
            output[:, i, j] = images[:, r, c].mean(axis=(1, 2))
        return output

    def backward(self, grad_output):
        grad_input = np.zeros(self.input_shape)
        _, height, width, _ = self.input_shape
        area = self.pool_size[0] * self.pool_size[1]
        for i, j, r, c in self.regions(height, width):
            grad_input[:, r, c] = grad_output[:, i:i + 1, j:j + 1] / area  # FAULT
        return grad_input


class AveragePooling2DRepaired:
    def __init__(self, pool_size=(3, 3), stride=2):
        self.pool_size = pool_size
        self.stride = stride

    def regions(self, height, width):
        ph, pw = self.pool_size
        for i in range((height - ph) // self.stride + 1):
            for j in range((width - pw) // self.stride + 1):
                top, left = i * self.stride, j * self.stride
                yield i, j, slice(top, top + ph), slice(left, left + pw)

    def forward(self, images):
        self.input_shape = images.shape
        n, height, width, channels = images.shape
        ph, pw = self.pool_size
        rows, columns = (height - ph) // self.stride + 1, (width - pw) // self.stride + 1
        output = np.zeros((n, rows, columns, channels))
        for i, j, r, c in self.regions(height, width):
            output[:, i, j] = images[:, r, c].mean(axis=(1, 2))
        return output

    def backward(self, grad_output):
        grad_input = np.zeros(self.input_shape)
        _, height, width, _ = self.input_shape
        area = self.pool_size[0] * self.pool_size[1]
        for i, j, r, c in self.regions(height, width):
            grad_input[:, r, c] += grad_output[:, i:i + 1, j:j + 1] / area
        return grad_input


def faulty():
    x = np.random.default_rng(1).normal(size=(2, 7, 5, 3))
    return {"subject": AveragePooling2D(), "inputs": (x,)}


def correct():
    x = np.random.default_rng(1).normal(size=(2, 7, 5, 3))
    return {"subject": AveragePooling2DRepaired(), "inputs": (x,)}
