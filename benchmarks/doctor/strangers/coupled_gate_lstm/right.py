import numpy as np


def sig(z):
    return 1.0 / (1.0 + np.exp(-z))


class CIFGCell:
    """LSTM with coupled input and forget gate: c = f c' + (1 - f) g, h = o tanh(c). Blocks of W: f, o, g."""

    def __init__(self, nx, nh, seed=0):
        r = np.random.RandomState(seed)
        self.nh = nh
        self.Wx = r.randn(nx, 3 * nh) / np.sqrt(nx)
        self.Wh = r.randn(nh, 3 * nh) / np.sqrt(nh)
        self.b = np.zeros(3 * nh)
        self.b[:nh] = 1.0

    def forward(self, xs):
        B, T, _ = xs.shape
        h = c = np.zeros((B, self.nh))
        self.steps, out = [], []
        for t in range(T):
            z = xs[:, t] @ self.Wx + h @ self.Wh + self.b
            f, o = sig(z[:, :self.nh]), sig(z[:, self.nh:2 * self.nh])
            g = np.tanh(z[:, 2 * self.nh:])
            c_new = f * c + (1 - f) * g
            th = np.tanh(c_new)
            self.steps.append((xs[:, t], h, c, f, o, g, th))
            c, h = c_new, o * th
            out.append(h)
        return np.stack(out, 1)

    def backward(self, dhs):
        B, T, _ = dhs.shape
        self.dWx, self.dWh, self.db = (np.zeros_like(p) for p in (self.Wx, self.Wh, self.b))
        dh_next, dc_next = np.zeros((B, self.nh)), np.zeros((B, self.nh))
        dxs = []
        for t in range(T - 1, -1, -1):
            x, h_prev, c_prev, f, o, g, th = self.steps[t]
            dh = dhs[:, t] + dh_next
            dc = dh * o * (1 - th ** 2) + dc_next
            dz = np.concatenate([dc * (c_prev - g) * f * (1 - f),
                                 dh * th * o * (1 - o),
                                 dc * (1 - f) * (1 - g ** 2)], axis=1)
            self.dWx += x.T @ dz
            self.dWh += h_prev.T @ dz
            self.db += dz.sum(0)
            dxs.append(dz @ self.Wx.T)
            dh_next = dz @ self.Wh.T
            dc_next = dc * f
        return np.stack(dxs[::-1], 1)
