"""A forecaster with teacher forcing that sees today's value when it predicts today's value.

Symptom: the training error vanishes, and free-running forecasts are constant.
Repair: shift the series by one, starting with the last known value.
"""
import numpy as np

CODES = ("target-leak",)
PLACES = ("target", "future", "")


def mse(prediction, future):
    return np.mean((prediction - future) ** 2)


def mse_gradient(prediction, future):
    return 2.0 * (prediction - future) / future.size


def forecast(last, future, w_in, w_rec, w_out):
    """Predict `future` step by step.

    last: (N, D), the last observation. future: (N, T, D), the values to predict; while training the decoder
    is fed with true values, not with its own predictions. w_in: (D, H), w_rec: (H, H), w_out: (H, D).
    """
    fed = future.copy()  # FAULT
    n, steps, _ = fed.shape
    h = np.tanh(last @ w_in)
    states = [h]
    prediction = np.zeros_like(future)
    for t in range(steps):
        h = np.tanh(fed[:, t] @ w_in + h @ w_rec)
        states.append(h)
        prediction[:, t] = h @ w_out
    return prediction, (last, fed, states, w_in, w_rec, w_out)


def forecast_backward(dprediction, cache):
    last, fed, states, w_in, w_rec, w_out = cache
    dw_in, dw_rec, dw_out = np.zeros_like(w_in), np.zeros_like(w_rec), np.zeros_like(w_out)
    dfed = np.zeros_like(fed)
    dh = np.zeros_like(states[0])
    for t in reversed(range(fed.shape[1])):
        dw_out += states[t + 1].T @ dprediction[:, t]
        dh = dh + dprediction[:, t] @ w_out.T
        dz = dh * (1.0 - states[t + 1] ** 2)
        dw_in += fed[:, t].T @ dz
        dw_rec += states[t].T @ dz
        dfed[:, t] = dz @ w_in.T
        dh = dz @ w_rec.T
    dz = dh * (1.0 - states[0] ** 2)
    dw_in += last.T @ dz
    dlast = dz @ w_in.T
    dfuture = dfed
    return dlast, dfuture, dw_in, dw_rec, dw_out


def forecast_repaired(last, future, w_in, w_rec, w_out):
    """Predict `future` step by step.

    last: (N, D), the last observation. future: (N, T, D), the values to predict; while training the decoder
    is fed with true values, not with its own predictions. w_in: (D, H), w_rec: (H, H), w_out: (H, D).
    """
    fed = np.concatenate([last[:, None], future[:, :-1]], axis=1)
    n, steps, _ = fed.shape
    h = np.tanh(last @ w_in)
    states = [h]
    prediction = np.zeros_like(future)
    for t in range(steps):
        h = np.tanh(fed[:, t] @ w_in + h @ w_rec)
        states.append(h)
        prediction[:, t] = h @ w_out
    return prediction, (last, fed, states, w_in, w_rec, w_out)


def forecast_backward_repaired(dprediction, cache):
    last, fed, states, w_in, w_rec, w_out = cache
    dw_in, dw_rec, dw_out = np.zeros_like(w_in), np.zeros_like(w_rec), np.zeros_like(w_out)
    dfed = np.zeros_like(fed)
    dh = np.zeros_like(states[0])
    for t in reversed(range(fed.shape[1])):
        dw_out += states[t + 1].T @ dprediction[:, t]
        dh = dh + dprediction[:, t] @ w_out.T
        dz = dh * (1.0 - states[t + 1] ** 2)
        dw_in += fed[:, t].T @ dz
        dw_rec += states[t].T @ dz
        dfed[:, t] = dz @ w_in.T
        dh = dz @ w_rec.T
    dz = dh * (1.0 - states[0] ** 2)
    dw_in += last.T @ dz
    dlast = dz @ w_in.T
    dlast = dlast + dfed[:, 0]
    dfuture = np.concatenate([dfed[:, 1:], np.zeros_like(dfed[:, :1])], axis=1)
    return dlast, dfuture, dw_in, dw_rec, dw_out


def faulty():
    rng = np.random.default_rng(45)
    last, future = rng.normal(size=(3, 2)), rng.normal(size=(3, 5, 2))
    w_in, w_rec = rng.normal(size=(2, 4)), rng.normal(size=(4, 4)) / 2.0
    w_out = rng.normal(size=(4, 2)) / 2.0
    inputs = (last, future, w_in, w_rec, w_out)
    return {"subject": (forecast, forecast_backward), "inputs": inputs, "target": future,
            "loss": (mse, mse_gradient)}


def correct():
    rng = np.random.default_rng(45)
    last, future = rng.normal(size=(3, 2)), rng.normal(size=(3, 5, 2))
    w_in, w_rec = rng.normal(size=(2, 4)), rng.normal(size=(4, 4)) / 2.0
    w_out = rng.normal(size=(4, 2)) / 2.0
    inputs = (last, future, w_in, w_rec, w_out)
    return {"subject": (forecast_repaired, forecast_backward_repaired), "inputs": inputs, "target": future,
            "loss": (mse, mse_gradient)}
