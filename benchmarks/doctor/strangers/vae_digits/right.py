import numpy as np


class VAE:
    """
    Variational autoencoder with one hidden layer on both sides.

    The noise of the reparameterization can be given to forward(); otherwise it is drawn from self.rng
    """

    def __init__(self, n_in=64, n_hidden=32, n_latent=4, seed=0):
        self.rng = np.random.RandomState(seed)
        init = lambda a, b: self.rng.randn(a, b) * np.sqrt(2.0 / (a + b))
        self.params = dict(
            We=init(n_in, n_hidden), be=np.zeros(n_hidden),
            Wmu=init(n_hidden, n_latent), bmu=np.zeros(n_latent),
            Wlv=init(n_hidden, n_latent), blv=np.zeros(n_latent),
            Wd=init(n_latent, n_hidden), bd=np.zeros(n_hidden),
            Wo=init(n_hidden, n_in), bo=np.zeros(n_in),
        )
        self.grads = {}

    def encode(self, x):
        p = self.params
        self.x = x
        self.h = np.tanh(x @ p["We"] + p["be"])
        return self.h @ p["Wmu"] + p["bmu"], self.h @ p["Wlv"] + p["blv"]

    def decode(self, z):
        p = self.params
        self.z = z
        self.hd = np.tanh(z @ p["Wd"] + p["bd"])
        return self.hd @ p["Wo"] + p["bo"]

    def forward(self, x, eps=None):
        self.mu, self.logvar = self.encode(x)
        self.eps = self.rng.randn(*self.mu.shape) if eps is None else eps
        self.std = np.exp(0.5 * self.logvar)
        return self.decode(self.mu + self.std * self.eps)

    def loss(self, x, eps=None):
        """negative ELBO per sample: Bernoulli reconstruction + KL divergence"""
        logits = self.forward(x, eps)
        rec = np.sum(np.logaddexp(0, logits) - x * logits)
        kl = -0.5 * np.sum(1 + self.logvar - self.mu ** 2 - np.exp(self.logvar))
        self.logits = logits
        return (rec + kl) / len(x)

    def backward(self):
        """gradients of loss() into self.grads"""
        p, g = self.params, self.grads
        n = len(self.x)

        dlogits = (1 / (1 + np.exp(-self.logits)) - self.x) / n
        g["Wo"] = self.hd.T @ dlogits
        g["bo"] = dlogits.sum(axis=0)
        dhd = dlogits @ p["Wo"].T * (1 - self.hd ** 2)
        g["Wd"] = self.z.T @ dhd
        g["bd"] = dhd.sum(axis=0)
        dz = dhd @ p["Wd"].T

        dmu = dz + self.mu / n
        dlogvar = dz * self.eps * 0.5 * self.std + 0.5 * (np.exp(self.logvar) - 1) / n
        g["Wmu"] = self.h.T @ dmu
        g["bmu"] = dmu.sum(axis=0)
        dh = dmu @ p["Wmu"].T
        g["Wlv"] = self.h.T @ dlogvar
        g["blv"] = dlogvar.sum(axis=0)
        dh += dlogvar @ p["Wlv"].T

        dh = dh * (1 - self.h ** 2)
        g["We"] = self.x.T @ dh
        g["be"] = dh.sum(axis=0)
        return g

    def step(self, x, target=None, learning_rate=0.01):
        value = self.loss(x)
        for name, grad in self.backward().items():
            self.params[name] -= learning_rate * grad
        return value

    def sample(self, n):
        z = self.rng.randn(n, self.params["Wd"].shape[0])
        return 1 / (1 + np.exp(-self.decode(z)))


def bars(n, rng, size=8):
    """images of 8x8 pixels with one or two horizontal or vertical bars"""
    img = np.zeros((n, size, size))
    for k in range(n):
        if rng.rand() < 0.5:
            img[k, rng.randint(size), :] = 1
        else:
            img[k, :, rng.randint(size)] = 1
    return img.reshape(n, -1)


def main():
    rng = np.random.RandomState(1)
    data = bars(400, rng)
    vae = VAE()
    for epoch in range(6):
        perm = rng.permutation(len(data))
        losses = [vae.step(data[perm[i:i + 40]], learning_rate=0.05) for i in range(0, 400, 40)]
        print("epoch %d: -ELBO %.2f" % (epoch, np.mean(losses)))
    print("pixel mean of samples", vae.sample(5).mean().round(3))


if __name__ == "__main__":
    main()
