"""Neural ODE, fixed-step RK4, gradient by back-propagation through the solver (discretise, then differentiate)."""
import numpy as np


def rhs(y, p):
    h = np.tanh(p["A"] @ y + p["a"])
    return p["B"] @ h, (y, h)


def rhs_vjp(lam, saved, p, g):
    y, h = saved
    g["B"] += lam @ h.T
    dz = (p["B"].T @ lam) * (1 - h ** 2)
    g["A"] += dz @ y.T
    g["a"] += dz.sum(axis=1, keepdims=True)
    return p["A"].T @ dz


class Flow:
    """State vectors are columns, (dim, batch)."""

    def __init__(self, dim=3, width=5, steps=3, dt=0.3, seed=0):
        r = np.random.default_rng(seed)
        self.params = {"A": r.normal(0, dim ** -0.5, (width, dim)), "a": r.normal(0, 0.2, (width, 1)),
                       "B": r.normal(0, width ** -0.5, (dim, width))}
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}
        self.steps, self.dt = steps, dt

    def forward(self, y):
        p, dt = self.params, self.dt
        self.trace = []
        for _ in range(self.steps):
            k1, c1 = rhs(y, p)
            k2, c2 = rhs(y + 0.5 * dt * k1, p)
            k3, c3 = rhs(y + 0.5 * dt * k2, p)
            k4, c4 = rhs(y + dt * k3, p)
            y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            self.trace.append((c1, c2, c3, c4))
        return y

    def backward(self, lam):
        p, dt = self.params, self.dt
        g = {k: np.zeros_like(v) for k, v in p.items()}
        for c1, c2, c3, c4 in reversed(self.trace):
            s4 = rhs_vjp(dt / 6 * lam, c4, p, g)
            s3 = rhs_vjp(dt / 3 * lam + dt * s4, c3, p, g)
            s2 = rhs_vjp(dt / 3 * lam + 0.5 * dt * s3, c2, p, g)
            s1 = rhs_vjp(dt / 6 * lam + 0.5 * dt * s2, c1, p, g)
            lam = lam + s1 + s2 + s3 + s4
        self.grads = g
        return lam


if __name__ == "__main__":
    r = np.random.default_rng(0)
    y0 = r.normal(size=(2, 40))
    goal = np.array([[0.0, -1.0], [1.0, 0.0]]) @ y0
    f = Flow(2, 12)
    for i in range(300):
        e = f.forward(y0) - goal
        f.backward(e / 40)
        for k in f.params:
            f.params[k] -= 0.2 * f.grads[k]
    print((e ** 2).mean())
