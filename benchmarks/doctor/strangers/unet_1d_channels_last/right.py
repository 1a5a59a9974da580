import numpy as np


class Layer:
    def __call__(self, *a):
        return self.forward(*a)

    def parameters(self):
        for name, value in vars(self).items():
            if isinstance(value, Layer):
                yield from value.parameters()
            elif name in ("kernel", "bias"):
                yield self, name


class Conv3(Layer):
    """'same' convolution of width 3 over (batch, length, channels)"""

    def __init__(self, cin, cout, rng):
        self.kernel = rng.standard_normal((3, cin, cout)) * np.sqrt(2 / (3 * cin))
        self.bias = np.zeros(cout)

    def forward(self, x):
        n = x.shape[1]
        self.xp = np.pad(x, ((0, 0), (1, 1), (0, 0)))
        return sum(self.xp[:, k:k + n] @ self.kernel[k] for k in range(3)) + self.bias

    def backward(self, g):
        n = g.shape[1]
        self.d_kernel = np.stack([np.einsum("nli,nlo->io", self.xp[:, k:k + n], g) for k in range(3)])
        self.d_bias = g.sum((0, 1))
        dxp = np.zeros_like(self.xp)
        for k in range(3):
            dxp[:, k:k + n] += g @ self.kernel[k].T
        return dxp[:, 1:-1]


class LeakyReLU(Layer):
    def forward(self, x):
        self.slope = np.where(x > 0, 1.0, 0.1)
        return x * self.slope

    def backward(self, g):
        return g * self.slope


class Down(Layer):
    def forward(self, x):
        b, n, c = x.shape
        return x.reshape(b, n // 2, 2, c).mean(axis=2)

    def backward(self, g):
        return np.repeat(g, 2, axis=1) / 2


class Up(Layer):
    def forward(self, x):
        return np.repeat(x, 2, axis=1)

    def backward(self, g):
        b, n, c = g.shape
        return g.reshape(b, n // 2, 2, c).sum(axis=2)


class UNet1D(Layer):
    def __init__(self, cin=2, width=4, cout=1, seed=0):
        rng = np.random.default_rng(seed)
        self.enc = Conv3(cin, width, rng)
        self.enc_act = LeakyReLU()
        self.down = Down()
        self.mid = Conv3(width, 2 * width, rng)
        self.mid_act = LeakyReLU()
        self.up = Up()
        self.dec = Conv3(3 * width, cout, rng)
        self.width = width

    def forward(self, x):
        skip = self.enc_act(self.enc(x))
        deep = self.up(self.mid_act(self.mid(self.down(skip))))
        return self.dec(np.concatenate([skip, deep], axis=2))

    def backward(self, g):
        g = self.dec.backward(g)
        g_skip, g_deep = g[:, :, :self.width], g[:, :, self.width:]
        g_deep = self.mid_act.backward(self.up.backward(g_deep))
        g_skip = g_skip + self.down.backward(self.mid.backward(g_deep))
        return self.enc.backward(self.enc_act.backward(g_skip))


class Momentum:
    def __init__(self, net, lr=0.05, mu=0.9):
        self.slots = [(layer, name, np.zeros_like(getattr(layer, name))) for layer, name in net.parameters()]
        self.lr, self.mu = lr, mu

    def step(self):
        for layer, name, v in self.slots:
            v *= self.mu
            v += getattr(layer, "d_" + name)
            setattr(layer, name, getattr(layer, name) - self.lr * v)


def mse(pred, y):
    return np.mean((pred - y) ** 2)


def mse_grad(pred, y):
    return 2 * (pred - y) / pred.size


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    t = np.linspace(0, 6, 32)
    clean = np.stack([np.sin(t * f) for f in rng.uniform(1, 3, 16)])[..., None]
    noisy = np.concatenate([clean + rng.normal(0, 0.3, clean.shape), np.ones_like(clean)], axis=2)
    net = UNet1D()
    opt = Momentum(net)
    for it in range(100):
        out = net(noisy)
        net.backward(mse_grad(out, clean))
        opt.step()
    print(mse(out, clean))
