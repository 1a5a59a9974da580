import numpy as np


def call(module):
    rng = np.random.default_rng(31)
    z = rng.normal(size=(180, 3))
    clean = np.tanh(z @ rng.normal(size=(3, 16)) * 0.6)
    noisy = clean + 0.15 * rng.normal(size=clean.shape)
    return {"training_check": True, "subject": module.AutoCodificador(tasa=0.01), "x": noisy, "target": clean, "batch_size": 45}
