import numpy as np


class Module:
    training = True

    def train(self):
        self.training = True
        return self

    def eval(self):
        self.training = False
        return self


class WordDropout(Module):
    """Drops whole time steps of a (B, T, E) tensor."""

    def __init__(self, p=0.3, seed=None):
        self.p = p
        self.rng = np.random.default_rng(seed)

    def sample(self, shape):
        keep = self.rng.random((shape[0], shape[1], 1)) >= self.p
        return keep / (1.0 - self.p)

    def forward(self, x):
        if not self.training:
            return x
        self.mask = self.sample(x.shape)
        return x * self.mask

    def backward(self, dout):
        if not self.training:
            return dout
        return dout * self.sample(dout.shape)


class Projection(Module):
    def __init__(self, e, h, seed=0):
        r = np.random.default_rng(seed)
        self.params = {"W": r.normal(size=(e, h)) / np.sqrt(e), "b": r.normal(size=h) * 0.1}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads["W"] = np.einsum("bte,bth->eh", self.x, dout)
        self.grads["b"] = dout.sum((0, 1))
        return dout @ self.params["W"].T


class Encoder(Module):
    def __init__(self, e=5, h=7, p=0.3, seed=0):
        self.drop = WordDropout(p, seed)
        self.proj = Projection(e, h, seed)

    def train(self):
        self.drop.train()
        return super().train()

    def eval(self):
        self.drop.eval()
        return super().eval()

    def forward(self, x):
        return self.proj.forward(self.drop.forward(x))

    def backward(self, dout):
        return self.drop.backward(self.proj.backward(dout))


if __name__ == "__main__":
    enc = Encoder()
    x = np.random.randn(4, 6, 5)
    print(enc.forward(x).shape, enc.eval().forward(x).std())
