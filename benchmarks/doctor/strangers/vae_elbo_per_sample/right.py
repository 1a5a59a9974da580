"""Variational autoencoder. forward gives the negative ELBO of every sample; the noise eps comes from outside."""
import numpy as np

LAYERS = ("enc", "mu", "lv", "dec", "rec")


class VAE:
    def __init__(self, n_x=8, n_h=6, n_z=3, kl_weight=1.0, seed=0):
        rng = np.random.default_rng(seed)
        sizes = {"enc": (n_x, n_h), "mu": (n_h, n_z), "lv": (n_h, n_z), "dec": (n_z, n_h), "rec": (n_h, n_x)}
        self.theta, self.grad = {}, {}
        for name in LAYERS:
            i, o = sizes[name]
            self.theta["W_" + name] = rng.normal(0, i ** -0.5, (i, o))
            self.theta["b_" + name] = rng.normal(0, 0.05, o)
        self.kl_weight = kl_weight
        self.zero_grad()

    def zero_grad(self):
        for k, v in self.theta.items():
            self.grad[k] = np.zeros_like(v)

    def _affine(self, name, v):
        return v @ self.theta["W_" + name] + self.theta["b_" + name]

    def encode(self, x):
        h = np.tanh(self._affine("enc", x))
        return h, self._affine("mu", h), self._affine("lv", h)

    def decode(self, z):
        k = np.tanh(self._affine("dec", z))
        return k, self._affine("rec", k)

    def forward(self, x, eps):
        h, mu, lv = self.encode(x)
        std = np.exp(0.5 * lv)
        z = mu + std * eps
        k, logit = self.decode(z)
        bce = np.logaddexp(0, logit) - x * logit
        kl = 0.5 * (mu ** 2 + np.exp(lv) - 1 - lv)
        self.tape = x, eps, h, mu, lv, std, z, k, logit
        return bce.sum(axis=1) + self.kl_weight * kl.sum(axis=1)

    def backward(self, d):
        x, eps, h, mu, lv, std, z, k, logit = self.tape
        th = self.theta
        self.zero_grad()
        g = self.grad
        d = d[:, None]

        d_logit = d * (1 / (1 + np.exp(-logit)) - x)
        g["W_rec"] += k.T @ d_logit
        g["b_rec"] += d_logit.sum(axis=0)
        d_k = (d_logit @ th["W_rec"].T) * (1 - k ** 2)
        g["W_dec"] += z.T @ d_k
        g["b_dec"] += d_k.sum(axis=0)
        d_z = d_k @ th["W_dec"].T

        d_mu = d_z + d * self.kl_weight * mu
        d_lv = d_z * eps * 0.5 * std + d * self.kl_weight * 0.5 * (np.exp(lv) - 1)
        g["W_mu"] += h.T @ d_mu
        g["b_mu"] += d_mu.sum(axis=0)
        g["W_lv"] += h.T @ d_lv
        g["b_lv"] += d_lv.sum(axis=0)

        d_h = (d_mu @ th["W_mu"].T + d_lv @ th["W_lv"].T) * (1 - h ** 2)
        g["W_enc"] += x.T @ d_h
        g["b_enc"] += d_h.sum(axis=0)
        d_x = d_h @ th["W_enc"].T - d * logit
        return d_x, d_z * std


class Adam:
    def __init__(self, model, lr=1e-2, betas=(0.9, 0.999)):
        self.model, self.lr, self.betas, self.t = model, lr, betas, 0
        self.m = {k: np.zeros_like(v) for k, v in model.theta.items()}
        self.v = {k: np.zeros_like(v) for k, v in model.theta.items()}

    def step(self):
        self.t += 1
        b1, b2 = self.betas
        for k, g in self.model.grad.items():
            self.m[k] = b1 * self.m[k] + (1 - b1) * g
            self.v[k] = b2 * self.v[k] + (1 - b2) * g * g
            mh = self.m[k] / (1 - b1 ** self.t)
            vh = self.v[k] / (1 - b2 ** self.t)
            self.model.theta[k] -= self.lr * mh / (np.sqrt(vh) + 1e-8)


def bars(n, rng):
    img = np.zeros((n, 2, 4))
    img[np.arange(n), rng.integers(0, 2, n)] = 1
    return img.reshape(n, 8)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    vae = VAE()
    opt = Adam(vae)
    for it in range(300):
        x = bars(32, rng)
        nelbo = vae.forward(x, rng.normal(size=(32, 3)))
        vae.backward(np.full(32, 1 / 32))
        opt.step()
    print("negative ELBO", nelbo.mean())
