"""Neural ODE: dh/dt = f(h, t), integrated with classical Runge-Kutta; exact gradient of the discretized solution.

The same vector field (one set of weights) is evaluated four times per step; all uses contribute to its gradient.
"""
import numpy as np


class VectorField:
    """f(h, t) = tanh([h, t] A + a) C"""

    def __init__(self, dim, hidden, rng):
        self.A = rng.normal(0, (dim + 1) ** -0.5, (dim + 1, hidden))
        self.a = np.zeros(hidden)
        self.C = rng.normal(0, hidden ** -0.5, (hidden, dim))

    def value(self, h, t):
        u = np.column_stack([h, np.full(len(h), t)])
        s = np.tanh(u @ self.A + self.a)
        return s @ self.C, (u, s)

    def vjp(self, dk, saved, total):
        """adds the weights' share to total, returns the cotangent of h"""
        u, s = saved
        total["C"] += s.T @ dk
        dz = (dk @ self.C.T) * (1 - s * s)
        total["A"] += u.T @ dz
        total["a"] += dz.sum(0)
        return (dz @ self.A.T)[:, :-1]


class NeuralODE:
    def __init__(self, dim=2, hidden=16, steps=5, t1=1.0, seed=0):
        self.field = VectorField(dim, hidden, np.random.default_rng(seed))
        self.steps, self.t1 = steps, t1
        self.gradient = {}

    def forward(self, h):
        dt = self.t1 / self.steps
        self.trace = []
        for n in range(self.steps):
            t = n * dt
            k1, c1 = self.field.value(h, t)
            k2, c2 = self.field.value(h + 0.5 * dt * k1, t + 0.5 * dt)
            k3, c3 = self.field.value(h + 0.5 * dt * k2, t + 0.5 * dt)
            k4, c4 = self.field.value(h + dt * k3, t + dt)
            h = h + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            self.trace.append((c1, c2, c3, c4))
        return h

    def backward(self, dh):
        dt = self.t1 / self.steps
        total = {n: np.zeros_like(getattr(self.field, n)) for n in ("A", "a", "C")}
        for c1, c2, c3, c4 in reversed(self.trace):
            g4 = self.field.vjp(dt / 6 * dh, c4, total)
            g3 = self.field.vjp(dt / 3 * dh + dt * g4, c3, total)
            g2 = self.field.vjp(dt / 3 * dh + 0.5 * dt * g3, c2, total)
            g1 = self.field.vjp(dt / 6 * dh + 0.5 * dt * g2, c1, total)
            dh = dh + g1 + g2 + g3 + g4
        self.gradient = total
        return dh

    def train_step(self, h0, target, rate):
        h = self.forward(h0)
        diff = h - target
        self.backward(diff / len(h0))
        for n, g in self.gradient.items():
            w = getattr(self.field, n)
            w -= rate * g
        return 0.5 * (diff ** 2).sum() / len(h0)


def rotate(h, angle):
    c, s = np.cos(angle), np.sin(angle)
    return h @ np.array([[c, s], [-s, c]])


if __name__ == "__main__":
    rng = np.random.default_rng(4)
    ode = NeuralODE()
    for it in range(301):
        h0 = rng.uniform(-1, 1, (64, 2))
        loss = ode.train_step(h0, rotate(h0, 1.2), rate=0.3)
        if it % 100 == 0:
            print("iteration", it, "loss", loss)
