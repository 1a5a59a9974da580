"""Kim-style TextCNN: convolution over words, ReLU, max over time, linear classifier. SGD inside backward.

Symptom: the model behaves like a bag of word norms; word meaning seems lost.
Repair: each filter must have its own weights for every embedding dimension.
"""
import numpy as np

CODES = ("kernel-shared-across-channels",)
PLACES = ("layers.0", "conv", "W", "filters", "x", "")


class ConvOverWords:
    def __init__(self, embed_dim, n_filters, width):
        self.width = width
        self.filters = np.random.uniform(-0.7, 0.7, (n_filters, width))        # FAULT
        self.bias = np.random.uniform(-0.2, 0.2, n_filters)

    def forward(self, x):
        # x: (B, T, embed_dim) -> (B, T-width+1, n_filters)
        self.x = x
        steps = x.shape[1] - self.width + 1
        y = np.zeros((x.shape[0], steps, len(self.bias)))
        for t in range(steps):
            y[:, t] = np.einsum("bwd,fw->bf", x[:, t:t + self.width], self.filters) + self.bias
        return y

    def backward(self, dy, learning_rate):
        dx, dF = np.zeros_like(self.x), np.zeros_like(self.filters)
        for t in range(dy.shape[1]):
            dF += np.einsum("bwd,bf->fw", self.x[:, t:t + self.width], dy[:, t])
            dx[:, t:t + self.width] += np.einsum("bf,fw->bw", dy[:, t], self.filters)[:, :, None]
        self.filters -= learning_rate * dF
        self.bias -= learning_rate * dy.sum(axis=(0, 1))
        return dx


class ReluMaxOverTime:
    def forward(self, x):
        self.shape = x.shape
        self.where = x.argmax(axis=1)
        self.out = np.maximum(x.max(axis=1), 0)
        return self.out

    def backward(self, dy, learning_rate):
        dx = np.zeros(self.shape)
        b, f = np.indices(self.where.shape)
        dx[b, self.where, f] = dy * (self.out > 0)
        return dx


class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.uniform(-0.6, 0.6, (n_in, n_out))
        self.b = np.random.uniform(-0.2, 0.2, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy, learning_rate):
        dx = dy @ self.W.T
        self.W -= learning_rate * self.x.T @ dy
        self.b -= learning_rate * dy.sum(0)
        return dx


class TextCNN:
    def __init__(self, embed_dim=4, n_filters=6, width=3, n_classes=5):
        self.layers = [ConvOverWords(embed_dim, n_filters, width), ReluMaxOverTime(), Linear(n_filters, n_classes)]

    def forward(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def backward(self, dy, learning_rate=0.01):
        for l in reversed(self.layers):
            dy = l.backward(dy, learning_rate)
        return dy


class ConvOverWordsRepaired:
    def __init__(self, embed_dim, n_filters, width):
        self.width = width
        self.filters = np.random.uniform(-0.7, 0.7, (n_filters, width, embed_dim))
        self.bias = np.random.uniform(-0.2, 0.2, n_filters)

    def forward(self, x):
        # x: (B, T, embed_dim) -> (B, T-width+1, n_filters)
        self.x = x
        steps = x.shape[1] - self.width + 1
        y = np.zeros((x.shape[0], steps, len(self.bias)))
        for t in range(steps):
            y[:, t] = np.einsum("bwd,fwd->bf", x[:, t:t + self.width], self.filters) + self.bias
        return y

    def backward(self, dy, learning_rate):
        dx, dF = np.zeros_like(self.x), np.zeros_like(self.filters)
        for t in range(dy.shape[1]):
            dF += np.einsum("bwd,bf->fwd", self.x[:, t:t + self.width], dy[:, t])
            dx[:, t:t + self.width] += np.einsum("bf,fwd->bwd", dy[:, t], self.filters)
        self.filters -= learning_rate * dF
        self.bias -= learning_rate * dy.sum(axis=(0, 1))
        return dx


class ReluMaxOverTimeRepaired:
    def forward(self, x):
        self.shape = x.shape
        self.where = x.argmax(axis=1)
        self.out = np.maximum(x.max(axis=1), 0)
        return self.out

    def backward(self, dy, learning_rate):
        dx = np.zeros(self.shape)
        b, f = np.indices(self.where.shape)
        dx[b, self.where, f] = dy * (self.out > 0)
        return dx


class LinearRepaired:
    def __init__(self, n_in, n_out):
        self.W = np.random.uniform(-0.6, 0.6, (n_in, n_out))
        self.b = np.random.uniform(-0.2, 0.2, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy, learning_rate):
        dx = dy @ self.W.T
        self.W -= learning_rate * self.x.T @ dy
        self.b -= learning_rate * dy.sum(0)
        return dx


class TextCNNRepaired:
    def __init__(self, embed_dim=4, n_filters=6, width=3, n_classes=5):
        self.layers = [ConvOverWordsRepaired(embed_dim, n_filters, width), ReluMaxOverTimeRepaired(), LinearRepaired(n_filters, n_classes)]

    def forward(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def backward(self, dy, learning_rate=0.01):
        for l in reversed(self.layers):
            dy = l.backward(dy, learning_rate)
        return dy


def faulty():
    np.random.seed(31)
    return {"subject": TextCNN(), "inputs": (np.random.randn(3, 8, 4),)}


def correct():
    np.random.seed(31)
    return {"subject": TextCNNRepaired(), "inputs": (np.random.randn(3, 8, 4),)}
