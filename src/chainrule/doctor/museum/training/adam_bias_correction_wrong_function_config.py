"""Course-notebook Adam as a function with a config dict.

Symptom: The first step is right, later ones grow far too large; training with the usual learning rate is erratic.
Repair: Raise both betas to the power t.
"""
import numpy as np

CODES = ('adam-bias-correction-wrong',)
PLACES = ('w', '')


def adam_update(w, dw, config=None):
    """Returns (next_w, config). config: learning_rate, beta1, beta2, epsilon, m, v, t."""
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)
    b1, b2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = b1 * config["m"] + (1 - b1) * dw
    config["v"] = b2 * config["v"] + (1 - b2) * dw ** 2
    m_hat = config["m"] / (1 - b1)  # FAULT
    v_hat = config["v"] / (1 - b2)  # FAULT
    next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    return next_w, config


def adam_update_repaired(w, dw, config=None):
    """Returns (next_w, config). config: learning_rate, beta1, beta2, epsilon, m, v, t."""
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)
    b1, b2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = b1 * config["m"] + (1 - b1) * dw
    config["v"] = b2 * config["v"] + (1 - b2) * dw ** 2
    m_hat = config["m"] / (1 - b1 ** config["t"])
    v_hat = config["v"] / (1 - b2 ** config["t"])
    next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    return next_w, config


def faulty():
    return {"training_check": True, "subject": adam_update}


def correct():
    return {"training_check": True, "subject": adam_update_repaired}
