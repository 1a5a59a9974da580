"""Message passing on a graph: each node sums a linear map of its in-neighbors.

Symptom: nodes with many outgoing edges receive the gradient of one of them.
Repair: scatter with np.add.at; fancy-index += writes each node once.
"""
import numpy as np

CODES = ("duplicate-index-lost",)
PLACES = ("x", "h", "")
EDGES = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [2, 4], [3, 4], [4, 0], [2, 1]])


def message_passing(h, w_msg, w_self):
    """h (nodes, features) -> (nodes, out)."""
    src, dst = EDGES[:, 0], EDGES[:, 1]
    messages = np.tanh(h[src] @ w_msg)
    agg = np.zeros((h.shape[0], w_msg.shape[1]))
    np.add.at(agg, dst, messages)
    out = agg + h @ w_self
    return out, {"h": h, "messages": messages, "w_msg": w_msg, "w_self": w_self}


def message_passing_backward(dout, cache):
    h, messages = cache["h"], cache["messages"]
    src, dst = EDGES[:, 0], EDGES[:, 1]
    dmessages = dout[dst]
    dz = dmessages * (1.0 - messages ** 2)
    dh = dout @ cache["w_self"].T
    dh[src] += dz @ cache["w_msg"].T  # FAULT
    dw_msg = h[src].T @ dz
    dw_self = h.T @ dout
    return {"h": dh, "w_msg": dw_msg, "w_self": dw_self}


def message_passing_repaired(h, w_msg, w_self):
    """h (nodes, features) -> (nodes, out)."""
    src, dst = EDGES[:, 0], EDGES[:, 1]
    messages = np.tanh(h[src] @ w_msg)
    agg = np.zeros((h.shape[0], w_msg.shape[1]))
    np.add.at(agg, dst, messages)
    out = agg + h @ w_self
    return out, {"h": h, "messages": messages, "w_msg": w_msg, "w_self": w_self}


def message_passing_backward_repaired(dout, cache):
    h, messages = cache["h"], cache["messages"]
    src, dst = EDGES[:, 0], EDGES[:, 1]
    dmessages = dout[dst]
    dz = dmessages * (1.0 - messages ** 2)
    dh = dout @ cache["w_self"].T
    np.add.at(dh, src, dz @ cache["w_msg"].T)
    dw_msg = h[src].T @ dz
    dw_self = h.T @ dout
    return {"h": dh, "w_msg": dw_msg, "w_self": dw_self}


def faulty():
    rng = np.random.default_rng(37)
    inputs = (rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))
    return {"subject": (message_passing, message_passing_backward), "inputs": inputs}


def correct():
    rng = np.random.default_rng(37)
    inputs = (rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))
    return {"subject": (message_passing_repaired, message_passing_backward_repaired), "inputs": inputs}
