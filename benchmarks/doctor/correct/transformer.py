"""Correct transformer parts and whole small transformers: encoders, decoders, seq2seq, tied embeddings."""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gelu(z):
    return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))


def gelu_prime(z):
    u = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    t = np.tanh(u)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)


# --- small parts ----------------------------------------------------------------------------------


class Linear:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        self.b = rng.normal(size=n_out) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        axes = tuple(range(dy.ndim - 1))
        self.dW = np.tensordot(self.x, dy, axes=(axes, axes))
        self.db = dy.sum(axis=axes)
        return dy @ self.W.T


class LayerNorm:
    def __init__(self, n, rng, eps=1e-5):
        self.gamma = rng.uniform(0.5, 1.5, n)
        self.beta = rng.normal(size=n) * 0.2
        self.eps = eps

    def forward(self, x):
        self.inv = 1 / np.sqrt(x.var(-1, keepdims=True) + self.eps)
        self.xhat = (x - x.mean(-1, keepdims=True)) * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        axes = tuple(range(dy.ndim - 1))
        self.dgamma, self.dbeta = (dy * self.xhat).sum(axis=axes), dy.sum(axis=axes)
        d = dy * self.gamma
        return self.inv * (
            d - d.mean(-1, keepdims=True) - self.xhat * (d * self.xhat).mean(-1, keepdims=True)
        )


class Attention:
    """Multi-head; forward(x) is self-attention, forward(x, memory) is cross-attention."""

    def __init__(self, width, heads, rng, causal=False):
        self.q, self.k, self.v, self.o = (Linear(width, width, rng) for _ in range(4))
        self.heads, self.causal = heads, causal

    def _split(self, x):
        b, t, w = x.shape
        return x.reshape(b, t, self.heads, w // self.heads).transpose(0, 2, 1, 3)

    def _merge(self, x):
        b, h, t, d = x.shape
        return x.transpose(0, 2, 1, 3).reshape(b, t, h * d)

    def forward(self, x, memory=None):
        self.crossed = memory is not None
        source = memory if self.crossed else x
        self.Q, self.K, self.V = (
            self._split(m.forward(s)) for m, s in ((self.q, x), (self.k, source), (self.v, source))
        )
        scores = self.Q @ self.K.transpose(0, 1, 3, 2) / np.sqrt(self.Q.shape[-1])
        if self.causal:
            t, s = scores.shape[-2:]
            scores = np.where(np.tril(np.ones((t, s), dtype=bool)), scores, -1e9)
        self.P = softmax(scores)
        return self.o.forward(self._merge(self.P @ self.V))

    def backward(self, dy):
        dc = self._split(self.o.backward(dy))
        dP = dc @ self.V.transpose(0, 1, 3, 2)
        dS = self.P * (dP - (dP * self.P).sum(-1, keepdims=True)) / np.sqrt(self.Q.shape[-1])
        dx = self.q.backward(self._merge(dS @ self.K))
        dsource = self.k.backward(self._merge(dS.transpose(0, 1, 3, 2) @ self.Q))
        dsource = dsource + self.v.backward(self._merge(self.P.transpose(0, 1, 3, 2) @ dc))
        return (dx, dsource) if self.crossed else dx + dsource


class FeedForward:
    def __init__(self, width, inner, rng, activation="relu"):
        self.first, self.second = Linear(width, inner, rng), Linear(inner, width, rng)
        self.activation = activation

    def forward(self, x):
        self.z = self.first.forward(x)
        return self.second.forward(np.maximum(self.z, 0) if self.activation == "relu" else gelu(self.z))

    def backward(self, dy):
        d = self.second.backward(dy)
        return self.first.backward(d * (self.z > 0) if self.activation == "relu" else d * gelu_prime(self.z))


def case_layer_norm_feed_forward_part():
    rng = np.random.default_rng(0)
    return {"subject": FeedForward(4, 7, rng, "gelu"), "inputs": (rng.normal(size=(2, 3, 4)),)}


# --- blocks ---------------------------------------------------------------------------------------


class EncoderBlockPostNorm:
    """norm(x + f(x)), as in the original paper."""

    def __init__(self, width, heads, inner, rng):
        self.attention, self.norm1 = Attention(width, heads, rng), LayerNorm(width, rng)
        self.ffn, self.norm2 = FeedForward(width, inner, rng), LayerNorm(width, rng)

    def forward(self, x):
        x = self.norm1.forward(x + self.attention.forward(x))
        return self.norm2.forward(x + self.ffn.forward(x))

    def backward(self, dy):
        d = self.norm2.backward(dy)
        d = d + self.ffn.backward(d)
        d = self.norm1.backward(d)
        return d + self.attention.backward(d)


def case_encoder_post_norm():
    rng = np.random.default_rng(1)
    return {"subject": EncoderBlockPostNorm(6, 2, 9, rng), "inputs": (rng.normal(size=(2, 4, 6)),)}


class EncoderBlockPreNorm:
    """x + f(norm(x)), the usual choice today."""

    def __init__(self, width, heads, inner, rng):
        self.ln_1, self.attn = LayerNorm(width, rng), Attention(width, heads, rng)
        self.ln_2, self.mlp = LayerNorm(width, rng), FeedForward(width, inner, rng, "gelu")

    def forward(self, x):
        x = x + self.attn.forward(self.ln_1.forward(x))
        x = x + self.mlp.forward(self.ln_2.forward(x))
        return x

    def backward(self, dx):
        dx = dx + self.ln_2.backward(self.mlp.backward(dx))
        dx = dx + self.ln_1.backward(self.attn.backward(dx))
        return dx


def case_encoder_pre_norm():
    rng = np.random.default_rng(2)
    return {"subject": EncoderBlockPreNorm(6, 3, 8, rng), "inputs": (rng.normal(size=(2, 5, 6)),)}


class DecoderBlock:
    """Masked self-attention, cross-attention to the memory, feed-forward; post-norm; two inputs."""

    def __init__(self, width, heads, inner, rng):
        self.self_attention = Attention(width, heads, rng, causal=True)
        self.cross_attention = Attention(width, heads, rng)
        self.ffn = FeedForward(width, inner, rng)
        self.norms = [LayerNorm(width, rng) for _ in range(3)]

    def forward(self, x, memory):
        x = self.norms[0].forward(x + self.self_attention.forward(x))
        x = self.norms[1].forward(x + self.cross_attention.forward(x, memory))
        return self.norms[2].forward(x + self.ffn.forward(x))

    def backward(self, dy):
        d = self.norms[2].backward(dy)
        d = self.norms[1].backward(d + self.ffn.backward(d))
        dquery, dmemory = self.cross_attention.backward(d)
        d = self.norms[0].backward(d + dquery)
        return d + self.self_attention.backward(d), dmemory


def case_decoder_block_with_memory():
    rng = np.random.default_rng(3)
    return {
        "subject": DecoderBlock(6, 2, 8, rng),
        "inputs": (rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 5, 6))),
        "intent": {"causal"},
    }


