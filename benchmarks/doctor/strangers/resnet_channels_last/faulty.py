"""A little residual network for 32x32-like images, channels last (N, H, W, C)."""
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Param:
    __slots__ = ("value", "grad")

    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class Conv3x3:
    def __init__(self, c_in, c_out, stride=1, rng=None):
        rng = rng or np.random.default_rng()
        self.W = Param(rng.normal(0, np.sqrt(2 / (9 * c_in)), (3, 3, c_in, c_out)))
        self.stride = stride

    def forward(self, x):
        s = self.stride
        xp = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        self.win = sliding_window_view(xp, (3, 3), axis=(1, 2))[:, ::s, ::s]  # N, h, w, C, 3, 3
        self.in_shape = x.shape
        return np.einsum("nhwcij,ijco->nhwo", self.win, self.W.value, optimize=True)

    def backward(self, dy):
        s = self.stride
        n, H, W, c = self.in_shape
        self.W.grad = np.einsum("nhwcij,nhwo->ijco", self.win, dy, optimize=True)
        dxp = np.zeros((n, H + 2, W + 2, c))
        h, w = dy.shape[1:3]
        for i in range(3):
            for j in range(3):
                dxp[:, i:i + s * h:s, j:j + s * w:s] += dy @ self.W.value[i, j].T
        return dxp[:, 1:-1, 1:-1]

    def params(self):
        return [self.W]


class BatchNorm:
    def __init__(self, c, momentum=0.9, eps=1e-5):
        self.gamma, self.beta = Param(np.ones(c)), Param(np.zeros(c))
        self.running_mean, self.running_var = np.zeros(c), np.ones(c)
        self.momentum, self.eps = momentum, eps

    def forward(self, x, train=True):
        if not train:
            xh = (x - self.running_mean) / np.sqrt(self.running_var + self.eps)
            return xh * self.gamma.value + self.beta.value
        mu, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        self.istd = 1 / np.sqrt(var + self.eps)
        self.xh = (x - mu) * self.istd
        return self.xh * self.gamma.value + self.beta.value

    def backward(self, dy):
        m = dy.size // dy.shape[-1]
        self.gamma.grad = np.einsum("nhwc,nhwc->c", dy, self.xh)
        self.beta.grad = dy.sum((0, 1, 2))
        return self.gamma.value * self.istd * (dy - self.beta.grad / m - self.xh * self.gamma.grad / m)

    def params(self):
        return [self.gamma, self.beta]


class ResidualBlock:
    """relu(bn(conv(relu(bn(conv(x))))) + shortcut(x))"""

    def __init__(self, c_in, c_out, stride=1, rng=None):
        self.conv1, self.bn1 = Conv3x3(c_in, c_out, stride, rng), BatchNorm(c_out)
        self.conv2, self.bn2 = Conv3x3(c_out, c_out, 1, rng), BatchNorm(c_out)
        self.project = None
        if stride != 1 or c_in != c_out:
            self.project = Param(rng.normal(0, np.sqrt(1 / c_in), (c_in, c_out)))
        self.stride = stride

    def forward(self, x, train=True):
        a = self.bn1.forward(self.conv1.forward(x), train)
        self.m1 = a > 0
        a = self.bn2.forward(self.conv2.forward(a * self.m1), train)
        if self.project is None:
            shortcut = x
        else:
            self.xs = x[:, ::self.stride, ::self.stride]
            shortcut = self.xs @ self.project.value
        self.shape = x.shape
        out = a + shortcut
        self.m2 = out > 0
        return out * self.m2

    def backward(self, dy):
        dy = dy * self.m2
        d = self.conv2.backward(self.bn2.backward(dy)) * self.m1
        dx = self.conv1.backward(self.bn1.backward(d))
        if self.project is not None:
            s = self.stride
            self.project.grad = np.einsum("nhwc,nhwo->co", self.xs, dy)
            dx[:, ::s, ::s] += dy @ self.project.value.T
        return dx

    def params(self):
        ps = self.conv1.params() + self.bn1.params() + self.conv2.params() + self.bn2.params()
        return ps + ([self.project] if self.project is not None else [])


class ResNet:
    def __init__(self, in_channels=3, width=4, n_classes=3, seed=0):
        rng = np.random.default_rng(seed)
        self.stem = Conv3x3(in_channels, width, 1, rng)
        self.blocks = [ResidualBlock(width, width, 1, rng), ResidualBlock(width, 2 * width, 2, rng),
                       ResidualBlock(2 * width, 2 * width, 1, rng)]
        self.W = Param(rng.normal(0, np.sqrt(1 / (2 * width)), (2 * width, n_classes)))
        self.b = Param(np.zeros(n_classes))

    def forward(self, x, train=True):
        x = self.stem.forward(x)
        for b in self.blocks:
            x = b.forward(x, train)
        self.hw = x.shape[1:3]
        self.feat = x.mean((1, 2))
        return self.feat @ self.W.value + self.b.value

    def backward(self, dy):
        self.W.grad, self.b.grad = self.feat.T @ dy, dy.sum(0)
        h, w = self.hw
        d = np.broadcast_to((dy @ self.W.value.T)[:, None, None, :] / (h * w), (len(dy), h, w, self.feat.shape[1]))
        for b in reversed(self.blocks):
            d = b.backward(d)
        return self.stem.backward(d)

    def params(self):
        return self.stem.params() + [p for b in self.blocks for p in b.params()] + [self.W, self.b]


def cross_entropy(logits, y):
    logits = logits - logits.max(1, keepdims=True)
    return np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(len(y)), y])


def cross_entropy_grad(logits, y):
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    net = ResNet()
    vel = [np.zeros_like(p.value) for p in net.params()]
    for it in range(31):
        y = rng.integers(0, 3, 32)
        x = rng.normal(size=(32, 10, 10, 3)) * 0.5
        x[np.arange(32), :, :, y] += np.sin(np.arange(10))[:, None]
        logits = net.forward(x)
        net.backward(cross_entropy_grad(logits, y))
        for p, v in zip(net.params(), vel):
            v *= 0.9
            v -= 0.05 * p.grad
            p.value += v
        if it % 10 == 0:
            print(it, "loss %.3f" % cross_entropy(logits, y))
