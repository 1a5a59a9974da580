import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(v, k):
    return sliding_window_view(v, k, axis=(2, 3, 4))


class Conv3d:
    """Valid cross-correlation of (N, C, D, H, W) with kernels (F, C, kd, kh, kw), stride 1."""

    def __init__(self, c_in, c_out, kernel, seed=0):
        rng = np.random.default_rng(seed)
        fan = c_in * int(np.prod(kernel))
        self.kernel = tuple(kernel)
        self.weight = rng.normal(0, np.sqrt(2 / fan), (c_out, c_in) + self.kernel)
        self.bias = np.zeros(c_out)

    def forward(self, x):
        self.win = windows(x, self.kernel)
        y = np.einsum("ncdhwijk,fcijk->nfdhw", self.win, self.weight)
        return y + self.bias[:, None, None, None]

    def backward(self, gy):
        self.weight_grad = np.einsum("ncdhwijk,nfdhw->fcijk", self.win, gy)
        self.bias_grad = gy.sum(axis=(0, 2, 3, 4))
        pad = [(0, 0), (0, 0)] + [(k - 1, k - 1) for k in self.kernel]
        full = windows(np.pad(gy, pad), self.kernel)
        w = self.weight[:, :, ::-1, ::-1, ::-1]
        return np.einsum("nfdhwijk,fcijk->ncdhw", full, w)
