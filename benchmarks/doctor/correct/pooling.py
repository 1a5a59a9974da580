"""Pooling, up-sampling and other layers that move gradients to places. All of them are correct."""
import numpy as np


class MaxPool2D:
    """Loops; the first of tied maxima receives the gradient (argmax)."""

    def __init__(self, size=2, stride=None):
        self.size = size
        self.stride = stride or size

    def forward(self, x):
        self.x = x
        n, c, h, w = x.shape
        k, s = self.size, self.stride
        oh, ow = (h - k) // s + 1, (w - k) // s + 1
        out = np.empty((n, c, oh, ow))
        self.where = np.empty((n, c, oh, ow), dtype=int)
        for i in range(oh):
            for j in range(ow):
                window = x[:, :, i * s:i * s + k, j * s:j * s + k].reshape(n, c, -1)
                self.where[:, :, i, j] = window.argmax(axis=2)
                out[:, :, i, j] = window.max(axis=2)
        return out

    def backward(self, dy):
        k, s = self.size, self.stride
        dx = np.zeros_like(self.x)
        n, c = np.indices(dy.shape[:2])
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                r, q = np.divmod(self.where[:, :, i, j], k)
                dx[n, c, i * s + r, j * s + q] += dy[:, :, i, j]
        return dx


def case_max_pool():
    rng = np.random.default_rng(0)
    return {"subject": MaxPool2D(2), "inputs": (rng.normal(size=(2, 3, 4, 6)),)}


def case_max_pool_overlapping():
    rng = np.random.default_rng(1)
    return {"subject": MaxPool2D(3, 2), "inputs": (rng.normal(size=(2, 2, 7, 5)),)}


def case_max_pool_with_ties():
    """A coarse image (levels 0, 1, 2): nearly every window has ties; one winner each."""
    rng = np.random.default_rng(2)
    return {"subject": MaxPool2D(2), "inputs": (rng.integers(0, 3, size=(2, 2, 4, 6)).astype(float),)}


class TieSharingMaxPool:
    """Tied maxima share the gradient in equal parts: their sum is still the upstream."""

    def __init__(self, k):
        self.k = k

    def forward(self, x):
        n, c, h, w = x.shape
        self.blocks = x.reshape(n, c, h // self.k, self.k, w // self.k, self.k)
        self.out = self.blocks.max(axis=(3, 5), keepdims=True)
        return self.out[:, :, :, 0, :, 0]

    def backward(self, dy):
        winners = self.blocks == self.out
        share = winners / winners.sum(axis=(3, 5), keepdims=True)
        dx = share * dy[:, :, :, None, :, None]
        n, c, a, k, b, _ = dx.shape
        return dx.reshape(n, c, a * k, b * k)


def case_max_pool_ties_shared():
    rng = np.random.default_rng(3)
    x = rng.integers(0, 3, size=(2, 2, 4, 6)).astype(float)
    return {"subject": TieSharingMaxPool(2), "inputs": (x,)}


def case_max_pool_reshape():
    rng = np.random.default_rng(4)
    return {"subject": TieSharingMaxPool(2), "inputs": (rng.normal(size=(3, 2, 4, 6)),)}


class AvgPool2D:
    def __init__(self, kh, kw, stride):
        self.kh, self.kw, self.stride = kh, kw, stride

    def forward(self, x):
        self.shape = x.shape
        windows = np.lib.stride_tricks.sliding_window_view(x, (self.kh, self.kw), axis=(2, 3))
        return windows[:, :, ::self.stride, ::self.stride].mean(axis=(-2, -1))

    def backward(self, dout):
        dx = np.zeros(self.shape)
        share = dout / (self.kh * self.kw)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                a, b = i * self.stride, j * self.stride
                dx[:, :, a:a + self.kh, b:b + self.kw] += share[:, :, i, j, None, None]
        return dx


def case_average_pool_overlapping():
    rng = np.random.default_rng(5)
    return {"subject": AvgPool2D(3, 2, 2), "inputs": (rng.normal(size=(2, 2, 7, 6)),)}


class GlobalAveragePool:
    """Channels last; the gradient is a read-only broadcast view."""

    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(1, 2))

    def backward(self, dy):
        n, h, w, c = self.shape
        return np.broadcast_to(dy[:, None, None, :] / (h * w), self.shape)


def case_global_average_channels_last():
    rng = np.random.default_rng(6)
    return {"subject": GlobalAveragePool(), "inputs": (rng.normal(size=(3, 2, 5, 4)),)}


class MaxOverTime:
    """(batch, time, features) -> (batch, features): the strongest step of each feature."""

    def forward(self, x):
        self.shape = x.shape
        self.arg = np.argmax(x, axis=1)
        return np.max(x, axis=1)

    def backward(self, grad_out):
        grad_in = np.zeros(self.shape)
        b, f = np.ogrid[:self.shape[0], :self.shape[2]]
        grad_in[b, self.arg, f] = grad_out
        return grad_in


def case_max_over_time():
    rng = np.random.default_rng(7)
    return {"subject": MaxOverTime(), "inputs": (rng.normal(size=(3, 6, 4)),)}


