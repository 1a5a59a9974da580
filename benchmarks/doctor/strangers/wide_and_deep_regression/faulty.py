import numpy as np


class WideDeep:
    """Linear part plus a ReLU part, added up."""

    def __init__(self, n_features, n_units=24, seed=7):
        rng = np.random.default_rng(seed)
        self.params = dict(
            wide=np.zeros((n_features, 1)),
            deep1=rng.random((n_features, n_units)) * 0.5 - 0.5,
            shift1=np.zeros(n_units),
            deep2=rng.normal(size=(n_units, 1)) * 0.2,
            shift2=np.zeros(1),
        )

    def predict(self, X):
        p = self.params
        act = np.maximum(X @ p["deep1"] + p["shift1"], 0.0)
        return X @ p["wide"] + act @ p["deep2"] + p["shift2"], act

    def step(self, x, target, learning_rate=0.05):
        p = self.params
        out, act = self.predict(x)
        err = out - target
        d = err / len(x)
        dact = (d @ p["deep2"].T) * (act > 0)
        grads = dict(wide=x.T @ d, deep1=x.T @ dact, shift1=dact.sum(0), deep2=act.T @ d, shift2=d.sum(0))
        for key, g in grads.items():
            p[key] = p[key] - learning_rate * g
        return float(0.5 * np.mean(np.sum(err ** 2, axis=1)))
