"""GAN for points on a ring of eight Gaussians."""
import numpy as np


class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.normal(0, np.sqrt(2 / n_in), size=(n_in, n_out))
        self.b = np.zeros((1, n_out))

    def forward(self, X):
        self.X = X
        return X.dot(self.W) + self.b

    def backward(self, dOut):
        self.gradW = self.X.T.dot(dOut)
        self.gradb = dOut.sum(axis=0, keepdims=True)
        return dOut.dot(self.W.T)


class LeakyReLU:
    def __init__(self, slope=0.2):
        self.slope = slope

    def forward(self, X):
        self.X = X
        return np.where(X > 0, X, self.slope * X)

    def backward(self, dOut):
        return np.where(self.X > 0, dOut, self.slope * dOut)


class Tanh:
    def forward(self, X):
        self.Y = np.tanh(X)
        return self.Y

    def backward(self, dOut):
        return dOut * (1 - self.Y * self.Y)


class Network:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, X):
        for l in self.layers:
            X = l.forward(X)
        return X

    def backward(self, dOut):
        for l in reversed(self.layers):
            dOut = l.backward(dOut)
        return dOut

    def dense_layers(self):
        return [l for l in self.layers if isinstance(l, Dense)]


class RMSProp:
    def __init__(self, network, lr=1e-3, rho=0.9):
        self.network, self.lr, self.rho = network, lr, rho
        self.cache = [(np.zeros_like(l.W), np.zeros_like(l.b)) for l in network.dense_layers()]

    def step(self):
        for l, (cW, cb) in zip(self.network.dense_layers(), self.cache):
            cW *= self.rho
            cW += (1 - self.rho) * l.gradW ** 2
            cb *= self.rho
            cb += (1 - self.rho) * l.gradb ** 2
            l.W -= self.lr * l.gradW / (np.sqrt(cW) + 1e-8)
            l.b -= self.lr * l.gradb / (np.sqrt(cb) + 1e-8)


def make_generator(noise=6, hidden=24):
    return Network(Dense(noise, hidden), LeakyReLU(), Dense(hidden, hidden), Tanh(), Dense(hidden, 2))


def make_discriminator(hidden=24):
    return Network(Dense(2, hidden), LeakyReLU(), Dense(hidden, hidden // 2), LeakyReLU(), Dense(hidden // 2, 1))


def bce(logit, label):
    """label is 0.0 or 1.0 (or an array of the logits' shape)"""
    return np.mean(np.maximum(logit, 0) - logit * label + np.log1p(np.exp(-np.abs(logit))))


def bce_grad(logit, label):
    return (1 / (1 + np.exp(-logit)) - label) / logit.size


def ring(n):
    a = 2 * np.pi * np.random.randint(0, 8, n) / 8
    return 2 * np.c_[np.cos(a), np.sin(a)] + 0.05 * np.random.randn(n, 2)


class GAN:
    def __init__(self, noise=6, hidden=24, lr=2e-3):
        self.noise = noise
        self.G, self.D = make_generator(noise, hidden), make_discriminator(hidden)
        self.optG, self.optD = RMSProp(self.G, lr), RMSProp(self.D, lr)

    def train_discriminator(self, real):
        fake = self.G.forward(np.random.randn(len(real), self.noise))
        both = np.concatenate([real, fake])
        label = np.concatenate([np.ones((len(real), 1)), np.zeros((len(fake), 1))])
        logit = self.D.forward(both)
        self.D.backward(bce_grad(logit, label))
        self.optD.step()
        return bce(logit, label)

    def train_generator(self, n):
        fake = self.G.forward(np.random.randn(n, self.noise))
        logit = self.D.forward(fake)
        self.G.backward(self.D.backward(bce_grad(logit, 1.0)))
        self.optG.step()
        return bce(logit, 1.0)


if __name__ == "__main__":
    np.random.seed(0)
    gan = GAN()
    for it in range(401):
        d = gan.train_discriminator(ring(64))
        g = gan.train_generator(64)
        if it % 100 == 0:
            pts = gan.G.forward(np.random.randn(500, gan.noise))
            print("it %4d  D %.3f  G %.3f  mean radius %.2f" % (it, d, g, np.linalg.norm(pts, axis=1).mean()))
