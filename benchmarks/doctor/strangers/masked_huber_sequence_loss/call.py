import numpy as np


def call(module):
    r = np.random.default_rng(6)
    raw = r.normal(size=(2, 5, 3))
    truth = 1.5 * raw + r.normal(size=raw.shape)
    truth[r.random(raw.shape) < 0.4] = np.nan
    return {"subject": module.Calibration(3), "inputs": (raw,), "target": truth, "loss": (module.loss, module.loss_grad)}
