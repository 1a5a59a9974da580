import numpy as np


def call(module):
    rng = np.random.default_rng(77)
    V, N, L, C = 240, 200, 9, 4
    topic_words = rng.dirichlet(np.full(V, 0.1), size=C)
    y = rng.integers(0, C, N)
    x = np.array([rng.choice(V, size=L, p=topic_words[c]) for c in y])
    return {"training_check": True, "subject": module.TopicModel(V, C), "x": x, "target": y,
            "learning_rate": 1.0, "batch_size": 20}
