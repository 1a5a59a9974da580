import numpy as np


class Net:
    """The user's tape model as forward/backward on arrays."""

    def __init__(self, module):
        self.model = module.WideDeep(n_num=3, n_cat=4, emb=2, hidden=5, seed=1)

    def forward(self, num, cat):
        self.out = self.model.graph(num, cat)
        return self.out.data

    def backward(self, dy):
        self.out.backward(dy)


def call(module):
    r = np.random.default_rng(2)
    num, cat = r.normal(size=(6, 3)), np.array([0, 2, 1, 2, 3, 0])
    return {"subject": Net(module), "inputs": (num, cat), "target": r.normal(size=6),
            "loss": (module.loss, module.loss_gradient)}
