import numpy as np


def call(module):
    rng = np.random.default_rng(29)
    centres = rng.normal(size=(3, 6)) * 1.6
    y = rng.integers(0, 3, 300)
    X = centres[y] + rng.normal(size=(300, 6))
    x_train, y_train = module.shuffled(X[:220], y[:220])
    return {"training_check": True, "subject": module.MaxoutNet(6), "x": x_train, "target": y_train,
            "evaluation": (X[220:], y[220:]), "learning_rate": 0.05, "batch_size": 44}
