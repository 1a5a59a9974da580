import numpy as np


def _s(v):
    return 0.5 * (1 + np.tanh(0.5 * v))


class GRUCell:
    """GRU in the cuDNN form (reset gate applied after the recurrent product); gates stacked r, z, n."""

    def __init__(self, input_size=3, hidden_size=4, seed=0):
        k = 1 / np.sqrt(hidden_size)
        u = np.random.default_rng(seed).uniform
        self.w_ih = u(-k, k, (3 * hidden_size, input_size))
        self.w_hh = u(-k, k, (3 * hidden_size, hidden_size))
        self.b_ih = u(-k, k, 3 * hidden_size)
        self.b_hh = u(-k, k, 3 * hidden_size)

    def forward(self, x, h):
        gi = x @ self.w_ih.T + self.b_ih
        gh = h @ self.w_hh.T + self.b_hh
        i_r, i_z, i_n = np.split(gi, 3, axis=1)
        h_r, h_z, h_n = np.split(gh, 3, axis=1)
        r = _s(i_r + h_r)
        z = _s(i_z + h_z)
        n = np.tanh(i_n + r * h_n)
        self.saved = x, h, r, z, n, h_n
        return (1 - z) * n + z * h

    def backward(self, dh_new):
        x, h, r, z, n, h_n = self.saved
        dz = dh_new * (h - n) * z * (1 - z)
        dn = dh_new * (1 - z) * (1 - n * n)
        dr = dn * h_n * r * (1 - r)
        dgi = np.concatenate([dz, dr, dn], axis=1)
        dgh = np.concatenate([dr, dz, dn * r], axis=1)
        self.dw_ih, self.db_ih = dgi.T @ x, dgi.sum(0)
        self.dw_hh, self.db_hh = dgh.T @ h, dgh.sum(0)
        return dgi @ self.w_ih, dgh @ self.w_hh + dh_new * z


if __name__ == "__main__":
    cell = GRUCell(3, 4)
    h = np.zeros((2, 4))
    for t in range(5):
        h = cell.forward(np.random.randn(2, 3), h)
    print(h, cell.backward(np.ones((2, 4))))
