"""LSTM over (n_x, m, T_x) in the course notebook's notation.

Symptom: the forget gate hardly learns, memory tasks fail.
Repair: pass dc_prev on to the step before.
"""
import numpy as np
CODES = ("cell-gradient-dropped",)
PLACES = ("x", "dx", "Wf", "Wi", "Wc", "bf", "bi", "bc", "Wo", "bo", "")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_forward(x, Wf, bf, Wi, bi, Wc, bc, Wo, bo):
    n_x, m, T_x = x.shape
    n_a = Wf.shape[0]
    a_prev, c_prev = np.zeros((n_a, m)), np.zeros((n_a, m))
    a, caches = np.zeros((n_a, m, T_x)), []
    for t in range(T_x):
        concat = np.concatenate((a_prev, x[:, :, t]), axis=0)
        ft = sigmoid(np.dot(Wf, concat) + bf)
        it = sigmoid(np.dot(Wi, concat) + bi)
        cct = np.tanh(np.dot(Wc, concat) + bc)
        ot = sigmoid(np.dot(Wo, concat) + bo)
        c_next = ft * c_prev + it * cct
        a_next = ot * np.tanh(c_next)
        caches.append((concat, ft, it, cct, ot, c_next, c_prev))
        a[:, :, t] = a_next
        a_prev, c_prev = a_next, c_next
    return a, (caches, x.shape, {"Wf": Wf, "Wi": Wi, "Wc": Wc, "Wo": Wo})


def lstm_backward(da, cache):
    caches, shape, W = cache
    n_a, m, T_x = da.shape
    grads = {"dx": np.zeros(shape)}
    for g in "fico":
        grads["dW" + g] = np.zeros_like(W["W" + g])
        grads["db" + g] = np.zeros((n_a, 1))
    da_prevt, dc_prevt = np.zeros((n_a, m)), np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        concat, ft, it, cct, ot, c_next, c_prev = caches[t]
        da_next = da[:, :, t] + da_prevt
        dc_next = dc_prevt + da_next * ot * (1 - np.tanh(c_next) ** 2)
        d = {"o": da_next * np.tanh(c_next) * ot * (1 - ot),
             "c": dc_next * it * (1 - cct ** 2),
             "i": dc_next * cct * it * (1 - it),
             "f": dc_next * c_prev * ft * (1 - ft)}
        dconcat = np.zeros_like(concat)
        for g in "fico":
            grads["dW" + g] += np.dot(d[g], concat.T)
            grads["db" + g] += np.sum(d[g], axis=1, keepdims=True)
            dconcat += np.dot(W["W" + g].T, d[g])
        da_prevt = dconcat[:n_a]
        dc_prev = dc_next * ft  # FAULT
        grads["dx"][:, :, t] = dconcat[n_a:]
    return grads


def lstm_forward_repaired(x, Wf, bf, Wi, bi, Wc, bc, Wo, bo):
    n_x, m, T_x = x.shape
    n_a = Wf.shape[0]
    a_prev, c_prev = np.zeros((n_a, m)), np.zeros((n_a, m))
    a, caches = np.zeros((n_a, m, T_x)), []
    for t in range(T_x):
        concat = np.concatenate((a_prev, x[:, :, t]), axis=0)
        ft = sigmoid(np.dot(Wf, concat) + bf)
        it = sigmoid(np.dot(Wi, concat) + bi)
        cct = np.tanh(np.dot(Wc, concat) + bc)
        ot = sigmoid(np.dot(Wo, concat) + bo)
        c_next = ft * c_prev + it * cct
        a_next = ot * np.tanh(c_next)
        caches.append((concat, ft, it, cct, ot, c_next, c_prev))
        a[:, :, t] = a_next
        a_prev, c_prev = a_next, c_next
    return a, (caches, x.shape, {"Wf": Wf, "Wi": Wi, "Wc": Wc, "Wo": Wo})


def lstm_backward_repaired(da, cache):
    caches, shape, W = cache
    n_a, m, T_x = da.shape
    grads = {"dx": np.zeros(shape)}
    for g in "fico":
        grads["dW" + g] = np.zeros_like(W["W" + g])
        grads["db" + g] = np.zeros((n_a, 1))
    da_prevt, dc_prevt = np.zeros((n_a, m)), np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        concat, ft, it, cct, ot, c_next, c_prev = caches[t]
        da_next = da[:, :, t] + da_prevt
        dc_next = dc_prevt + da_next * ot * (1 - np.tanh(c_next) ** 2)
        d = {"o": da_next * np.tanh(c_next) * ot * (1 - ot),
             "c": dc_next * it * (1 - cct ** 2),
             "i": dc_next * cct * it * (1 - it),
             "f": dc_next * c_prev * ft * (1 - ft)}
        dconcat = np.zeros_like(concat)
        for g in "fico":
            grads["dW" + g] += np.dot(d[g], concat.T)
            grads["db" + g] += np.sum(d[g], axis=1, keepdims=True)
            dconcat += np.dot(W["W" + g].T, d[g])
        da_prevt = dconcat[:n_a]
        dc_prevt = dc_next * ft
        grads["dx"][:, :, t] = dconcat[n_a:]
    return grads


def faulty():
    np.random.seed(95)
    n_x, n_a, m, T = 3, 4, 2, 5
    args = [np.random.randn(n_x, m, T)]
    for _ in range(4):
        args += [np.random.randn(n_a, n_a + n_x) * 0.5, np.random.randn(n_a, 1) * 0.3]
    return {"subject": (lstm_forward, lstm_backward), "inputs": tuple(args)}


def correct():
    np.random.seed(95)
    n_x, n_a, m, T = 3, 4, 2, 5
    args = [np.random.randn(n_x, m, T)]
    for _ in range(4):
        args += [np.random.randn(n_a, n_a + n_x) * 0.5, np.random.randn(n_a, 1) * 0.3]
    return {"subject": (lstm_forward_repaired, lstm_backward_repaired), "inputs": tuple(args)}