class MaskedMeanOverTime:
    """Mean over the valid steps; the mask is a second, boolean input without gradient."""

    def forward(self, x, mask):
        self.weights = mask / mask.sum(axis=1, keepdims=True)
        return np.einsum("btf,bt->bf", x, self.weights)

    def backward(self, dy):
        return self.weights[:, :, None] * dy[:, None, :]


def case_masked_mean():
    rng = np.random.default_rng(8)
    mask = np.arange(5)[None, :] < np.array([5, 3, 2])[:, None]
    return {"subject": MaskedMeanOverTime(), "inputs": (rng.normal(size=(3, 5, 4)), mask)}


class Upsample:
    """Nearest neighbor; each copy sends its gradient back to the same pixel."""

    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        return x.repeat(self.factor, axis=2).repeat(self.factor, axis=3)

    def backward(self, dy):
        n, c, h, w = dy.shape
        f = self.factor
        return dy.reshape(n, c, h // f, f, w // f, f).sum(axis=(3, 5))


def case_upsample_nearest():
    rng = np.random.default_rng(9)
    return {"subject": Upsample(3), "inputs": (rng.normal(size=(2, 2, 3, 4)),)}


class LinearUpsample1d:
    """Linear interpolation as a fixed matrix; the matrix is a table and no parameter."""

    def __init__(self, n_in, n_out):
        position = np.linspace(0, n_in - 1, n_out)
        left = np.minimum(position.astype(int), n_in - 2)
        frac = position - left
        self.table = np.zeros((n_out, n_in))
        self.table[np.arange(n_out), left] += 1 - frac
        self.table[np.arange(n_out), left + 1] += frac

    def forward(self, x):
        return x @ self.table.T

    def backward(self, dy):
        return dy @ self.table


def case_linear_interpolation_table():
    rng = np.random.default_rng(10)
    return {"subject": LinearUpsample1d(4, 7), "inputs": (rng.normal(size=(2, 3, 4)),)}


def pixel_shuffle(x, r):
    n, c, h, w = x.shape
    y = x.reshape(n, c // r ** 2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
    return y.reshape(n, c // r ** 2, h * r, w * r), (x.shape, r)


def pixel_shuffle_back(dy, cache):
    (n, c, h, w), r = cache
    return dy.reshape(n, c // r ** 2, h, r, w, r).transpose(0, 1, 3, 5, 2, 4).reshape(n, c, h, w)


def case_pixel_shuffle_pair():
    """The factor is the second input, an integer without gradient; backward returns dx alone."""
    rng = np.random.default_rng(11)
    return {"subject": (pixel_shuffle, pixel_shuffle_back), "inputs": (rng.normal(size=(2, 8, 2, 3)), 2)}


class Flatten:
    def forward(self, x):
        self.input_shape = x.shape
        return x.reshape(x.shape[0], -1)

    def backward(self, dy):
        return dy.reshape(self.input_shape)


def case_flatten_returns_views():
    rng = np.random.default_rng(12)
    return {"subject": Flatten(), "inputs": (rng.normal(size=(3, 2, 4)),)}


class ReflectionPad:
    """Padding by reflection: border gradients come back to the pixels that were mirrored."""

    def __init__(self, p):
        self.p = p

    def forward(self, x):
        self.n = x.shape[-1]
        return np.pad(x, ((0, 0), (0, 0), (self.p, self.p)), mode="reflect")

    def backward(self, dy):
        source = np.pad(np.arange(self.n), self.p, mode="reflect")
        dx = np.zeros(dy.shape[:2] + (self.n,))
        np.add.at(dx, (slice(None), slice(None), source), dy)
        return dx


def case_reflection_padding():
    rng = np.random.default_rng(13)
    return {"subject": ReflectionPad(2), "inputs": (rng.normal(size=(2, 3, 5)),)}


class L2Pool:
    """Square root of the mean square over non-overlapping windows of a sequence."""

    def __init__(self, width):
        self.width = width

    def forward(self, x):
        self.blocks = x.reshape(x.shape[0], x.shape[1], -1, self.width)
        self.y = np.sqrt((self.blocks ** 2).mean(axis=-1))
        return self.y

    def backward(self, dy):
        d = self.blocks / self.width * (dy / self.y)[..., None]
        return d.reshape(d.shape[0], d.shape[1], -1)


def case_l2_pool():
    rng = np.random.default_rng(14)
    return {"subject": L2Pool(3), "inputs": (rng.normal(size=(2, 2, 9)),)}


class AdaptiveAvgPool1d:
    """Windows of unequal length, which overlap."""

    def __init__(self, bins):
        self.bins = bins

    def forward(self, x):
        self.n = n = x.shape[2]
        self.edges = [(i * n // self.bins, -(-(i + 1) * n // self.bins)) for i in range(self.bins)]
        return np.stack([x[:, :, a:b].mean(axis=2) for a, b in self.edges], axis=2)

    def backward(self, dy):
        dx = np.zeros(dy.shape[:2] + (self.n,))
        for i, (a, b) in enumerate(self.edges):
            dx[:, :, a:b] += dy[:, :, i:i + 1] / (b - a)
        return dx


def case_adaptive_average():
    rng = np.random.default_rng(15)
    return {"subject": AdaptiveAvgPool1d(3), "inputs": (rng.normal(size=(2, 2, 7)),)}
