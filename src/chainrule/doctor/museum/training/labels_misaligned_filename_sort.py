"""Files sorted by name (img_10 before img_2), labels by number; Elman-free bidirectional reader with step().

Symptom: Training accuracy is far better than chance after a while, validation never is.
Repair: Sort the files by their number.
"""
import numpy as np

CODES = ('labels-misaligned',)
PLACES = ('target', '')

class BiRNN:
    """Two tanh RNNs, one reading backwards, linear read-out of both last states."""

    def __init__(self, d=4, h=9, c=4):
        r = np.random.default_rng(23)
        self.p = {}
        for s in "fb":
            self.p["wx_" + s] = r.normal(0, 0.6, (d, h))
            self.p["wh_" + s] = 0.8 * np.linalg.qr(r.normal(size=(h, h)))[0]
            self.p["bh_" + s] = np.zeros(h)
        self.p["wo"] = r.normal(0, 0.2, (2 * h, c))
        self.p["bo"] = np.zeros(c)

    def forward(self, x):
        self.hs = {}
        self.x = {"f": x, "b": x[:, ::-1]}
        for s in "fb":
            hs = [np.zeros((len(x), len(self.p["bh_f"])))]
            for t in range(x.shape[1]):
                hs.append(np.tanh(self.x[s][:, t] @ self.p["wx_" + s] + hs[-1] @ self.p["wh_" + s] + self.p["bh_" + s]))
            self.hs[s] = hs
        self.top = np.concatenate([self.hs["f"][-1], self.hs["b"][-1]], 1)
        return self.top @ self.p["wo"] + self.p["bo"]

    def backward(self, dy):
        g = {k: np.zeros_like(v) for k, v in self.p.items()}
        g["wo"], g["bo"] = self.top.T @ dy, dy.sum(0)
        halves = np.split(dy @ self.p["wo"].T, 2, axis=1)
        for s, dh in zip("fb", halves):
            for t in range(self.x[s].shape[1] - 1, -1, -1):
                da = dh * (1 - self.hs[s][t + 1] ** 2)
                g["wx_" + s] += self.x[s][:, t].T @ da
                g["wh_" + s] += self.hs[s][t].T @ da
                g["bh_" + s] += da.sum(0)
                dh = da @ self.p["wh_" + s].T
        self.g = g

    def step(self, x, target, learning_rate):
        y = self.forward(x)
        prob = np.exp(y - y.max(1, keepdims=True))
        prob /= prob.sum(1, keepdims=True)
        loss = -np.log(prob[np.arange(len(x)), target]).mean()
        self.backward((prob - np.eye(y.shape[1])[target]) / len(x))
        if not hasattr(self, "v"):
            self.v = {k: 0 * w for k, w in self.p.items()}
        for k, w in self.p.items():
            self.v[k] = 0.9 * self.v[k] + self.g[k]
            w -= learning_rate * self.v[k]
        return float(loss)


def read_folder(seed=0, n=90):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, n + 60)
    clip = 0.6 * rng.normal(size=(n + 60, 6, 4))
    clip[np.arange(n + 60), :, labels] += 0.8
    files = {"img_%d" % i: clip[i] for i in range(n)}
    names = sorted(files)  # FAULT
    x = np.stack([files[f] for f in names])
    return x, labels[:n], clip[n:], labels[n:]


def read_folder_repaired(seed=0, n=90):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, n + 60)
    clip = 0.6 * rng.normal(size=(n + 60, 6, 4))
    clip[np.arange(n + 60), :, labels] += 0.8
    files = {"img_%d" % i: clip[i] for i in range(n)}
    names = sorted(files, key=lambda f: int(f.split("_")[1]))
    x = np.stack([files[f] for f in names])
    return x, labels[:n], clip[n:], labels[n:]


def faulty():
    x, y, xv, yv = read_folder()
    return {"training_check": True, "subject": BiRNN(), "x": x, "target": y, "optimizer": None,
            "evaluation": (xv, yv), "learning_rate": 0.02, "batch_size": 10, "steps": 600}


def correct():
    x, y, xv, yv = read_folder_repaired()
    return {"training_check": True, "subject": BiRNN(), "x": x, "target": y, "optimizer": None,
            "evaluation": (xv, yv), "learning_rate": 0.02, "batch_size": 10, "steps": 600}
