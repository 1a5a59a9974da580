import numpy as np

"""
Recurrent network, step by step.

Shapes:
    x  (n_x, m, T_x)     a  (n_a, m, T_x)     yhat (n_y, m, T_x)
"""


def softmax(z):
    e = np.exp(z - np.max(z, axis=0, keepdims=True))
    return e / np.sum(e, axis=0, keepdims=True)


def initialize_parameters(n_x, n_a, n_y, seed=1):
    rng = np.random.default_rng(seed)
    parameters = {}
    parameters["Wax"] = rng.standard_normal((n_a, n_x)) * 0.3
    parameters["Waa"] = rng.standard_normal((n_a, n_a)) * 0.3
    parameters["Wya"] = rng.standard_normal((n_y, n_a)) * 0.3
    parameters["ba"] = np.zeros((n_a, 1))
    parameters["by"] = np.zeros((n_y, 1))
    return parameters


def rnn_cell_forward(xt, a_prev, parameters):
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    a_next = np.tanh(np.dot(Wax, xt) + np.dot(Waa, a_prev) + parameters["ba"])
    zt = np.dot(Wya, a_next) + parameters["by"]
    cache = (a_next, a_prev, xt)
    return a_next, zt, cache


def rnn_forward(x, a0, parameters):
    """Returns the scores z of every time step and the caches."""
    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wya"].shape
    a_next = a0
    z = np.zeros((n_y, m, T_x))
    caches = []
    for t in range(T_x):
        a_next, z[:, :, t], cache = rnn_cell_forward(x[:, :, t], a_next, parameters)
        caches.append(cache)
    return z, (caches, x, parameters)


def rnn_cell_backward(dzt, da_from_next, cache, parameters):
    (a_next, a_prev, xt) = cache
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]

    da_next = np.dot(Wya.T, dzt) + da_from_next
    dtanh = (1 - a_next ** 2) * da_next

    gradients = {}
    gradients["dxt"] = np.dot(Wax.T, dtanh)
    gradients["dWax"] = np.dot(dtanh, xt.T)
    gradients["da_prev"] = np.dot(Waa.T, dtanh)
    gradients["dWaa"] = np.dot(dtanh, a_prev.T)
    gradients["dba"] = np.sum(dtanh, axis=1, keepdims=True)
    gradients["dWya"] = np.dot(dzt, a_next.T)
    gradients["dby"] = np.sum(dzt, axis=1, keepdims=True)
    return gradients


def rnn_backward(dz, caches):
    (caches, x, parameters) = caches
    n_x, m, T_x = x.shape
    n_a = parameters["Waa"].shape[0]

    dx = np.zeros((n_x, m, T_x))
    dWax = np.zeros_like(parameters["Wax"])
    dWaa = np.zeros_like(parameters["Waa"])
    dWya = np.zeros_like(parameters["Wya"])
    dba = np.zeros_like(parameters["ba"])
    dby = np.zeros_like(parameters["by"])
    da_prevt = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        gradients = rnn_cell_backward(dz[:, :, t], da_prevt, caches[t], parameters)
        da_prevt = gradients["da_prev"]
        dx[:, :, t] = gradients["dxt"]
        dWax += gradients["dWax"]
        dWaa = gradients["dWaa"]
        dWya += gradients["dWya"]
        dba += gradients["dba"]
        dby += gradients["dby"]

    return {"dx": dx, "da0": da_prevt, "dWax": dWax, "dWaa": dWaa, "dWya": dWya, "dba": dba, "dby": dby}


def compute_cost(z, y):
    """y holds one-hot columns, same shape as z"""
    m = z.shape[1]
    return -np.sum(y * np.log(softmax(z) + 1e-12)) / m


def compute_cost_backward(z, y):
    return (softmax(z) - y) / z.shape[1]


def clip(gradients, max_value):
    return {k: np.clip(v, -max_value, max_value) for k, v in gradients.items()}


def update_parameters(parameters, gradients, lr):
    for k in parameters:
        parameters[k] = parameters[k] - lr * gradients["d" + k]
    return parameters


def model(x, y, n_a=20, iterations=100, lr=0.05):
    parameters = initialize_parameters(x.shape[0], n_a, y.shape[0])
    a0 = np.zeros((n_a, x.shape[1]))
    for i in range(iterations):
        z, caches = rnn_forward(x, a0, parameters)
        gradients = clip(rnn_backward(compute_cost_backward(z, y), caches), 5)
        parameters = update_parameters(parameters, gradients, lr)
        if i % 25 == 0:
            print("Cost after iteration %i: %f" % (i, compute_cost(z, y)))
    return parameters


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    ids = (np.arange(9)[None, :] * rng.integers(1, 3, size=(20, 1)) + rng.integers(0, 6, size=(20, 1))) % 6
    onehot = np.eye(6)[ids].transpose(2, 0, 1)
    model(onehot[:, :, :-1], onehot[:, :, 1:])
