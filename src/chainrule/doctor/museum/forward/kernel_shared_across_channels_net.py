"""A small network of NHWC images whose convolution adds up the channels before it filters them.

Symptom: two images that differ in color only cannot be told apart.
Repair: give the kernel a channel axis and contract over it.
"""
import numpy as np

CODES = ("kernel-shared-across-channels",)
PLACES = ("conv.kernel", "kernel", "conv", "", "images")


class GlobalAverage:
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(1, 2))

    def backward(self, grad):
        n, h, w, c = self.shape
        return np.broadcast_to(grad[:, None, None, :] / (h * w), self.shape).copy()


class Affine:
    def __init__(self, n_in, n_out, rng):
        self.kernel = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.bias = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, grad):
        self.d_kernel = self.x.T @ grad
        self.d_bias = grad.sum(axis=0)
        return grad @ self.kernel.T


class Conv:
    """Valid convolution with a stride, channels last."""

    def __init__(self, channels, filters, size, stride, rng):
        self.size, self.stride = size, stride
        self.kernel = rng.normal(size=(size, size, filters)) / size
        self.bias = rng.normal(size=filters) * 0.1

    def forward(self, x):
        self.x = x
        k, s = self.size, self.stride
        rows = (x.shape[1] - k) // s + 1
        cols = (x.shape[2] - k) // s + 1
        out = np.zeros((x.shape[0], rows, cols, self.kernel.shape[-1])) + self.bias
        for a in range(k):
            for b in range(k):
                tap = x[:, a:a + s * rows:s, b:b + s * cols:s]
                out += np.einsum("nijc,f->nijf", tap, self.kernel[a, b])  # FAULT
        return out

    def backward(self, grad):
        k, s = self.size, self.stride
        _, rows, cols, _ = grad.shape
        self.d_kernel = np.zeros_like(self.kernel)
        self.d_bias = grad.sum(axis=(0, 1, 2))
        dx = np.zeros_like(self.x)
        for a in range(k):
            for b in range(k):
                region = np.s_[:, a:a + s * rows:s, b:b + s * cols:s]
                self.d_kernel[a, b] = np.einsum("nijc,nijf->f", self.x[region], grad)
                dx[region] += np.einsum("nijf,f->nij", grad, self.kernel[a, b])[..., None]
        return dx


class ImageClassifier:
    """Convolution, sigmoid, global average, affine."""

    def __init__(self, channels, filters, classes, rng):
        self.conv = Conv(channels, filters, 3, 2, rng)
        self.pool = GlobalAverage()
        self.head = Affine(filters, classes, rng)

    def forward(self, images):
        self.activation = 1.0 / (1.0 + np.exp(-self.conv.forward(images)))
        return self.head.forward(self.pool.forward(self.activation))

    def backward(self, grad):
        grad = self.pool.backward(self.head.backward(grad))
        return self.conv.backward(grad * self.activation * (1.0 - self.activation))


class ConvRepaired:
    """Valid convolution with a stride, channels last."""

    def __init__(self, channels, filters, size, stride, rng):
        self.size, self.stride = size, stride
        self.kernel = rng.normal(size=(size, size, channels, filters)) / size
        self.bias = rng.normal(size=filters) * 0.1

    def forward(self, x):
        self.x = x
        k, s = self.size, self.stride
        rows = (x.shape[1] - k) // s + 1
        cols = (x.shape[2] - k) // s + 1
        out = np.zeros((x.shape[0], rows, cols, self.kernel.shape[-1])) + self.bias
        for a in range(k):
            for b in range(k):
                tap = x[:, a:a + s * rows:s, b:b + s * cols:s]
                out += np.einsum("nijc,cf->nijf", tap, self.kernel[a, b])
        return out

    def backward(self, grad):
        k, s = self.size, self.stride
        _, rows, cols, _ = grad.shape
        self.d_kernel = np.zeros_like(self.kernel)
        self.d_bias = grad.sum(axis=(0, 1, 2))
        dx = np.zeros_like(self.x)
        for a in range(k):
            for b in range(k):
                region = np.s_[:, a:a + s * rows:s, b:b + s * cols:s]
                self.d_kernel[a, b] = np.einsum("nijc,nijf->cf", self.x[region], grad)
                dx[region] += np.einsum("nijf,cf->nijc", grad, self.kernel[a, b])
        return dx


class ImageClassifierRepaired:
    """Convolution, sigmoid, global average, affine."""

    def __init__(self, channels, filters, classes, rng):
        self.conv = ConvRepaired(channels, filters, 3, 2, rng)
        self.pool = GlobalAverage()
        self.head = Affine(filters, classes, rng)

    def forward(self, images):
        self.activation = 1.0 / (1.0 + np.exp(-self.conv.forward(images)))
        return self.head.forward(self.pool.forward(self.activation))

    def backward(self, grad):
        grad = self.pool.backward(self.head.backward(grad))
        return self.conv.backward(grad * self.activation * (1.0 - self.activation))


def faulty():
    rng = np.random.default_rng(18)
    return {"subject": ImageClassifier(3, 5, 4, rng), "inputs": (rng.normal(size=(2, 7, 5, 3)),)}


def correct():
    rng = np.random.default_rng(18)
    return {"subject": ImageClassifierRepaired(3, 5, 4, rng), "inputs": (rng.normal(size=(2, 7, 5, 3)),)}
