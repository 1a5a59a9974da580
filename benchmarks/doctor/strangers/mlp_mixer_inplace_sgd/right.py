"""MLP-Mixer from scratch. Every block updates itself in backward(grad, lr)."""
import numpy as np


def gelu(z):
    return 0.5 * z * (1 + np.tanh(0.7978845608 * (z + 0.044715 * z ** 3)))


def gelu_grad(z):
    t = np.tanh(0.7978845608 * (z + 0.044715 * z ** 3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t ** 2) * 0.7978845608 * (1 + 3 * 0.044715 * z ** 2)


class MixMLP:
    """Two dense layers along the last axis."""

    def __init__(self, dim, hidden, rng):
        self.W1 = rng.normal(0, 1 / np.sqrt(dim), (dim, hidden))
        self.b1 = np.zeros(hidden)
        self.W2 = rng.normal(0, 1 / np.sqrt(hidden), (hidden, dim))
        self.b2 = np.zeros(dim)

    def forward(self, x):
        self.x = x
        self.z = x @ self.W1 + self.b1
        self.a = gelu(self.z)
        return self.a @ self.W2 + self.b2

    def backward(self, grad, lr):
        rows = lambda t: t.reshape(-1, t.shape[-1])
        grad_a = grad @ self.W2.T
        self.W2 -= lr * rows(self.a).T @ rows(grad)
        self.b2 -= lr * rows(grad).sum(axis=0)
        grad_z = grad_a * gelu_grad(self.z)
        grad_x = grad_z @ self.W1.T
        self.W1 -= lr * rows(self.x).T @ rows(grad_z)
        self.b1 -= lr * rows(grad_z).sum(axis=0)
        return grad_x


class MixerBlock:
    def __init__(self, patches, channels, hidden, rng):
        self.token_mix = MixMLP(patches, hidden, rng)
        self.channel_mix = MixMLP(channels, hidden, rng)

    def forward(self, x):
        x = x + self.token_mix.forward(x.transpose(0, 2, 1)).transpose(0, 2, 1)
        return x + self.channel_mix.forward(x)

    def backward(self, grad, lr):
        grad = grad + self.channel_mix.backward(grad, lr)
        back = self.token_mix.backward(grad.transpose(0, 2, 1), lr)
        return grad + back.transpose(0, 2, 1)


class MeanHead:
    def __init__(self, channels, classes, rng):
        self.W = rng.normal(0, 1 / np.sqrt(channels), (channels, classes))
        self.b = np.zeros(classes)

    def forward(self, x):
        self.patches = x.shape[1]
        self.mean = x.mean(axis=1)
        return self.mean @ self.W + self.b

    def backward(self, grad, lr):
        back = np.repeat((grad @ self.W.T)[:, None, :], self.patches, axis=1) / self.patches
        self.W -= lr * self.mean.T @ grad
        self.b -= lr * grad.sum(axis=0)
        return back


class Mixer:
    def __init__(self, patches=4, channels=6, hidden=8, classes=3, depth=2, seed=0):
        rng = np.random.default_rng(seed)
        self.blocks = [MixerBlock(patches, channels, hidden, rng) for _ in range(depth)]
        self.head = MeanHead(channels, classes, rng)

    def forward(self, x):
        for block in self.blocks:
            x = block.forward(x)
        return self.head.forward(x)

    def backward(self, grad, lr):
        grad = self.head.backward(grad, lr)
        for block in reversed(self.blocks):
            grad = block.backward(grad, lr)
        return grad


def softmax_xent(logits, labels):
    z = logits - logits.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    n = len(labels)
    grad = np.exp(logp)
    grad[np.arange(n), labels] -= 1
    return -logp[np.arange(n), labels].mean(), grad / n


def main():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 4, 6))
    y = (x[:, 0, 0] > 0).astype(int) + (x[:, 1, 2] > 0)
    net = Mixer()
    for epoch in range(60):
        loss, grad = softmax_xent(net.forward(x), y)
        net.backward(grad, lr=0.2)
    print(f"loss {loss:.4f}")


if __name__ == "__main__":
    main()
