"""The codes that a finding can carry, most specific first within each section, each with its cause in plain
words and its repair.

The docs have a page for each: docs/doctor/CODE.md.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    code: str
    section: str  # A the contract, B scale and index, C structure, D time, E the forward, F training
    cause: str
    repair: str


def _table(section: str, *rows: tuple[str, str, str]) -> dict[str, Diagnosis]:
    return {code: Diagnosis(code, section, cause, repair) for code, cause, repair in rows}


CATALOGUE: dict[str, Diagnosis] = {
    **_table(
        "A",
        ("backward-raises", "the code fails with an exception",
         "print the shapes that meet on that line; one of them lacks a transpose, a sum or an axis"),
        ("updates-weights-early", "backward changes a weight before it is done with it",
         "dx = dy @ self.W.T          # first everything that reads W\nself.W -= lr * dW           # "
             "then the update"),
        ("mask-redrawn", "backward draws a new dropout mask instead of using forward's",
         "self.mask = (rng.random(x.shape) >= p) / (1 - p)   # in forward\ndx = dy * self.mask         "
             "                       # in backward"),
        ("cache-overwritten", "one layer is used twice, and its second forward overwrites what the "
            "first backward needs",
         "y1, cache1 = layer.forward(x1)   # let each call return its own cache ...\n"
         "dx1 = layer.backward(dy1, cache1)  # ... and hand it back"),
        ("unchained-upstream", "every layer of a stack is handed the same gradient instead of its "
            "successor's",
         "for layer in reversed(self.layers):\n    dy = layer.backward(dy)     # what this layer "
             "returns goes to the one before it"),
        ("mutates-upstream", "backward changes in place an array that is not its own",
         "dz = dy * (z > 0)    # a new array, not dy *= ..."),
        ("ignores-upstream", "the gradient from above does not enter",
         "dx = dy * local_derivative    # chain rule: multiply with what arrives"),
        ("nonlinear-backward", "backward is not linear in the gradient that arrives",
         "masks, signs and scales belong to forward's values, never to dy"),
        ("accumulates-across-calls", "a gradient adds up over calls although others are reset",
         "dW = np.zeros_like(W)    # at the beginning of each backward"),
        ("constant-offset", "a term is added to the gradient that does not depend on what arrives",
         "backward(0) must be 0: drop the constant term"),
        ("gradient-never-computed", "a gradient is returned but never filled",
         "compute it; at the moment it is the empty buffer"),
        ("gradient-shape-wrong", "a gradient has another shape than what it belongs to",
         "assert dW.shape == W.shape"),
    ),
    **_table(
        "B",
        ("clipped-in-backward", "the gradient is clipped inside backward",
         "return the gradient as it is; clip once, over all parameters, before the optimizer's step"),
        ("regularization-in-gradient", "a weight-decay term is in the gradient but not in the loss",
         "loss = data_loss + 0.5 * decay * (W**2).sum()   # or leave decay * W out of dW"),
        ("activation-derivative-misplaced", "the activation's derivative is taken at the wrong place",
         "dz = dy * f_prime(z)      # at the pre-activation; with a = sigmoid(z): a * (1 - a)"),
        ("activation-derivative-missing", "the activation's derivative is left out",
         "dz = dy * f_prime(z)"),
        ("tied-weight-lost", "a weight that is used several times receives the gradient of one use only",
         "dW = dW_first_use + dW_second_use"),
        ("duplicate-index-lost", "a repeated index keeps only its last contribution",
         "np.add.at(dW, ids, dy)    # dW[ids] += dy forgets repetitions"),
        ("weight-index-collapsed", "a weight's gradient is indexed along one axis only",
         "dW = dy.T @ x             # dW[i, j], not dW[j]"),
        ("bias-axes-wrong", "the bias gradient is summed over the wrong axes",
         "db = dy.sum(axis=all axes over which the bias was broadcast)"),
        ("reshape-for-transpose", "a reshape stands where axes must be exchanged: it scrambles the numbers",
         "x.transpose(...)          # reshape never exchanges axes"),
        ("transpose-missing", "a transpose is missing",
         "dx = dy @ W.T"),
        ("gradients-swapped", "two gradients are stored under each other's names",
         "check the order of what backward returns against the order of the parameters"),
        ("broadcast-not-summed", "the gradient of something that was repeated takes one copy (or the "
            "mean) instead of the sum",
         "dx = dy.sum(axis=the repeated axis)"),
        ("branch-overwritten", "of several branches that use a value, only some give it their gradient",
         "dx = dx_branch1 + dx_branch2     # += where the value forked"),
        ("sign-flipped", "the gradient has the wrong sign", "multiply by -1"),
        ("mean-sum-mismatch", "the loss averages over one count, the gradient over another",
         "dy = (p - y) / count      # the same count as in the loss"),
    ),
    **_table(
        "C",
        ("residual-gradient-missing", "the skip connection's gradient is left out",
         "dx = sublayer.backward(dy) + dy     # y = x + sublayer(x)"),
        ("memory-gradient-lost", "not every use of the encoder's output adds to its gradient",
         "dmemory += dkeys @ Wk.T + dvalues @ Wv.T    # in every decoder layer"),
        ("softmax-diagonal-only", "p * (1 - p) is only the diagonal of the softmax's Jacobian",
         "dz = p * (dp - (dp * p).sum(-1, keepdims=True))"),
        ("statistics-treated-constant", "the mean or the variance of a norm is treated as a constant",
         "dx = rstd * (dxhat - dxhat.mean(-1, keepdims=True) - xhat * (dxhat * xhat).mean(-1, "
             "keepdims=True))"),
        ("norm-scale-dropped", "gamma is left out of the input gradient, or stands outside of the means",
         "dxhat = dy * gamma        # first, then the means"),
        ("kernel-not-flipped", "the input gradient of a convolution uses the unflipped kernel",
         "kernel[:, :, ::-1, ::-1]  # full correlation with the flipped kernel"),
        ("overlap-overwritten", "overlapping windows overwrite each other's gradient",
         "dx[..., i:i+k, j:j+k] += ...        # not ="),
        ("pool-ties-duplicated", "every tied maximum receives the whole gradient",
         "use argmax: one winner per window"),
        ("first-window-only", "only one window receives its gradient", "loop over all windows"),
        ("stride-or-padding-misaligned", "the gradient is shifted: not dilated by the stride, or the "
            "padding is not cropped",
         "dx_padded[:, :, i*stride:i*stride+k, ...] += ...\ndx = dx_padded[:, :, pad:-pad, pad:-pad]"),
        ("dropout-scale-missing", "what dropout keeps is not scaled by 1 / (its share) in one of the two "
            "passes",
         "dx = dy * mask / (1 - p)"),
        ("attention-scale-missing", "1 / sqrt(d) is missing in backward",
         "dscores = dscores / np.sqrt(d)      # as forward scaled the scores"),
    ),
    **_table(
        "D",
        ("state-carried-over", "the hidden state of one batch leaks into the next",
         "h = np.zeros((batch, hidden))    # at the beginning of each forward, or take the state as an "
             "argument"),
        ("cell-gradient-dropped", "the gradient of the next step's cell is not carried back",
         "dc = dc_next + dh * o * (1 - np.tanh(c)**2)\ndc_next = dc * f"),
        ("hidden-gradient-dropped", "the gradient of the next step's hidden state is not carried back",
         "dh = dy[:, t] + dh_next\n...\ndh_next = dz @ Wh.T"),
        ("last-step-only", "a weight's gradient is overwritten at each time step",
         "dW += ...                 # inside the loop over time"),
        ("time-step-misaligned", "a value of another time step is used",
         "dWh += h[t - 1].T @ dz    # the state that went into step t, not the one that came out of it"),
        ("gate-order-permuted", "the blocks of the stacked gates stand in another order",
         "i, f, g, o                # the same order in forward, backward and the weights"),
    ),
    **_table(
        "E",
        ("target-leak", "the decoder is given the token that it should predict",
         "decoder_input = target[:, :-1]; labels = target[:, 1:]"),
        ("causal-leak", "a position sees the future",
         "scores = np.where(np.tril(np.ones((T, T), bool)), scores, -np.inf)    # before the softmax"),
        ("padding-leak", "padded positions change the output", "mask the padded keys before the softmax"),
        ("train-eval-mismatch", "evaluation still behaves like training",
         "if not self.training: return x    # dropout; batch norm: running statistics"),
        ("softmax-twice", "probabilities are handed to a loss that takes logits", "hand the logits to "
            "the loss"),
        ("attention-roles-swapped", "query, key or value comes from the wrong side",
         "q = x @ Wq; k = memory @ Wk; v = memory @ Wv"),
        ("kernel-shared-across-channels", "one kernel serves every input channel",
         "weight = rng.normal(size=(out, in, kh, kw))"),
        ("weight-shared-across-inputs", "one weight per neuron serves all inputs",
         "weight = rng.normal(size=(out, in)); y = x @ weight.T + bias"),
        ("head-merge-scrambled", "the heads are merged without exchanging axes first",
         "y.transpose(0, 2, 1, 3).reshape(batch, time, features)"),
        ("softmax-axis-wrong", "the softmax normalizes over the wrong axis, or is masked afterwards",
         "softmax over the keys: axis=-1, after masking with -inf"),
        ("broadcast-collapsed", "(batch, 1) minus (batch,) became (batch, batch)",
         "prediction = prediction.reshape(target.shape)"),
        ("patch-order-permuted", "patches are flattened in another order than the weight",
         "im2col columns and weight.reshape(out, -1) must agree: (channels, kh, kw)"),
        ("batch-leak", "samples of a batch influence each other", "never mix the batch axis: check "
            "every reshape and axis argument"),
    ),
    **_table(
        "F",
        ("dtype-hazard", "numbers are kept in a type that cannot hold them", "x = x.astype(np.float32)"),
        ("adam-bias-correction-wrong", "Adam's bias correction is wrong",
         "m_hat = m / (1 - beta1**t); v_hat = v / (1 - beta2**t)    # t: this parameter's own step, from 1"),
        ("evaluation-on-training-data", "the evaluation reads training rows", "evaluate on rows that "
            "training never saw"),
        ("labels-misaligned", "inputs and labels are shuffled apart", "order = "
            "rng.permutation(len(x)); x, y = x[order], y[order]"),
        ("input-unused", "the input does not reach the output", "follow x through forward: somewhere "
            "it is replaced"),
        ("rows-not-updated", "only part of a parameter is ever updated", "W -= lr * dW    # the whole "
            "array, no loop over the batch"),
        ("parameter-not-updated", "a parameter has a gradient but never moves", "register it with the "
            "optimizer"),
        ("update-disagrees", "the step taken is not the step that the gradient asks for", "W -= lr * dW"),
        ("symmetric-units", "units start equal and stay equal", "W = rng.normal(size=...) * np.sqrt(2 "
            "/ (fan_in + fan_out))"),
        ("gradient-explodes", "gradients grow from layer to layer or step to step",
         "orthogonal recurrent weights; clip the global norm; gates"),
        ("gradient-vanishes", "gradients shrink from layer to layer or step to step",
         "residual connections, a norm, Glorot or He initialization"),
        ("single-class-collapse", "one class is predicted for every input", "W = rng.normal(size=...) "
            "* np.sqrt(2 / (fan_in + fan_out))"),
        ("dead-units", "units that are 0 on every sample learn nothing", "a smaller learning rate, He "
            "initialization, a leaky ReLU"),
        ("initial-loss-off", "the first loss is far from ln(classes)", "smaller initial weights in the "
            "last layer; the mean over the batch"),
        ("update-ratio-off", "steps are far too small or too large for the weights", "choose the "
            "learning rate so that |step| / |weight| is near 1e-3"),
    ),
    **_table(
        "-",
        ("reference-mismatch", "it does something else than the reference", ""),
        ("gradient-mismatch", "the gradient is wrong, and no cause could be proved", ""),
    ),
}  # fmt: skip

RANK = {code: rank for rank, code in enumerate(CATALOGUE)}
