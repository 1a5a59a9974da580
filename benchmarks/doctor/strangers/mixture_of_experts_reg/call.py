import numpy as np


def half_mse(p, y):
    return 0.5 * np.mean((p - y) ** 2)


def half_mse_gradient(p, y):
    return (p - y) / len(y)


def call(module):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(220, 5))
    y = np.where(X[:, 0] > 0, X @ np.array([1.0, 2, 0, -1, 0.5]), X @ np.array([-1.0, 0, 1.5, 1, 0]))
    return {"training_check": True, "subject": module.MoERegressor(5), "x": X, "target": y,
            "loss": (half_mse, half_mse_gradient)}
