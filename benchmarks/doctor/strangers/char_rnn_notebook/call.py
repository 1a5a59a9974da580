import numpy as np


def call(module):
    rng = np.random.default_rng(21)
    V, N, T = 9, 96, 10
    table = rng.dirichlet(np.full(V, 0.15), size=V)
    seqs = np.zeros((N, T + 1), dtype=int)
    seqs[:, 0] = rng.integers(0, V, N)
    for t in range(T):
        for n in range(N):
            seqs[n, t + 1] = rng.choice(V, p=table[seqs[n, t]])
    model = module.CharRNN(V)
    return {"training_check": True, "subject": model, "x": seqs[:, :-1], "target": seqs[:, 1:],
            "learning_rate": 0.1, "batch_size": 32}
