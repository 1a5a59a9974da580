# House price regression with a three layer perceptron.
# Activations live in the model, the Linear class only knows W and b.
import numpy as np


class Linear:
    def __init__(self, d_in, d_out, rng):
        bound = np.sqrt(6.0 / (d_in + d_out))
        self.weight = rng.uniform(-bound, bound, size=(d_out, d_in))
        self.bias = np.zeros(d_out)
        self.weight_grad = None
        self.bias_grad = None
        self._input = None

    def __call__(self, x):
        self._input = x
        return x @ self.weight.T + self.bias

    def backward(self, grad):
        self.weight_grad = grad.T @ self._input
        self.bias_grad = grad.sum(0)
        return grad @ self.weight


def softplus(z):
    return np.logaddexp(0.0, z)


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


class PriceModel:
    """x -> tanh -> softplus -> linear"""

    def __init__(self, n_features=8, h1=16, h2=12, seed=0):
        rng = np.random.default_rng(seed)
        self.fc1 = Linear(n_features, h1, rng)
        self.fc2 = Linear(h1, h2, rng)
        self.out = Linear(h2, 1, rng)

    def forward(self, x):
        self.z1 = self.fc1(x)
        self.a1 = np.tanh(self.z1)
        self.z2 = self.fc2(self.a1)
        self.a2 = softplus(self.z2)
        return self.out(self.a2)

    def backward(self, grad):
        grad = self.out.backward(grad)
        grad = grad * sigmoid(self.z2)
        grad = self.fc2.backward(grad)
        grad = grad * (1.0 - self.z1 ** 2)
        return self.fc1.backward(grad)

    def modules(self):
        return [self.fc1, self.fc2, self.out]


class Momentum:
    def __init__(self, modules, lr=0.01, beta=0.9):
        self.modules, self.lr, self.beta = modules, lr, beta
        self.vw = [np.zeros_like(m.weight) for m in modules]
        self.vb = [np.zeros_like(m.bias) for m in modules]

    def step(self):
        for k, m in enumerate(self.modules):
            self.vw[k] = self.beta * self.vw[k] + m.weight_grad
            self.vb[k] = self.beta * self.vb[k] + m.bias_grad
            m.weight -= self.lr * self.vw[k]
            m.bias -= self.lr * self.vb[k]


def mse(pred, y):
    return np.mean((pred - y) ** 2)


def mse_grad(pred, y):
    return 2.0 * (pred - y) / y.size


def fake_housing(n=400, d=8, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    price = 1.5 * X[:, 0] - X[:, 1] * X[:, 2] + 0.5 * np.abs(X[:, 3]) + 0.05 * rng.normal(size=n)
    return X, price[:, None]


def batches(X, y, size, rng):
    order = rng.permutation(len(X))
    for s in range(0, len(X), size):
        idx = order[s:s + size]
        yield X[idx], y[idx]


if __name__ == "__main__":
    X, y = fake_housing()
    Xtr, ytr, Xte, yte = X[:320], y[:320], X[320:], y[320:]
    model = PriceModel()
    opt = Momentum(model.modules(), lr=0.02)
    rng = np.random.default_rng(2)
    for epoch in range(40):
        total = 0.0
        for xb, yb in batches(Xtr, ytr, 32, rng):
            pred = model.forward(xb)
            total += mse(pred, yb) * len(xb)
            model.backward(mse_grad(pred, yb))
            opt.step()
        if epoch % 10 == 9:
            print("epoch %d  train %.4f  test %.4f" % (epoch + 1, total / len(Xtr), mse(model.forward(Xte), yte)))