class PreNormDecoderBlock:
    def __init__(self, width, heads, inner, rng):
        self.parts = {
            "self": Attention(width, heads, rng, causal=True),
            "cross": Attention(width, heads, rng),
            "mlp": FeedForward(width, inner, rng, activation="gelu"),
            "norm_self": LayerNorm(width, rng),
            "norm_cross": LayerNorm(width, rng),
            "norm_mlp": LayerNorm(width, rng),
        }

    def forward(self, x, memory):
        p = self.parts
        x = x + p["self"].forward(p["norm_self"].forward(x))
        x = x + p["cross"].forward(p["norm_cross"].forward(x), memory)
        return x + p["mlp"].forward(p["norm_mlp"].forward(x))

    def backward(self, dout):
        p = self.parts
        dout = dout + p["norm_mlp"].backward(p["mlp"].backward(dout))
        dq, dmemory = p["cross"].backward(dout)
        dout = dout + p["norm_cross"].backward(dq)
        dout = dout + p["norm_self"].backward(p["self"].backward(dout))
        return dout, dmemory


def case_decoder_block_pre_norm_dict():
    rng = np.random.default_rng(4)
    return {
        "subject": PreNormDecoderBlock(4, 2, 6, rng),
        "inputs": (rng.normal(size=(3, 5, 4)), rng.normal(size=(3, 2, 4))),
        "intent": {"causal"},
    }


class ParallelBlock:
    """Attention and feed-forward side by side after one norm: x + a(n(x)) + f(n(x))."""

    def __init__(self, width, heads, inner, rng):
        self.norm, self.attention = LayerNorm(width, rng), Attention(width, heads, rng, causal=True)
        self.mlp = FeedForward(width, inner, rng, "gelu")

    def forward(self, x):
        n = self.norm.forward(x)
        return x + self.attention.forward(n) + self.mlp.forward(n)

    def backward(self, dy):
        return dy + self.norm.backward(self.attention.backward(dy) + self.mlp.backward(dy))


