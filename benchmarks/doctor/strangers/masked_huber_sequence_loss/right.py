import numpy as np


class MaskedHuber:
    """Huber loss over the observed entries of a gappy sensor record (batch, time, sensor)."""

    def __init__(self, delta=1.0):
        self.delta = delta

    def __call__(self, pred, truth, observed=None):
        if observed is None:
            observed = ~np.isnan(truth)
        self.err = np.where(observed, pred - np.where(observed, truth, 0.0), 0.0)
        self.observed = observed
        a = np.abs(self.err)
        per_entry = np.where(a <= self.delta, 0.5 * a ** 2, self.delta * (a - 0.5 * self.delta))
        self.count = max(int(observed.sum()), 1)
        return per_entry.sum() / self.count

    def grad(self):
        return np.clip(self.err, -self.delta, self.delta) / self.count


def loss(pred, truth):
    return MaskedHuber(0.7)(pred, truth)


def loss_grad(pred, truth):
    crit = MaskedHuber(0.7)
    crit(pred, truth)
    return crit.grad()


class Calibration:
    """Per-sensor gain and offset."""

    def __init__(self, sensors):
        self.gain = np.ones(sensors)
        self.offset = np.zeros(sensors)

    def forward(self, raw):
        self.raw = raw
        return raw * self.gain + self.offset

    def backward(self, d):
        self.d_gain = (d * self.raw).sum((0, 1))
        self.d_offset = d.sum((0, 1))
        return d * self.gain


if __name__ == "__main__":
    r = np.random.default_rng(0)
    raw = r.normal(size=(6, 30, 4))
    true = raw * [1.2, 0.8, 1.0, 2.0] + 0.3
    true[r.random(true.shape) < 0.3] = np.nan
    cal = Calibration(4)
    for k in range(300):
        value = loss(cal.forward(raw), true)
        cal.backward(loss_grad(cal.forward(raw), true))
        cal.gain -= 0.5 * cal.d_gain
        cal.offset -= 0.5 * cal.d_offset
    print(value, cal.gain)
