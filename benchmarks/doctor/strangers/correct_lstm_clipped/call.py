import numpy as np


def call(module):
    rng = np.random.default_rng(90)
    x = rng.normal(size=(120, 7, 4))
    y = x[:, :, :3].sum(1).argmax(1)
    return {"training_check": True, "subject": module.LSTMTagger(4), "x": x, "target": y, "learning_rate": 0.5, "batch_size": 30}