def case_parallel_block():
    rng = np.random.default_rng(5)
    return {"subject": ParallelBlock(4, 2, 7, rng), "inputs": (rng.normal(size=(2, 3, 4)),)}


class GatedFeedForward:
    """SwiGLU with RMS norm and no biases, as recent language models have it."""

    def __init__(self, d, inner, rng):
        self.norm_weight = rng.uniform(0.6, 1.4, d)
        self.w1, self.w3 = rng.normal(size=(2, d, inner)) * 0.4
        self.w2 = rng.normal(size=(inner, d)) * 0.4

    def forward(self, x):
        self.x = x
        self.rms = np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
        self.n = x / self.rms
        self.h = self.n * self.norm_weight
        self.a, self.g = self.h @ self.w1, self.h @ self.w3
        self.s = 1 / (1 + np.exp(-self.a))
        self.u = self.a * self.s * self.g
        return x + self.u @ self.w2

    def backward(self, dout):
        self.w2_grad = np.einsum("bti,btj->ij", self.u, dout)
        du = dout @ self.w2.T
        dg = du * self.a * self.s
        da = du * self.g * self.s * (1 + self.a * (1 - self.s))
        self.w1_grad, self.w3_grad = (
            np.einsum("bti,btj->ij", self.h, da),
            np.einsum("bti,btj->ij", self.h, dg),
        )
        dh = da @ self.w1.T + dg @ self.w3.T
        self.norm_weight_grad = (dh * self.n).reshape(-1, dh.shape[-1]).sum(0)
        dn = dh * self.norm_weight
        return dout + (dn - self.n * (dn * self.n).mean(-1, keepdims=True)) / self.rms


def case_swiglu_rms_norm():
    rng = np.random.default_rng(6)
    return {"subject": GatedFeedForward(5, 7, rng), "inputs": (rng.normal(size=(2, 3, 5)),)}


class DropoutEncoderBlock:
    """Dropout on both sub-layers, p and a training flag given to forward; masks drawn from np.random."""

    def __init__(self, width, heads, inner, rng, p=0.2):
        self.attention, self.ffn = Attention(width, heads, rng), FeedForward(width, inner, rng)
        self.norm_a, self.norm_f = LayerNorm(width, rng), LayerNorm(width, rng)
        self.p = p

    def _drop(self, x, training):
        mask = (np.random.rand(*x.shape) > self.p) / (1 - self.p) if training else np.ones(x.shape)
        return x * mask, mask

    def forward(self, x, training=True):
        a, self.mask_a = self._drop(self.attention.forward(x), training)
        x = self.norm_a.forward(x + a)
        f, self.mask_f = self._drop(self.ffn.forward(x), training)
        return self.norm_f.forward(x + f)

    def backward(self, dy):
        d = self.norm_f.backward(dy)
        d = d + self.ffn.backward(d * self.mask_f)
        d = self.norm_a.backward(d)
        return d + self.attention.backward(d * self.mask_a)


def case_encoder_block_dropout_training():
    rng = np.random.default_rng(7)
    return {
        "subject": DropoutEncoderBlock(4, 2, 6, rng),
        "inputs": (rng.normal(size=(2, 3, 4)),),
        "training": True,
    }


def case_encoder_block_dropout_evaluation():
    rng = np.random.default_rng(8)
    return {
        "subject": DropoutEncoderBlock(4, 2, 6, rng),
        "inputs": (rng.normal(size=(2, 3, 4)),),
        "training": False,
    }


# --- embeddings -----------------------------------------------------------------------------------


class EmbeddingWithSinusoids:
    """Token table times sqrt(d) plus a fixed sinusoidal table (self.pe is a buffer)."""

    def __init__(self, vocabulary, d, longest, rng):
        self.table_of_tokens = rng.normal(size=(vocabulary, d)) * 0.3
        t, i = np.arange(longest)[:, None], np.arange(0, d, 2)
        self.pe = np.zeros((longest, d))
        self.pe[:, 0::2] = np.sin(t / 10000 ** (i / d))
        self.pe[:, 1::2] = np.cos(t / 10000 ** (i / d))
        self.d = d

    def forward(self, ids):
        self.ids = ids
        return self.table_of_tokens[ids] * np.sqrt(self.d) + self.pe[: ids.shape[1]]

    def backward(self, dy):
        self.table_of_tokens_grad = np.zeros_like(self.table_of_tokens)
        np.add.at(self.table_of_tokens_grad, self.ids, dy * np.sqrt(self.d))


