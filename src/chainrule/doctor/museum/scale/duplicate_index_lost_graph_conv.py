"""Graph convolution by message passing over an edge list.

Symptom: hubs of the graph get hardly any gradient; leaves train fine.
Repair: scatter the message gradients with np.add.at; a source node has several outgoing edges.
"""
import numpy as np

CODES = ("duplicate-index-lost",)
PLACES = ("x", "feats", "")


class GraphConv:
    def __init__(self, edges, f_in, f_out):
        self.src, self.dst = np.asarray(edges).T
        rng = np.random.default_rng(40)
        self.theta = rng.normal(size=(f_in, f_out)) * 0.5
        self.theta_self = rng.normal(size=(f_in, f_out)) * 0.5
        self.edge_w = rng.uniform(0.5, 1.5, size=len(self.src))

    def forward(self, feats):
        self.feats = feats
        self.agg = np.zeros_like(feats)
        np.add.at(self.agg, self.dst, feats[self.src] * self.edge_w[:, None])
        return self.agg @ self.theta + feats @ self.theta_self

    def backward(self, dout):
        self.grad_theta = self.agg.T @ dout
        self.grad_theta_self = self.feats.T @ dout
        dmsg = (dout @ self.theta.T)[self.dst]
        self.grad_edge_w = np.sum(dmsg * self.feats[self.src], axis=1)
        neighbours = np.zeros_like(self.feats)
        neighbours[self.src] += dmsg * self.edge_w[:, None]  # FAULT
        return neighbours + dout @ self.theta_self.T


class GraphConvRepaired:
    def __init__(self, edges, f_in, f_out):
        self.src, self.dst = np.asarray(edges).T
        rng = np.random.default_rng(40)
        self.theta = rng.normal(size=(f_in, f_out)) * 0.5
        self.theta_self = rng.normal(size=(f_in, f_out)) * 0.5
        self.edge_w = rng.uniform(0.5, 1.5, size=len(self.src))

    def forward(self, feats):
        self.feats = feats
        self.agg = np.zeros_like(feats)
        np.add.at(self.agg, self.dst, feats[self.src] * self.edge_w[:, None])
        return self.agg @ self.theta + feats @ self.theta_self

    def backward(self, dout):
        self.grad_theta = self.agg.T @ dout
        self.grad_theta_self = self.feats.T @ dout
        dmsg = (dout @ self.theta.T)[self.dst]
        self.grad_edge_w = np.sum(dmsg * self.feats[self.src], axis=1)
        neighbours = np.zeros_like(self.feats)
        np.add.at(neighbours, self.src, dmsg * self.edge_w[:, None])
        return neighbours + dout @ self.theta_self.T


EDGES = [(0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (3, 4), (4, 3), (4, 5), (5, 4), (3, 0)]


def _x():
    return (np.random.default_rng(8).normal(size=(6, 3)),)


def faulty():
    return {"subject": GraphConv(EDGES, 3, 4), "inputs": _x()}


def correct():
    return {"subject": GraphConvRepaired(EDGES, 3, 4), "inputs": _x()}
