"""Which names are right for which mutant: the first rule that fits decides.

A rule has three patterns (regular expressions that must match as a whole): the function, what was done to it,
and the change, as "before → after". Then the accepted codes, and why. `gradient-mismatch` (wrong, cause not
proved) is never accepted. Where a code is only a consequence of the cause (a wrong shape after a forgotten
sum), it is accepted if it leads straight to the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mutants import Mutant

ANY = ".*"
ELEMENTWISE = "(relu|leaky_relu|sigmoid|tanh|gelu)_backward"
LOSS = "(mse_loss|binary_cross_entropy_with_logits|cross_entropy)_backward"
NORM = "(batch|layer)_norm_backward"
SOFTMAX = "(log_)?softmax_backward"
PRODUCT = "(linear|conv2d|adaptive_avg_pool2d)_backward"
DERIVATIVE = "activation-derivative-missing activation-derivative-misplaced"
SHAPES = "transpose-missing gradient-shape-wrong backward-raises"
STATISTICS = "statistics-treated-constant"
ELSEWHERE = "stride-or-padding-misaligned pool-ties-duplicated activation-derivative-misplaced"
SEQUENCE = "(rnn|lstm|gru)_backward"
NUMBERED = re.compile("(lstm|gru)_step_backward")  # here, equal changes are told apart
STEP = "(lstm_step|gru_step|activate)_backward"
ATTENTION = "scaled_dot_product_attention_backward"
TRANSFORMER = r"Transformer(En|De)coder(Layer)?\.backward"
DUPLICATES = "duplicate-index-lost backward-raises gradient-never-computed"


@dataclass(frozen=True)
class Rule:
    function: str
    operator: str
    change: str
    codes: str
    reason: str

    def fits(self, function: str, operator: str, change: str) -> bool:
        given = (function, operator, change)
        return all(
            re.fullmatch(pattern, text, re.DOTALL)
            for pattern, text in zip((self.function, self.operator, self.change), given, strict=True)
        )


RULES = [
    # ------------------------------------------------------------ faults of the whole function
    Rule(ANY, "upstream replaced by ones", ANY, "ignores-upstream", "that is what it does"),
    Rule(ANY, "upstream taken twice", ANY, "mean-sum-mismatch", "n / a is one constant, 1/2"),
    Rule(ANY, "upstream changed in place", ANY, "mutates-upstream", "that is what it does"),
    Rule(ELEMENTWISE, "stale cache", ANY, "cache-overwritten activation-derivative-misplaced",
         "the derivative is taken at z of another call"),
    Rule(r"((adaptive_)?avg_pool2d|flatten)_backward", "stale cache", ANY,
         "cache-overwritten backward-raises gradient-shape-wrong",
         "the cache holds sizes only, and they are another batch's"),
    Rule(ANY, "stale cache", ANY, "cache-overwritten", "backward meets the cache of another call"),
    # ------------------------------------------------------------ signs and order of what is returned
    Rule(r"MSELoss\.backward", ".* negated", ANY,
         "gradient-never-computed gradient-shape-wrong backward-raises",
         "-1 times a tuple is an empty tuple: nothing comes back"),
    Rule(ANY, ".* negated", ANY, "sign-flipped", "n / a = -1"),
    Rule("mse_loss_backward", "gradients swapped", ANY, "gradients-swapped sign-flipped",
         "the one is the negative of the other: both are true"),
    Rule("(lstm|gru)_step_backward", "gradients swapped", ANY, "gradients-swapped backward-raises",
         "parts of different sizes: the product that takes the wrong one fails"),
    Rule(ANY, "gradients swapped", ANY, "gradients-swapped", "that is what it does"),
    Rule(r"Residual\.backward", "sign", ANY, "sign-flipped residual-gradient-missing",
         "n - a = 2 g: the sign of the skip path"),
    # ------------------------------------------------------------ an upstream that is left out, or alone
    Rule("leaky_relu_backward", "right side dropped", ANY, "ignores-upstream constant-offset",
         "on the negative side g does not enter"),
    Rule(r"(dropout|relu|sigmoid|tanh|gelu|max_pool2d|cross_entropy)_backward", "left side dropped",
         r"(dy|dlosses) \* .*", "ignores-upstream", "only the local derivative is left"),
    Rule("mse_loss_backward", "left side dropped", "dlosses .*", "ignores-upstream",
         "g was in what is dropped"),
    Rule("binary_cross_entropy_with_logits_backward", "left side dropped", r"dlosses \* \(.*",
         "ignores-upstream", "only the local derivative is left"),
    Rule("binary_cross_entropy_with_logits_backward", "left side dropped", "(dlosses|dyes_loss|dno_loss) .*",
         "ignores-upstream constant-offset", "g is missing in one of two terms"),
    Rule(NORM, "left side dropped", r"dy \* .*", "ignores-upstream", "g was dropped"),
    Rule(NORM, "right side dropped", r"rstd \* .* → rstd", "ignores-upstream", "g was in what is dropped"),
    Rule("softmax_backward", "right side dropped", r"p \* \(dp - average\) .*", "ignores-upstream",
         "g was in what is dropped"),
    Rule("softmax_backward", "left side dropped", r"dp \* p .*", "constant-offset ignores-upstream",
         "g is missing in one of two terms: p · 1 is subtracted, whatever arrives"),
    Rule("log_softmax_backward", "right side dropped", r"p \* dy\.sum.*", "constant-offset",
         "p is subtracted, whatever arrives"),
    Rule(NORM, "right side dropped", r"normalized \* \(.*", "constant-offset " + STATISTICS,
         "x-hat is subtracted, whatever arrives, in the place of the variance's gradient"),
    # ------------------------------------------------------------ gradients that are never written
    Rule(r"RecurrentStack\.backward", "statement dropped", r"dinputs.*",
         "gradient-never-computed backward-raises", "the list that is read next stays empty"),
    Rule(ANY, "statement dropped", ANY, "gradient-never-computed", "the buffer stays empty"),
    Rule(r"Dropout\.backward", r"constant \+ 1", ANY, "gradient-never-computed backward-raises",
         "None comes back: the keys' gradient"),
    # ------------------------------------------------------------ = for +=
    Rule("(conv2d|avg_pool2d|max_pool2d)_backward", r"= for \+=", ANY, "overlap-overwritten",
         "windows that overlap overwrite each other"),
    Rule("embedding_backward", r"= for \+=", ANY, "duplicate-index-lost", "one of two equal ids is kept"),
    # ------------------------------------------------------------ scales
    Rule(LOSS, ANY, r"dloss / divisor .*", "mean-sum-mismatch", "the mean's divisor"),
    Rule("avg_pool2d_backward", ANY, r"dy / divisor .*", "mean-sum-mismatch",
         "forward takes the mean of a window, backward the sum"),
    Rule("mse_loss_backward", ANY, r"dlosses \* 2 → dlosses|2 → 3", "mean-sum-mismatch",
         "n / a is one constant: the factor 2 of the square"),
    Rule("dropout_backward", "right side dropped", ANY, "activation-derivative-missing dropout-scale-missing",
         "the mask, 0 or 1 / (1 - p), is dropout's derivative and its scale"),
    Rule(NORM, ANY, r"dy \* (_on_axis_1\(weight, dy\.ndim\)|weight) → dy", "norm-scale-dropped", "gamma"),
    Rule(NORM, "left side dropped", r"rstd \* .*", "norm-scale-dropped", "1 / std, the norm's other scale"),
    # ------------------------------------------------------------ sums over what was shared
    Rule(NORM, "right side dropped", r"dy \* normalized → dy",
         "gradients-swapped activation-derivative-missing",
         "gamma's gradient without its factor x-hat: it is beta's gradient"),
    Rule("linear_backward|" + NORM, "mean for sum", ANY, "mean-sum-mismatch broadcast-not-summed",
         "the mean where the sum over the batch is meant"),
    Rule("linear_backward|" + NORM, "sum dropped", ANY,
         "bias-axes-wrong broadcast-not-summed gradient-shape-wrong",
         "a parameter that all samples share gets one gradient per sample"),
    Rule("linear_backward", r"other axis|constant \+ 1", "dy_rows.*|0 → 1",
         "bias-axes-wrong gradient-shape-wrong",
         "summed over the features instead of the samples"),
    Rule("batch_norm_backward", r"constant \+ 1", "0 → 1|2 → 3",
         "bias-axes-wrong gradient-shape-wrong backward-raises " + STATISTICS,
         "the axes of all sums and means of the norm"),
    Rule("layer_norm_backward", "sign|right side dropped", r"dy\.ndim .*",
         "bias-axes-wrong gradient-shape-wrong backward-raises",
         "the axes over which bias and weight are summed"),
    Rule("layer_norm_backward", r"minus dropped|constant \+ 1", ANY,
         STATISTICS + " bias-axes-wrong branch-overwritten", "the axes of the norm's own two means"),
    # ------------------------------------------------------------ the two statistics of a norm
    Rule(NORM, "sum for mean", ANY, STATISTICS + " mean-sum-mismatch",
         "a statistic's gradient, m times too large"),
    Rule(NORM, "mean dropped", ANY, STATISTICS + " broadcast-not-summed branch-overwritten",
         "a statistic is shared by m numbers: its gradient is their mean"),
    Rule(NORM, "sign", ANY, STATISTICS + " sign-flipped", "one of three summed terms has the wrong sign"),
    Rule(NORM, "(left|right) side dropped", ANY, STATISTICS + " branch-overwritten",
         "the way through the mean or the variance is lost, or no longer its gradient"),
    # ------------------------------------------------------------ the softmax's Jacobian
    Rule(SOFTMAX, "sign", ANY, "sign-flipped", "one of two terms"),
    Rule(SOFTMAX, "mean for sum", ANY, "mean-sum-mismatch broadcast-not-summed", "the sum over the classes"),
    Rule(SOFTMAX, "sum dropped", ANY, "softmax-diagonal-only broadcast-not-summed",
         "exactly the diagonal of the Jacobian is left"),
    Rule(SOFTMAX, "right side dropped", "(dp - average|dy - .*) → .*",
         "softmax-diagonal-only statistics-treated-constant branch-overwritten",
         "the way through the normalizer is left out: only a diagonal remains"),
    Rule(SOFTMAX, "(left|right) side dropped", ANY, "activation-derivative-missing",
         "the factor p, the softmax's own derivative"),
    Rule("cross_entropy_backward", "sign", ANY, "sign-flipped branch-overwritten",
         "one of two terms of p - q"),
    Rule("cross_entropy_backward", "mean for sum", ANY, "mean-sum-mismatch broadcast-not-summed",
         "the mean over the classes where the sum is meant"),
    Rule("cross_entropy_backward", "sum dropped", ANY, "softmax-diagonal-only broadcast-not-summed",
         "q p - q: the target's own entry alone"),
    Rule("cross_entropy_backward", "right side dropped", r".* - weighted_targets → .*", "branch-overwritten",
         "the direct way of p - q is lost, the one through the normalizer is left"),
    Rule("cross_entropy_backward", "right side dropped", r"dlosses \* dz .*",
         "activation-derivative-missing backward-raises gradient-shape-wrong", "the loss's own derivative"),
    Rule("cross_entropy_backward", "right side dropped", ANY, "activation-derivative-missing",
         "the factor p, the derivative of the log of the normalizer"),
    Rule("cross_entropy_backward", "left side dropped", ANY,
         "mean-sum-mismatch activation-derivative-missing",
         "the row's weight, for which it counts"),
    Rule("cross_entropy_backward", r"moveaxis dropped", ANY, "reshape-for-transpose " + SHAPES,
         "the classes' axis is not moved back"),
    Rule("cross_entropy_backward", r"constant \+ 1", ANY,
         "softmax-axis-wrong bias-axes-wrong reshape-for-transpose broadcast-not-summed " + SHAPES,
         "an axis is named wrongly: of a sum, a reshape or a move"),
    # ------------------------------------------------------------ products of matrices, axes
    Rule("conv2d_backward", "axes . and . exchanged|constant .*", ANY,
         "reshape-for-transpose patch-order-permuted " + SHAPES,
         "axes of the kernel's gradient in another order"),
    Rule(PRODUCT, "transpose dropped|swapaxes dropped|factors exchanged", ANY, SHAPES,
         "a product whose axes no longer fit, except for square sizes"),
    Rule("linear_backward", r"constant \+ 1", ANY, "reshape-for-transpose " + SHAPES,
         "rows are cut in the wrong place: a reshape that scrambles"),
    # ------------------------------------------------------------ windows
    Rule("(avg|max)_pool2d_backward", r"constant \+ 1", "2 → 3|1 → 2", "backward-raises",
         "an axis is missing: the loop over windows cannot start"),
    Rule("max_pool2d_backward", "right side dropped", r"dy \* .*",
         "pool-ties-duplicated activation-derivative-missing",
         "every pixel of a window receives the gradient, not the winner alone"),
    Rule("max_pool2d_backward", "comparison inverted", ANY,
         "pool-ties-duplicated activation-derivative-misplaced activation-derivative-missing",
         "all but the winner receive the gradient"),
    Rule("max_pool2d_backward", ANY, r"i \* kernel_size\[1\].*",
         ELSEWHERE,
         "the winner is sought in another place of its window"),
    # ------------------------------------------------------------ repeated ids
    Rule("embedding_backward", r"constant \+ 1", "0 → 1", "constant-offset", "padding's row gets a 1"),
    Rule("embedding_backward", r"constant \+ 1", "1 → 2",
         "reshape-for-transpose gradient-shape-wrong " + DUPLICATES,
         "rows are cut in the wrong place, or pairs of repeated ids are missed"),
    Rule("embedding_backward", "sign", "dy_rows.*", "sign-flipped duplicate-index-lost",
         "of each second occurrence"),
    Rule("embedding_backward", "sign", ANY, "sign-flipped " + DUPLICATES,
         "the sign is one of a row's number"),
    Rule("embedding_backward", ANY, ANY, DUPLICATES, "repeated ids no longer add up"),
    # ------------------------------------------------------------ forks
    Rule(r"Residual\.backward", "right side dropped", ANY, "residual-gradient-missing", "the skip path"),
    Rule(r"Residual\.backward", "left side dropped", ANY, "branch-overwritten", "the body's gradient"),
    # ------------------------------------------------------------ recurrences: sequences, steps, stacks
    Rule(SEQUENCE, "right side dropped", r"(doutput\[:, t\] \+ dstate|straight \+ .*) → .*",
         "hidden-gradient-dropped branch-overwritten", "what the next step returns, or hands back, is lost"),
    Rule(SEQUENCE, "left side dropped", r"(doutput\[:, t\] \+ dstate|straight \+ .*) → .*",
         "last-step-only branch-overwritten hidden-gradient-dropped gradient-never-computed ignores-upstream",
         "what comes from above is lost, or the straight way through the gate z"),
    Rule(SEQUENCE, "mean for sum|sum dropped|other axis", ANY,
         "mean-sum-mismatch bias-axes-wrong broadcast-not-summed gradient-shape-wrong backward-raises",
         "the bias of all samples and steps"),
    Rule(SEQUENCE, "factors exchanged|transpose dropped", ANY, SHAPES, "the axes of a product"),
    Rule(SEQUENCE, r"constant \+ 1", ANY,
         "time-step-misaligned last-step-only bias-axes-wrong gradients-swapped reshape-for-transpose "
         "constant-offset hidden-gradient-dropped gradient-shape-wrong backward-raises",
         "an axis, a part of what is returned, or a number in the padding's place"),
    Rule("gru_cell_backward", "sign", ANY, "sign-flipped branch-overwritten", "one of two ways to h"),
    Rule("(gru|lstm)_cell_backward", ANY, ANY,
         "branch-overwritten hidden-gradient-dropped gradients-swapped backward-raises",
         "one of the two ways back to h, or one part of dy for the other"),
    # equal changes of one function have numbers: those of the axes on which gates are joined are the last
    Rule("lstm_step_backward", r"constant \+ 1", "1 → 2( #[1-4])?", DERIVATIVE, "1 - tanh², 1 - σ: the 1"),
    Rule("gru_step_backward", r"constant \+ 1", "1 → 2( #[1-3])?", DERIVATIVE,
         "1 - n², σ (1 - σ), or the slope 1 - z of the mixture: the 1"),
    Rule("(lstm|gru)_step_backward", r"constant \+ 1", ANY,
         "gate-order-permuted gradient-shape-wrong backward-raises", "the axis on which gates are joined"),
    Rule("activate_backward", r"constant \+ 1", ANY, DERIVATIVE, "h > 0, or 1 - h²"),
    Rule(STEP, "branches exchanged|comparison inverted", ANY, DERIVATIVE, "the other nonlinearity's slope"),
    Rule(STEP, "(left|right) side dropped", r"(\w+) \* \1 → .*|1 - .* → .*", DERIVATIVE,
         "a wrong formula of the derivative: g is in another factor"),
    Rule(STEP, "left side dropped", r"d\w+ \* .*", "ignores-upstream",
         "g was in what is dropped: a part of backward is the same for every g"),
    Rule(STEP, "left side dropped", ANY, "branch-overwritten " + DERIVATIVE,
         "one of two ways, or a factor of a gate's derivative"),
    Rule(STEP, "right side dropped", r"d\w+ \* .*\(1 - (\w+ \* )?\w+\) → .*|(di|df|do|dr|dz) \* \w → .*",
         DERIVATIVE, "a gate's derivative, or a factor of it"),
    Rule(STEP, "right side dropped", ANY,
         "cell-gradient-dropped hidden-gradient-dropped branch-overwritten " + DERIVATIVE,
         "a factor of a product, or one of two ways"),
    Rule("Recurrent(Stack|Cell).backward", "branches exchanged|comparison inverted", ANY,
         "gradient-never-computed branch-overwritten backward-raises gradient-shape-wrong",
         "the initial state's gradient, or the sum over directions"),
    Rule("RecurrentStack.backward", "sign", r"dinputs.*", "sign-flipped branch-overwritten", "a direction"),
    Rule("RecurrentStack.backward", ANY, ANY,
         "branch-overwritten unchained-upstream gradients-swapped gradient-never-computed backward-raises "
         "gradient-shape-wrong time-step-misaligned cache-overwritten",
         "which layer and direction a gradient belongs to"),
    # ------------------------------------------------------------ attention and the layers around it
    Rule(ATTENTION, "factors exchanged|swapaxes dropped", ANY, SHAPES, "the axes of a product"),
    Rule(ATTENTION, "right side dropped", r"dscores \* scale .*", "attention-scale-missing", "1 / √d_k"),
    Rule(ATTENTION, "left side dropped", r"dscores \* scale .*",
         "ignores-upstream backward-raises gradient-shape-wrong", "only the scale is left"),
    Rule(r"TransformerDecoder\.backward", r"constant \+ 1", "0 → 1", "constant-offset",
         "what all layers' gradients of the memory are added to begins at 1"),
    Rule(ATTENTION + r"|MultiheadAttention\.backward|TransformerDecoder\.backward",
         r"constant \+ 1|branches exchanged", ANY,
         "gradients-swapped gradient-never-computed memory-gradient-lost backward-raises unchained-upstream "
         + SHAPES, "an axis of a product, or another part of a tuple"),
    Rule(TRANSFORMER, "sign", ANY, "sign-flipped branch-overwritten", "one of several ways"),
    Rule(TRANSFORMER, "right side dropped", r"dmemory \+ .*",
         "memory-gradient-lost branch-overwritten gradient-never-computed",
         "the memory's gradient of all decoder layers: it stays 0"),
    Rule(TRANSFORMER, "(left|right) side dropped", r"dmemory \+ .*",
         "memory-gradient-lost branch-overwritten", "the memory's gradient of some decoder layers"),
    Rule(TRANSFORMER, "(left|right) side dropped", r"dkey \+ .*",
         "memory-gradient-lost branch-overwritten", "the keys' or the values' gradient of the memory"),
    Rule(TRANSFORMER, "(left|right) side dropped", r"dx \+ .*",
         "residual-gradient-missing branch-overwritten", "the skip connection, or the way through the norm"),
    Rule(TRANSFORMER, "(left|right) side dropped", ANY, "branch-overwritten",
         "query, key and value come from one sequence, key and value from one memory"),
    Rule(r"LearnedPositionalEncoding\.backward", ANY, ANY,
         "mean-sum-mismatch bias-axes-wrong broadcast-not-summed gradient-shape-wrong backward-raises",
         "a position's row is shared by all samples"),
    # ------------------------------------------------------------ derivatives element by element
    Rule(LOSS, "right side dropped", r"dlosses \* (2 \* difference|\(.*\)) .*",
         "gradient-shape-wrong " + DERIVATIVE,
         "the loss's own derivative; where a scalar arrives, a scalar is left"),
    Rule(".*", "sign", r"(dpadded|dx).*", "sign-flipped", "all of it is subtracted"),
    Rule("mse_loss_backward", "minus dropped", ANY, "sign-flipped",
         "the target's gradient is the input's, negated"),
    Rule("(gelu|binary_cross_entropy_with_logits)_backward", "sign",
         r"(gate \+|yes_factor \*|dno_loss \*) .*",
         "sign-flipped branch-overwritten", "one of two summed terms has the wrong sign"),
    Rule(".*_backward", "sign|minus dropped", ANY, "sign-flipped " + DERIVATIVE,
         "one sign inside of an elementwise derivative"),
    Rule("binary_cross_entropy_with_logits_backward", "right side dropped",
         r"(yes_factor \*|dno_loss \*) .* - .*",
         "branch-overwritten tied-weight-lost",
         "one of two terms is lost: one use of several (in a pair, weights and inputs look alike)"),
    Rule("gelu_backward", "(left|right) side dropped", r"gate \+ x \* density .*",
         "branch-overwritten " + DERIVATIVE, "one of the two terms of the product rule"),
    Rule(ELEMENTWISE + "|" + LOSS, ANY, ANY, DERIVATIVE,
         "a factor or a term of an elementwise derivative is wrong"),
]  # fmt: skip


def rule_of(mutant: Mutant) -> Rule:
    """The first rule that fits. Raises LookupError where there is none: every mutant needs an answer."""
    operator, _, change = mutant.change.partition(": ")
    numbered = (
        f"{change} #{mutant.occurrence}"
        if mutant.occurrence and NUMBERED.fullmatch(mutant.function)
        else change
    )
    for rule in RULES:
        if rule.fits(mutant.function, operator, numbered):
            return rule
    raise LookupError(f"no rule says which codes are right for: {mutant.identity}")


def accepted(mutant: Mutant) -> tuple[str, ...]:
    return tuple(rule_of(mutant).codes.split())
