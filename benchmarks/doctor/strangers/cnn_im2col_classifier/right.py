"""Convolutional network for small grey images, plain NumPy.

conv - relu - conv - relu - maxpool - dense - relu - dense
"""
import numpy as np


def im2col(x, kh, kw, stride=1, pad=0):
    N, C, H, W = x.shape
    oh = (H + 2 * pad - kh) // stride + 1
    ow = (W + 2 * pad - kw) // stride + 1
    img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    col = np.zeros((N, C, kh, kw, oh, ow), dtype=x.dtype)
    for i in range(kh):
        for j in range(kw):
            col[:, :, i, j] = img[:, :, i:i + stride * oh:stride, j:j + stride * ow:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * oh * ow, -1), oh, ow


def col2im(col, x_shape, kh, kw, oh, ow, stride=1, pad=0):
    N, C, H, W = x_shape
    col = col.reshape(N, oh, ow, C, kh, kw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dtype=col.dtype)
    for i in range(kh):
        for j in range(kw):
            img[:, :, i:i + stride * oh:stride, j:j + stride * ow:stride] += col[:, :, i, j]
    return img[:, :, pad:pad + H, pad:pad + W]


class Conv2D:
    def __init__(self, in_channels, n_filters, ksize=3, stride=1, pad=1):
        fan_in = in_channels * ksize * ksize
        self.W = np.random.randn(n_filters, in_channels, ksize, ksize) * np.sqrt(2.0 / fan_in)
        self.b = np.zeros(n_filters)
        self.stride, self.pad = stride, pad

    def forward(self, x):
        F, C, kh, kw = self.W.shape
        self.x_shape = x.shape
        self.col, self.oh, self.ow = im2col(x, kh, kw, self.stride, self.pad)
        out = self.col @ self.W.reshape(F, -1).T + self.b
        return out.reshape(x.shape[0], self.oh, self.ow, F).transpose(0, 3, 1, 2)

    def backward(self, dout):
        F, C, kh, kw = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, F)
        self.db = dout.sum(axis=0)
        self.dW = (self.col.T @ dout).T.reshape(F, C, kh, kw)
        dcol = dout @ self.W.reshape(F, -1)
        return col2im(dcol, self.x_shape, kh, kw, self.oh, self.ow, self.stride, self.pad)


class MaxPool:
    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        N, C, H, W = x.shape
        s = self.size
        self.x_shape = x.shape
        blocks = x.reshape(N, C, H // s, s, W // s, s).transpose(0, 1, 2, 4, 3, 5)
        blocks = blocks.reshape(N, C, H // s, W // s, s * s)
        self.arg = blocks.argmax(axis=-1)
        return blocks.max(axis=-1)

    def backward(self, dout):
        N, C, H, W = self.x_shape
        s = self.size
        d = np.zeros(dout.shape + (s * s,))
        np.put_along_axis(d, self.arg[..., None], dout[..., None], axis=-1)
        d = d.reshape(N, C, H // s, W // s, s, s).transpose(0, 1, 2, 4, 3, 5)
        return d.reshape(N, C, H, W)


class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class Affine:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.orig_shape = x.shape
        self.x = x.reshape(x.shape[0], -1)
        return self.x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return (dout @ self.W.T).reshape(self.orig_shape)


class ConvNet:
    def __init__(self, input_dim=(1, 12, 12), n_filters=(4, 6), hidden=20, n_classes=5):
        C, H, W = input_dim
        f1, f2 = n_filters
        self.layers = [
            Conv2D(C, f1), Relu(),
            Conv2D(f1, f2), Relu(), MaxPool(2),
            Affine(f2 * (H // 2) * (W // 2), hidden), Relu(),
            Affine(hidden, n_classes),
        ]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

    def update(self, lr):
        for layer in self.layers:
            if hasattr(layer, "W"):
                layer.W -= lr * layer.dW
                layer.b -= lr * layer.db


def softmax_loss(scores, t):
    scores = scores - scores.max(axis=1, keepdims=True)
    logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    n = scores.shape[0]
    loss = -logp[np.arange(n), t].mean()
    d = np.exp(logp)
    d[np.arange(n), t] -= 1
    return loss, d / n


def make_toy_images(n, rng):
    t = rng.integers(0, 5, n)
    x = 0.3 * rng.standard_normal((n, 1, 12, 12))
    for k, label in enumerate(t):
        x[k, 0, 2 * label:2 * label + 3, :] += 1.0
    return x, t


if __name__ == "__main__":
    np.random.seed(0)
    rng = np.random.default_rng(0)
    net = ConvNet()
    for it in range(60):
        x, t = make_toy_images(32, rng)
        scores = net.forward(x)
        loss, d = softmax_loss(scores, t)
        net.backward(d)
        net.update(0.1)
        if it % 20 == 0:
            print(f"iter {it:3d}  loss {loss:.4f}  acc {(scores.argmax(1) == t).mean():.2f}")
