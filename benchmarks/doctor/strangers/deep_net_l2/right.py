import numpy as np


class DeepNet:
    """
    L-layer network: [LINEAR -> RELU] * (L-1) -> LINEAR -> SIGMOID, with L2 regularization.

    Columns are examples: X has shape (n_x, m), Y has shape (1, m).

    Arguments of the constructor:
    layers_dims -- list with the sizes, input first, e.g. [12, 8, 5, 1]
    lambd -- strength of the regularization
    """

    def __init__(self, layers_dims=(12, 8, 5, 1), lambd=0.7, seed=3):
        np.random.seed(seed)
        self.L = len(layers_dims) - 1
        self.lambd = lambd
        self.parameters = {}
        self.grads = {}
        for l in range(1, self.L + 1):
            self.parameters["W" + str(l)] = np.random.randn(layers_dims[l], layers_dims[l - 1]) * np.sqrt(2.0 / layers_dims[l - 1])
            self.parameters["b" + str(l)] = np.zeros((layers_dims[l], 1))

    # ---- forward ----

    def linear_forward(self, A_prev, l):
        W, b = self.parameters["W" + str(l)], self.parameters["b" + str(l)]
        Z = np.dot(W, A_prev) + b
        self.caches[l] = (A_prev, W, Z)
        return Z

    def forward(self, X):
        self.caches = {}
        A = X
        for l in range(1, self.L):
            A = np.maximum(0, self.linear_forward(A, l))
        Z = self.linear_forward(A, self.L)
        AL = 1.0 / (1.0 + np.exp(-Z))
        self.AL = AL
        return AL

    def compute_cost(self, AL, Y):
        m = Y.shape[1]
        cross_entropy = -(np.sum(Y * np.log(AL)) + np.sum((1 - Y) * np.log(1 - AL))) / m
        squares = 0
        for l in range(1, self.L + 1):
            squares += np.sum(np.square(self.parameters["W" + str(l)]))
        return cross_entropy + self.lambd / (2 * m) * squares

    # ---- backward ----

    def linear_backward(self, dZ, l):
        A_prev, W, _ = self.caches[l]
        m = A_prev.shape[1]
        self.grads["dW" + str(l)] = (np.dot(dZ, A_prev.T) + self.lambd * W) / m
        self.grads["db" + str(l)] = np.sum(dZ, axis=1, keepdims=True) / m
        return np.dot(W.T, dZ)

    def backward(self, Y):
        """gradients of the cost; needs forward(X) first"""
        dZ = self.AL - Y
        dA = self.linear_backward(dZ, self.L)
        for l in range(self.L - 1, 0, -1):
            Z = self.caches[l][2]
            dZ = np.array(dA, copy=True)
            dZ[Z <= 0] = 0
            dA = self.linear_backward(dZ, l)
        return self.grads

    def update_parameters(self, learning_rate):
        for l in range(1, self.L + 1):
            for p in ("W", "b"):
                self.parameters[p + str(l)] = self.parameters[p + str(l)] - learning_rate * self.grads["d" + p + str(l)]

    # ---- training ----

    def step(self, X, Y, learning_rate=0.0075):
        AL = self.forward(X)
        cost = self.compute_cost(AL, Y)
        self.backward(Y)
        self.update_parameters(learning_rate)
        return cost

    def fit(self, X, Y, num_iterations=600, learning_rate=0.1, print_cost=True):
        costs = []
        for i in range(num_iterations):
            cost = self.step(X, Y, learning_rate)
            if i % 100 == 0:
                costs.append(cost)
                if print_cost:
                    print("Cost after iteration {}: {}".format(i, np.squeeze(cost)))
        return costs

    def predict(self, X):
        return (self.forward(X) > 0.5).astype(int)


def load_planar_like(m=200, n_x=12, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_x, m))
    Y = (X[0] * X[1] + 0.5 * X[2] > 0).astype(float).reshape(1, m)
    return X, Y


if __name__ == "__main__":
    X, Y = load_planar_like()
    X_test, Y_test = load_planar_like(seed=2)
    net = DeepNet([12, 16, 8, 1], lambd=0.1)
    net.fit(X, Y)
    print("train accuracy", np.mean(net.predict(X) == Y))
    print("test accuracy", np.mean(net.predict(X_test) == Y_test))
