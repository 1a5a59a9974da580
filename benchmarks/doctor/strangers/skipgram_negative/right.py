"""Skip-gram word vectors with negative sampling (kaggle notebook, exported)."""

# %% imports
import numpy as np

# %% corpus
CORPUS = """the king rules the land and the queen rules the court
the dog chases the cat and the cat chases the mouse
a king and a queen live in a castle in the land
a dog and a cat live in a house near the court""".split()


# %% model
class SkipGram:
    """
    W_in  : (V, D) vectors of centre words
    W_out : (V, D) vectors of context words
    """

    def __init__(self, vocab_size=30, dim=10, seed=0):
        rng = np.random.default_rng(seed)
        self.W_in = rng.uniform(-0.5, 0.5, (vocab_size, dim)) / dim
        self.W_out = rng.uniform(-0.5, 0.5, (vocab_size, dim)) / dim
        self.dW_in = np.zeros_like(self.W_in)
        self.dW_out = np.zeros_like(self.W_out)

    def forward(self, centre, context):
        """centre (B,), context (B, 1+K): the true context word first, then K noise words. Returns scores (B, 1+K)"""
        self.centre, self.context = centre, context
        self.v = self.W_in[centre]
        self.u = self.W_out[context]
        return np.einsum("bd,bkd->bk", self.v, self.u)

    def backward(self, dscore):
        dv = np.einsum("bk,bkd->bd", dscore, self.u)
        du = dscore[:, :, None] * self.v[:, None, :]
        self.dW_in = np.zeros_like(self.W_in)
        self.dW_out = np.zeros_like(self.W_out)
        np.add.at(self.dW_in, self.centre, dv)
        np.add.at(self.dW_out, self.context, du)

    def sgd(self, lr):
        self.W_in -= lr * self.dW_in
        self.W_out -= lr * self.dW_out


# %% loss
def ns_loss(scores, labels):
    return np.sum(np.logaddexp(0.0, scores) - labels * scores) / len(scores)


def ns_loss_grad(scores, labels):
    return (1.0 / (1.0 + np.exp(-scores)) - labels) / len(scores)


# %% pairs
def make_pairs(ids, window=2):
    pairs = []
    for i, c in enumerate(ids):
        for j in range(max(0, i - window), min(len(ids), i + window + 1)):
            if j != i:
                pairs.append((c, ids[j]))
    return np.array(pairs)


def noise_distribution(ids, V):
    f = np.bincount(ids, minlength=V) ** 0.75
    return f / f.sum()


# %% training
def train(epochs=15, batch=32, K=4, lr=0.5):
    words = sorted(set(CORPUS))
    index = {w: i for i, w in enumerate(words)}
    ids = np.array([index[w] for w in CORPUS])
    pairs, noise = make_pairs(ids), noise_distribution(ids, len(words))
    rng = np.random.default_rng(0)
    model = SkipGram(len(words))
    for epoch in range(epochs):
        rng.shuffle(pairs)
        total = 0.0
        for s in range(0, len(pairs), batch):
            centre, pos = pairs[s:s + batch].T
            neg = rng.choice(len(words), size=(len(centre), K), p=noise)
            context = np.concatenate([pos[:, None], neg], axis=1)
            labels = np.zeros(context.shape)
            labels[:, 0] = 1.0
            scores = model.forward(centre, context)
            total += ns_loss(scores, labels) * len(centre)
            model.backward(ns_loss_grad(scores, labels))
            model.sgd(lr)
        if epoch % 5 == 0:
            print(f"epoch {epoch}  loss {total / len(pairs):.4f}")
    return model, index


def most_similar(model, index, word, n=3):
    W = model.W_in / np.linalg.norm(model.W_in, axis=1, keepdims=True)
    sims = W @ W[index[word]]
    names = list(index)
    return [names[i] for i in np.argsort(-sims)[1:n + 1]]


# %% run
if __name__ == "__main__":
    model, index = train()
    for w in ("king", "dog"):
        print(w, "->", most_similar(model, index, w))
