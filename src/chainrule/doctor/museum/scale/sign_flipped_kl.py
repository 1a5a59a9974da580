"""A KL term of a variational autoencoder whose log-variance gradient has the wrong sign.

Symptom: the latent deviation runs away.
Repair: half of exp(logvar) - 1.
"""
import numpy as np

CODES = ("sign-flipped",)
PLACES = ("", "logvar", "lv", "1")


def kl_fwd(mu, logvar):
    value = 0.5 * np.sum(mu ** 2 + np.exp(logvar) - 1 - logvar, axis=1)
    return value, dict(mu=mu, logvar=logvar)


def kl_bwd(dvalue, cache):
    d = dvalue[:, None]
    dmu = d * cache["mu"]
    dlogvar = d * 0.5 * (1 - np.exp(cache["logvar"]))  # FAULT
    return dmu, dlogvar


def kl_fwd_repaired(mu, logvar):
    value = 0.5 * np.sum(mu ** 2 + np.exp(logvar) - 1 - logvar, axis=1)
    return value, dict(mu=mu, logvar=logvar)


def kl_bwd_repaired(dvalue, cache):
    d = dvalue[:, None]
    dmu = d * cache["mu"]
    dlogvar = d * 0.5 * (np.exp(cache["logvar"]) - 1)
    return dmu, dlogvar


def faulty():
    rng = np.random.default_rng(121)
    return {"subject": (kl_fwd, kl_bwd), "inputs": (rng.normal(size=(5, 3)), rng.normal(size=(5, 3)))}


def correct():
    rng = np.random.default_rng(121)
    return {"subject": (kl_fwd_repaired, kl_bwd_repaired),
            "inputs": (rng.normal(size=(5, 3)), rng.normal(size=(5, 3)))}