def case_embedding_sinusoids():
    rng = np.random.default_rng(9)
    return {
        "subject": EmbeddingWithSinusoids(9, 4, 12, rng),
        "inputs": (np.array([[1, 4, 4, 8, 0], [2, 1, 7, 4, 1]]),),
    }


class LearnedPositions:
    """Tokens, positions and segments are all learned; then a norm."""

    def __init__(self, vocabulary, longest, segments, d, rng):
        self.tokens, self.positions = rng.normal(size=(vocabulary, d)), rng.normal(size=(longest, d))
        self.segments = rng.normal(size=(segments, d))
        self.norm = LayerNorm(d, rng)

    def forward(self, ids, segment_ids):
        self.ids, self.segment_ids = ids, segment_ids
        return self.norm.forward(
            self.tokens[ids] + self.positions[np.arange(ids.shape[1])] + self.segments[segment_ids]
        )

    def backward(self, dy):
        d = self.norm.backward(dy)
        self.dtokens, self.dpositions, self.dsegments = map(
            np.zeros_like, (self.tokens, self.positions, self.segments)
        )
        np.add.at(self.dtokens, self.ids, d)
        self.dpositions[: d.shape[1]] = d.sum(axis=0)
        one_hot = np.eye(len(self.segments))[self.segment_ids]
        self.dsegments[:] = np.einsum("bts,btd->sd", one_hot, d)
        return None, None


def case_learned_positions_and_segments():
    rng = np.random.default_rng(10)
    ids, segments = np.array([[3, 3, 5, 0], [6, 1, 3, 2]]), np.array([[0, 0, 1, 1], [0, 1, 1, 1]])
    return {"subject": LearnedPositions(7, 6, 2, 5, rng), "inputs": (ids, segments)}


