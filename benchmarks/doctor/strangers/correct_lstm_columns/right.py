# LSTM for sequence prediction.  A sequence is a LIST of matrices (features x batch), one per time step.
# The gates are the rows of one big matrix, in the order  output, candidate, forget, input;
# its columns belong to [h ; x ; 1].
import numpy as np

sig = lambda u: 0.5 + 0.5 * np.tanh(0.5 * u)


class LSTMLayer:
    def __init__(self, nx, nh, rng):
        self.nx, self.nh = nx, nh
        self.M = rng.uniform(-1, 1, (4 * nh, nh + nx + 1)) / np.sqrt(nh)
        self.M[2 * nh:3 * nh, -1] = 1.0
        self.dM = np.zeros_like(self.M)

    def forward(self, xs):
        nh, m = self.nh, xs[0].shape[1]
        h, c = np.zeros((nh, m)), np.zeros((nh, m))
        self.frames, hs = [], []
        for x in xs:
            v = np.vstack((h, x, np.ones((1, m))))
            a = self.M @ v
            o, f, i = sig(a[:nh]), sig(a[2 * nh:3 * nh]), sig(a[3 * nh:])
            g = np.tanh(a[nh:2 * nh])
            c_old, c = c, f * c + i * g
            s = np.tanh(c)
            h = o * s
            self.frames.append((v, o, g, f, i, c_old, s))
            hs.append(h)
        return hs

    def backward(self, dhs):
        self.dM = np.zeros_like(self.M)
        nh, dxs = self.nh, []
        dh_future = dc_future = 0.0
        for dh, (v, o, g, f, i, c_old, s) in zip(dhs[::-1], self.frames[::-1]):
            dh = dh + dh_future
            dc = dc_future + dh * o * (1 - s * s)
            da = np.vstack((dh * s * o * (1 - o), dc * i * (1 - g * g), dc * c_old * f * (1 - f), dc * g * i * (1 - i)))
            self.dM += da @ v.T
            dv = self.M.T @ da
            dh_future, dx = dv[:nh], dv[nh:-1]
            dc_future = dc * f
            dxs.append(dx)
        return dxs[::-1]


class Readout:
    def __init__(self, nh, ny, rng):
        self.V = rng.normal(0, 1 / np.sqrt(nh), (ny, nh))
        self.c = np.zeros((ny, 1))

    def forward(self, hs):
        self.hs = hs
        return [self.V @ h + self.c for h in hs]

    def backward(self, dys):
        self.dV = sum(dy @ h.T for dy, h in zip(dys, self.hs))
        self.dc = sum(dy.sum(1, keepdims=True) for dy in dys)
        return [self.V.T @ dy for dy in dys]


class Predictor:
    """two LSTM layers and a linear read-out; forward takes (T, features, batch) and gives (T, outputs, batch)"""

    def __init__(self, nx=2, nh=10, ny=2, seed=0):
        rng = np.random.default_rng(seed)
        self.l1, self.l2, self.out = LSTMLayer(nx, nh, rng), LSTMLayer(nh, nh, rng), Readout(nh, ny, rng)

    def forward(self, X):
        return np.array(self.out.forward(self.l2.forward(self.l1.forward(list(X)))))

    def backward(self, dY):
        return np.array(self.l1.backward(self.l2.backward(self.out.backward(list(dY)))))

    def descend(self, eta):
        self.l1.M -= eta * self.l1.dM
        self.l2.M -= eta * self.l2.dM
        self.out.V -= eta * self.out.dV
        self.out.c -= eta * self.out.dc


if __name__ == "__main__":
    rng = np.random.default_rng(3)
    net = Predictor()
    for it in range(301):
        phase, omega = rng.uniform(0, 6, 20), rng.uniform(0.3, 0.6, 20)
        t = np.arange(13)[:, None]
        wave = np.stack((np.sin(omega * t + phase), np.cos(omega * t + phase)), axis=1)
        err = net.forward(wave[:-1]) - wave[1:]
        net.backward(err / 20)
        net.descend(0.05)
        if it % 100 == 0:
            print(it, 0.5 * (err ** 2).sum() / 20)
