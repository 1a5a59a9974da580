import numpy as np


class ClippedSGD:
    def __init__(self, max_norm=5.0):
        self.max_norm = max_norm

    def __call__(self, weights, grads, lr):
        total = np.sqrt(sum(float((g ** 2).sum()) for g in grads.values()))
        scale = min(1.0, self.max_norm / (total + 1e-12))
        for k, w in weights.items():
            w -= lr * scale * grads[k]


class LSTMTagger:
    """Gates stacked as i, f, o, g; forget bias 1.  One output at the last step."""

    def __init__(self, D, H=9, C=3, seed=6):
        rng = np.random.default_rng(seed)
        self.H = H
        b = np.zeros(4 * H)
        b[H:2 * H] = 1.0
        self.weights = {"Wx": rng.normal(0, D ** -0.5, (D, 4 * H)), "Wh": rng.normal(0, H ** -0.5, (H, 4 * H)), "b": b,
                        "Wy": rng.normal(0, H ** -0.5, (H, C)), "by": np.zeros(C)}
        self.optimizer = ClippedSGD()

    def step(self, x, target, learning_rate):
        w, H = self.weights, self.H
        B, T, D = x.shape
        h, c = np.zeros((B, H)), np.zeros((B, H))
        trace = []
        for t in range(T):
            a = x[:, t] @ w["Wx"] + h @ w["Wh"] + w["b"]
            ifo = 1 / (1 + np.exp(-a[:, :3 * H]))
            i, f, o = ifo[:, :H], ifo[:, H:2 * H], ifo[:, 2 * H:]
            g = np.tanh(a[:, 3 * H:])
            cn = f * c + i * g
            tc = np.tanh(cn)
            trace.append((h, c, i, f, o, g, tc))
            h, c = o * tc, cn
        s = h @ w["Wy"] + w["by"]
        s -= s.max(1, keepdims=True)
        p = np.exp(s)
        p /= p.sum(1, keepdims=True)
        r = np.arange(B)
        loss = -np.log(p[r, target]).mean()
        p[r, target] -= 1
        p /= B
        G = {k: np.zeros_like(v) for k, v in w.items()}
        G["Wy"], G["by"] = h.T @ p, p.sum(0)
        dh, dc = p @ w["Wy"].T, np.zeros((B, H))
        for t in range(T - 1, -1, -1):
            hp, cp, i, f, o, g, tc = trace[t]
            dc = dc + dh * o * (1 - tc ** 2)
            da = np.concatenate([dc * g * i * (1 - i), dc * cp * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g ** 2)], axis=1)
            G["Wx"] += x[:, t].T @ da
            G["Wh"] += hp.T @ da
            G["b"] += da.sum(0)
            dh = da @ w["Wh"].T
            dc = dc * f
        self.optimizer(w, G, learning_rate)
        return loss