class PatchEmbedding:
    """A vision transformer's front: patches, projection, a class token in front, learned positions."""

    def __init__(self, patch, channels, size, d, rng):
        self.patch = patch
        count = (size // patch) ** 2
        self.projection = Linear(patch * patch * channels, d, rng)
        self.class_token = rng.normal(size=d)
        self.position = rng.normal(size=(count + 1, d)) * 0.3

    def forward(self, images):  # (B, C, H, W)
        B, C, H, W = images.shape
        p = self.patch
        self.shape = images.shape
        patches = (
            images.reshape(B, C, H // p, p, W // p, p).transpose(0, 2, 4, 1, 3, 5).reshape(B, -1, C * p * p)
        )
        x = self.projection.forward(patches)
        token = np.broadcast_to(self.class_token, (B, 1, x.shape[2]))
        return np.concatenate([token, x], axis=1) + self.position

    def backward(self, dy):
        B, C, H, W = self.shape
        p = self.patch
        self.dposition = dy.sum(axis=0)
        self.dclass_token = dy[:, 0].sum(axis=0)
        d = self.projection.backward(dy[:, 1:])
        return d.reshape(B, H // p, W // p, C, p, p).transpose(0, 3, 1, 4, 2, 5).reshape(self.shape)


def case_patch_embedding():
    rng = np.random.default_rng(11)
    return {"subject": PatchEmbedding(2, 3, 4, 5, rng), "inputs": (rng.normal(size=(2, 3, 4, 4)),)}


# --- whole transformers ---------------------------------------------------------------------------


class Encoder:
    def __init__(self, depth, width, heads, inner, rng):
        self.blocks = [EncoderBlockPostNorm(width, heads, inner, rng) for _ in range(depth)]

    def forward(self, x):
        for block in self.blocks:
            x = block.forward(x)
        return x

    def backward(self, d):
        for block in self.blocks[::-1]:
            d = block.backward(d)
        return d


class Decoder:
    """Every layer looks at the memory, so that the memory's gradient is a sum over the layers."""

    def __init__(self, depth, width, heads, inner, rng):
        self.blocks = [DecoderBlock(width, heads, inner, rng) for _ in range(depth)]

    def forward(self, x, memory):
        for block in self.blocks:
            x = block.forward(x, memory)
        return x

    def backward(self, d):
        dmemory = 0
        for block in reversed(self.blocks):
            d, dm = block.backward(d)
            dmemory = dmemory + dm
        return d, dmemory


def case_encoder_two_blocks():
    rng = np.random.default_rng(12)
    return {"subject": Encoder(2, 4, 2, 5, rng), "inputs": (rng.normal(size=(2, 3, 4)),)}


def case_decoder_two_blocks():
    rng = np.random.default_rng(13)
    return {
        "subject": Decoder(2, 4, 2, 5, rng),
        "inputs": (rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))),
        "intent": {"causal"},
    }


class Seq2Seq:
    """source ids and (already shifted) decoder ids -> logits; the memory's gradient flows back into the
    encoder.
    """

    def __init__(self, source_size, target_size, width, rng):
        self.source = EmbeddingWithSinusoids(source_size, width, 10, rng)
        self.target = EmbeddingWithSinusoids(target_size, width, 10, rng)
        self.encoder = Encoder(2, width, 2, 6, rng)
        self.decoder = Decoder(2, width, 2, 6, rng)
        self.head = Linear(width, target_size, rng)

    def forward(self, source_ids, decoder_ids):
        memory = self.encoder.forward(self.source.forward(source_ids))
        return self.head.forward(self.decoder.forward(self.target.forward(decoder_ids), memory))

    def backward(self, dlogits):
        d, dmemory = self.decoder.backward(self.head.backward(dlogits))
        self.target.backward(d)
        self.source.backward(self.encoder.backward(dmemory))


def token_cross_entropy(logits, target):
    p = softmax(logits)
    b, t = np.indices(target.shape)
    return -np.log(p[b, t, target]).mean()


def token_cross_entropy_gradient(logits, target):
    d = softmax(logits)
    b, t = np.indices(target.shape)
    d[b, t, target] -= 1
    return d / target.size


def case_seq2seq():
    rng = np.random.default_rng(14)
    source, decoder_in = np.array([[2, 5, 1, 4, 4], [3, 3, 6, 1, 2]]), np.array([[0, 2, 3], [0, 4, 4]])
    return {"subject": Seq2Seq(7, 6, 4, rng), "inputs": (source, decoder_in), "intent": {"causal"}}


def case_seq2seq_with_loss():
    rng = np.random.default_rng(15)
    source, decoder_in = np.array([[2, 5, 1, 4, 4], [3, 3, 6, 1, 2]]), np.array([[0, 2, 3], [0, 4, 4]])
    return {
        "subject": Seq2Seq(7, 6, 4, rng),
        "inputs": (source, decoder_in),
        "loss": (token_cross_entropy, token_cross_entropy_gradient),
        "target": np.array([[2, 3, 1], [4, 4, 1]]),
    }


class GPT:
    """Decoder only, pre-norm, the output matrix tied to the token table: its gradient has two
    contributions.
    """

    def __init__(self, vocabulary, longest, width, heads, depth, rng):
        self.wte = rng.normal(size=(vocabulary, width)) * 0.5
        self.wpe = rng.normal(size=(longest, width)) * 0.2
        self.h = [ParallelFree(width, heads, rng) for _ in range(depth)]
        self.ln_f = LayerNorm(width, rng)

    def forward(self, ids):
        self.ids = ids
        x = self.wte[ids] + self.wpe[: ids.shape[1]]
        for block in self.h:
            x = block.forward(x)
        self.final = self.ln_f.forward(x)
        return self.final @ self.wte.T

    def backward(self, dlogits):
        self.dwte = np.einsum("btv,btd->vd", dlogits, self.final)
        d = self.ln_f.backward(dlogits @ self.wte)
        for block in reversed(self.h):
            d = block.backward(d)
        np.add.at(self.dwte, self.ids, d)
        self.dwpe = np.zeros_like(self.wpe)
        self.dwpe[: d.shape[1]] = d.sum(axis=0)


class ParallelFree:
    """A causal pre-norm block."""

    def __init__(self, width, heads, rng):
        self.ln1, self.att = LayerNorm(width, rng), Attention(width, heads, rng, causal=True)
        self.ln2, self.mlp = LayerNorm(width, rng), FeedForward(width, 2 * width, rng, "gelu")

    def forward(self, x):
        x = x + self.att.forward(self.ln1.forward(x))
        return x + self.mlp.forward(self.ln2.forward(x))

    def backward(self, d):
        d = d + self.ln2.backward(self.mlp.backward(d))
        return d + self.ln1.backward(self.att.backward(d))


def case_gpt_tied_embeddings():
    rng = np.random.default_rng(16)
    ids = np.array([[1, 4, 4, 0], [6, 2, 1, 5]])
    return {"subject": GPT(7, 6, 4, 2, 2, rng), "inputs": (ids,), "intent": {"causal"}}


def case_gpt_next_token_loss():
    rng = np.random.default_rng(17)
    text = np.array([[1, 4, 4, 0, 3], [6, 2, 1, 5, 5]])
    return {
        "subject": GPT(7, 6, 4, 2, 1, rng),
        "inputs": (text[:, :-1],),
        "target": text[:, 1:],
        "loss": (token_cross_entropy, token_cross_entropy_gradient),
    }


class SentenceClassifier:
    """Encoder, mean over the real (unpadded) tokens, linear head. The pad id is 0."""

    PAD = 0

    def __init__(self, vocabulary, width, classes, rng):
        self.embedding = rng.normal(size=(vocabulary, width)) * 0.7
        self.norm = LayerNorm(width, rng)
        self.ffn = FeedForward(width, 6, rng)
        self.head = Linear(width, classes, rng)

    def forward(self, ids):
        self.ids = ids
        real = (ids != self.PAD)[..., None].astype(float)
        x = self.embedding[ids]
        x = self.norm.forward(x + self.ffn.forward(x))
        self.share = real / real.sum(axis=1, keepdims=True)
        return self.head.forward((x * self.share).sum(axis=1))

    def backward(self, dlogits):
        d = self.head.backward(dlogits)[:, None, :] * self.share
        d = self.norm.backward(d)
        d = d + self.ffn.backward(d)
        self.embedding_grad = np.zeros_like(self.embedding)
        for row, grad in zip(self.ids.ravel(), d.reshape(-1, d.shape[-1])):
            self.embedding_grad[row] += grad


def case_sentence_classifier_padding():
    rng = np.random.default_rng(18)
    return {
        "subject": SentenceClassifier(8, 5, 3, rng),
        "inputs": (np.array([[4, 2, 2, 7, 1], [5, 6, 3, 0, 0]]),),
        "intent": {"padding"},
    }


class FlatTransformer:
    """All parameters of a one-block encoder in one dict, one function each way, gradients in a dict of
    equal keys.
    """

    def __init__(self, d=4, hidden=6, seed=19):
        r = np.random.default_rng(seed)
        shapes = {
            "wq": (d, d),
            "wk": (d, d),
            "wv": (d, d),
            "wo": (d, d),
            "w1": (d, hidden),
            "b1": (hidden,),
            "w2": (hidden, d),
            "b2": (d,),
        }
        self.params = {k: r.normal(size=s) * 0.5 for k, s in shapes.items()}
        self.grads = {k: None for k in shapes}

    def forward(self, x):
        P = self.params
        q, k, v = x @ P["wq"], x @ P["wk"], x @ P["wv"]
        a = softmax(np.einsum("btd,bsd->bts", q, k) / 2.0)  # sqrt(4) = 2
        c = a @ v
        y = x + c @ P["wo"]
        h = np.tanh(y @ P["w1"] + P["b1"])
        self.cache = dict(x=x, q=q, k=k, v=v, a=a, c=c, y=y, h=h)
        return y + h @ P["w2"] + P["b2"]

    def backward(self, dout):
        P, G, c = self.params, self.grads, self.cache

        def flat(u, w):
            return u.reshape(-1, u.shape[-1]).T @ w.reshape(-1, w.shape[-1])

        G["w2"], G["b2"] = flat(c["h"], dout), dout.sum((0, 1))
        dh = dout @ P["w2"].T * (1 - c["h"] ** 2)
        G["w1"], G["b1"] = flat(c["y"], dh), dh.sum((0, 1))
        dy = dout + dh @ P["w1"].T
        G["wo"] = flat(c["c"], dy)
        dc = dy @ P["wo"].T
        da = dc @ c["v"].swapaxes(1, 2)
        ds = c["a"] * (da - (da * c["a"]).sum(-1, keepdims=True)) / 2.0
        dq, dk, dv = ds @ c["k"], ds.swapaxes(1, 2) @ c["q"], c["a"].swapaxes(1, 2) @ dc
        G["wq"], G["wk"], G["wv"] = flat(c["x"], dq), flat(c["x"], dk), flat(c["x"], dv)
        return dy + dq @ P["wq"].T + dk @ P["wk"].T + dv @ P["wv"].T


def case_flat_dict_block():
    return {"subject": FlatTransformer(), "inputs": (np.random.default_rng(20).normal(size=(2, 3, 4)),)}
