import numpy as np


class Conv1d:
    """Cross-correlation of (N, C, L) with weight (F, C, k) by unfolding, with stride and zero padding."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, seed=0):
        rng = np.random.default_rng(seed)
        bound = (in_channels * kernel_size) ** -0.5
        self.weight = rng.uniform(-bound, bound, (out_channels, in_channels, kernel_size))
        self.bias = rng.uniform(-bound, bound, out_channels)
        self.k, self.stride, self.padding = kernel_size, stride, padding

    def unfold(self, x):
        xp = np.pad(x, ((0, 0), (0, 0), (self.padding, self.padding)))
        self.padded = xp.shape
        n = (xp.shape[2] - self.k) // self.stride + 1
        pos = self.stride * np.arange(n)[:, None] + np.arange(self.k)
        self.pos = pos
        patches = xp[:, :, pos]                        # N, C, n, k
        return patches.transpose(0, 2, 1, 3).reshape(len(x), n, -1)

    def fold(self, cols):
        N, n, _ = cols.shape
        patches = cols.reshape(N, n, self.padded[1], self.k).transpose(0, 2, 1, 3)
        out = np.zeros(self.padded)
        np.add.at(out, (slice(None), slice(None), self.pos), patches)
        return out[:, :, self.padding:out.shape[2] - self.padding]

    def forward(self, x):
        self.cols = self.unfold(x)
        y = self.cols @ self.weight.reshape(len(self.weight), -1).T + self.bias
        return y.swapaxes(1, 2)

    def backward(self, grad):
        g = grad.swapaxes(1, 2)
        self.weight_grad = np.einsum("nlf,nlp->fp", g, self.cols).reshape(self.weight.shape)
        self.bias_grad = g.sum(axis=(0, 1))
        return self.fold(g @ self.weight.reshape(len(self.weight), -1))
