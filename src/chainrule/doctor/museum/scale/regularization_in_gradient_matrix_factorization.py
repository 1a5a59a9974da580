"""Matrix factorization recommender: rating = mu + b_u + b_i + p_u . q_i

Symptom: the training error stops far above zero even on ten ratings.
Repair: leave weight decay to the optimiser (or put it in the loss too).
"""
import numpy as np

CODES = ("regularization-in-gradient",)
PLACES = ("P", "Q", "")


def mse(pred, r):
    return np.mean((pred - r) ** 2)


def dmse(pred, r):
    return 2 * (pred - r) / len(r)


class MatrixFactorization:
    def __init__(self, n_users, n_items, k, lam=0.05):
        rng = np.random.default_rng(2024)
        self.P = rng.normal(0, 0.7, (n_users, k))
        self.Q = rng.normal(0, 0.7, (n_items, k))
        self.bu = rng.normal(0, 0.2, n_users)
        self.bi = rng.normal(0, 0.2, n_items)
        self.mu = 3.1
        self.lam = lam

    def forward(self, users, items):
        self.users, self.items = users, items
        return self.mu + self.bu[users] + self.bi[items] + np.sum(self.P[users] * self.Q[items], axis=1)

    def backward(self, dr):
        u, i = self.users, self.items
        dP, dQ = np.zeros_like(self.P), np.zeros_like(self.Q)
        self.dbu, self.dbi = np.zeros_like(self.bu), np.zeros_like(self.bi)
        np.add.at(dP, u, dr[:, None] * self.Q[i])
        np.add.at(dQ, i, dr[:, None] * self.P[u])
        np.add.at(self.dbu, u, dr)
        np.add.at(self.dbi, i, dr)
        self.dP, self.dQ = dP + self.lam * self.P, dQ + self.lam * self.Q  # FAULT


class MatrixFactorizationRepaired:
    def __init__(self, n_users, n_items, k, lam=0.05):
        rng = np.random.default_rng(2024)
        self.P = rng.normal(0, 0.7, (n_users, k))
        self.Q = rng.normal(0, 0.7, (n_items, k))
        self.bu = rng.normal(0, 0.2, n_users)
        self.bi = rng.normal(0, 0.2, n_items)
        self.mu = 3.1
        self.lam = lam

    def forward(self, users, items):
        self.users, self.items = users, items
        return self.mu + self.bu[users] + self.bi[items] + np.sum(self.P[users] * self.Q[items], axis=1)

    def backward(self, dr):
        u, i = self.users, self.items
        dP, dQ = np.zeros_like(self.P), np.zeros_like(self.Q)
        self.dbu, self.dbi = np.zeros_like(self.bu), np.zeros_like(self.bi)
        np.add.at(dP, u, dr[:, None] * self.Q[i])
        np.add.at(dQ, i, dr[:, None] * self.P[u])
        np.add.at(self.dbu, u, dr)
        np.add.at(self.dbi, i, dr)
        self.dP, self.dQ = dP, dQ


def _data():
    return {"inputs": (np.array([0, 2, 2, 4, 1, 0]), np.array([3, 3, 1, 0, 5, 6])),
            "loss": (mse, dmse), "target": np.array([4.0, 1.0, 5.0, 3.0, 2.0, 4.0])}


def faulty():
    return dict(subject=MatrixFactorization(5, 7, 3), **_data())


def correct():
    return dict(subject=MatrixFactorizationRepaired(5, 7, 3), **_data())
