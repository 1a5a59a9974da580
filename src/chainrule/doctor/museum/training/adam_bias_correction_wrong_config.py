"""Adam as a function with a config dict, multiplying where it should divide.

Symptom: the first steps are ten times too long and then grow further; training blows up at once.
Repair: divide the moments by 1 - beta ** t.
"""
import numpy as np

CODES = ("adam-bias-correction-wrong",)
PLACES = ("", "w")


def adam(w, dw, config=None):
    """One Adam step. config holds rates, moments and t; returns (next_w, config)."""
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)

    config["t"] += 1
    t = config["t"]
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw * dw
    mt = config["m"] * (1 - config["beta1"] ** t)  # FAULT
    vt = config["v"] * (1 - config["beta2"] ** t)  # FAULT
    next_w = w - config["learning_rate"] * mt / (np.sqrt(vt) + config["epsilon"])
    return next_w, config


def adam_repaired(w, dw, config=None):
    """One Adam step. config holds rates, moments and t; returns (next_w, config)."""
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)

    config["t"] += 1
    t = config["t"]
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw * dw
    mt = config["m"] / (1 - config["beta1"] ** t)
    vt = config["v"] / (1 - config["beta2"] ** t)
    next_w = w - config["learning_rate"] * mt / (np.sqrt(vt) + config["epsilon"])
    return next_w, config


def faulty():
    return {"training_check": True, "subject": adam, "x": None, "target": None}


def correct():
    return {"training_check": True, "subject": adam_repaired, "x": None, "target": None}
