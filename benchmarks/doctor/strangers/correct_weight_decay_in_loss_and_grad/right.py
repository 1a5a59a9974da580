"""Matrix factorisation with ridge penalty; one function returns cost and gradients (Octave course style)."""
import numpy as np


def unroll(*mats):
    return np.concatenate([m.ravel() for m in mats])


class Recommender:
    def __init__(self, n_users=5, n_items=4, rank=2, lam=0.3, seed=0):
        r = np.random.default_rng(seed)
        self.U, self.M = r.normal(size=(n_users, rank)), r.normal(size=(n_items, rank))
        self.lam = lam

    def forward(self, ratings):
        """cost; unknown ratings are nan"""
        self.known = ~np.isnan(ratings)
        self.err = np.where(self.known, self.U @ self.M.T - np.nan_to_num(ratings), 0.0)
        penalty = 0.5 * self.lam * ((self.U ** 2).sum() + (self.M ** 2).sum())
        return 0.5 * (self.err ** 2).sum() + penalty

    def backward(self, d=1.0):
        self.dU = d * (self.err @ self.M + self.lam * self.U)
        self.dM = d * (self.err.T @ self.U + self.lam * self.M)
        return -d * self.err

    def step(self, ratings, alpha):
        cost = self.forward(ratings)
        self.backward()
        self.U, self.M = self.U - alpha * self.dU, self.M - alpha * self.dM
        return cost


if __name__ == "__main__":
    r = np.random.default_rng(1)
    R = r.normal(size=(5, 2)) @ r.normal(size=(2, 4))
    R[r.random(R.shape) < 0.2] = np.nan
    rec = Recommender(lam=0.01)
    for i in range(300):
        c = rec.step(R, 0.05)
    print(c, unroll(rec.U, rec.M).size)
