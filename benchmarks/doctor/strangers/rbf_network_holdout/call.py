import numpy as np


def call(module):
    rng = np.random.default_rng(33)
    X = rng.normal(size=(240, 2)) * 1.3
    y = ((X ** 2).sum(1) + 0.4 * rng.normal(size=240) > 2.3).astype(int)
    x_train, y_train, x_test, y_test = module.holdout(X, y)
    return {"training_check": True, "subject": module.RBFNet(2), "x": x_train, "target": y_train,
            "evaluation": (x_test, y_test), "learning_rate": 0.5}
