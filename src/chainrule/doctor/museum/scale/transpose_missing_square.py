"""A recurrent cell in functions that multiplies with the square recurrent matrix untransposed.

Symptom: no exception, for the matrix is square; long sequences do not learn.
Repair: use its transpose.
"""
import numpy as np

CODES = ("transpose-missing",)
PLACES = ("x", "R", "Wh", "rec", "", "0", "U")


def cell_fwd(x, h, U, R):
    """One tanh step with column vectors: x (d, B), h (n, B)."""
    new = np.tanh(U.dot(x) + R.dot(h))
    return new, (x, h, U, R, new)


def cell_bwd(dnew, cache):
    x, h, U, R, new = cache
    da = dnew * (1 - np.square(new))
    dh = R.dot(da)  # FAULT
    return U.T.dot(da), dh, da.dot(x.T), da.dot(h.T)


def cell_fwd_repaired(x, h, U, R):
    """One tanh step with column vectors: x (d, B), h (n, B)."""
    new = np.tanh(U.dot(x) + R.dot(h))
    return new, (x, h, U, R, new)


def cell_bwd_repaired(dnew, cache):
    x, h, U, R, new = cache
    da = dnew * (1 - np.square(new))
    dh = R.T.dot(da)
    return U.T.dot(da), dh, da.dot(x.T), da.dot(h.T)


def faulty():
    rng = np.random.default_rng(125)
    return {"subject": (cell_fwd, cell_bwd), "inputs": tuple(
        rng.normal(size=s) for s in [(3, 5), (4, 5), (4, 3), (4, 4)])}


def correct():
    rng = np.random.default_rng(125)
    return {"subject": (cell_fwd_repaired, cell_bwd_repaired), "inputs": tuple(
        rng.normal(size=s) for s in [(3, 5), (4, 5), (4, 3), (4, 4)])}
