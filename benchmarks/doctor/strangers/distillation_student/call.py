import numpy as np


def call(module):
    rng = np.random.default_rng(61)
    x = rng.normal(size=(140, 6))
    s = x @ rng.normal(size=(6, 5))
    s = np.sort(s, axis=1)[:, 2:3] <= s  # the teacher keeps its three best classes
    raw = np.exp(x @ rng.normal(size=(6, 5)) * 0.5) * s
    teacher = raw / raw.sum(1, keepdims=True)
    return {"training_check": True, "subject": module.SoftPlusStudent(6), "x": x, "target": teacher,
            "loss": (module.kl, module.kl_gradient), "learning_rate": 0.3}
