"""What people call things: which gradient belongs to which parameter,
what is a learning rate, a cache, a mask, a state.
"""

from __future__ import annotations

import re

_PREFIXES = (
    "gradient_of_",
    "gradients_",
    "gradient_",
    "grads_",
    "grad_",
    "delta_",
    "nabla_",
    "d_loss_d",
    "dl_d",
    "dloss_d",
    "dldd",
    "g_",
    "d_",
    "dl_",
    "dj_d",
    "dl",
    "grad",
    "delta",
    "nabla",
    "d",
    "g",
)
_SUFFIXES = (
    "_gradients",
    "_gradient",
    "_grads",
    "_grad",
    "_bar",
    "_delta",
    "_g",
    "_d",
    "gradient",
    "grad",
    "bar",
)

LEARNING_RATES = re.compile(
    r"^_*(lr|l_?rate|learn(ing)?_?rate|alpha|eta|step_?size|rate|lrate|gamma_lr)$", re.I
)
# of what a backward is handed that begins at the labels
LABELS = re.compile(
    r"^((y|t)s?|(y|t)_?(true|batch|train|real|onehot|one_hot|hot|oh|enc|data|target|label)s?|tags|classes|answers?|desired\w*"
    r"|(expected|actual|true|correct)(_?(ys?|labels?|values?|class(es)?|outputs?|targets?))?|(target|label)\w*|(batch|train)_?(y|labels?|targets?))$",
    re.I,
)
CACHES = re.compile(
    r"^(?!d(c|s|m|t|f)|grad|g_|up)(.*(cache|ctx|context|saved|memo|tape|state_from|forward_).*|c|res(iduals?)?|stuff|aux|store|kept|info)$",
    re.I,
)
UPSTREAMS = re.compile(r"^_*(d|g|grad|delta|up|err)", re.I)
MASKS = re.compile(r"(mask|^pad|is_pad|keep|valid|lengths?$|lens$|seq_len)", re.I)
TARGETS = re.compile(
    r"^(targets?|labels?|ts?|y_?true|truth|gold|expected|y_?target|one_?hot|tgt_out|y)$",
    re.I,
)
IDS = re.compile(r"(ids?$|idx|indices|index|tokens?$|words?$)", re.I)
STATISTICS = re.compile(r"(running|moving|_ema|ema_|average)", re.I)
HIDDEN = re.compile(r"(^h|hidden|state|prev|last)", re.I)
CELLS = re.compile(r"(^c$|^c_|^c\d|cell|c_prev|c_t|cprev|(^|_)(prev|last|old|next)_?c(_|\d|$))", re.I)


def plain(name: str) -> str:
    """A name without case, underscores and dots."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def gradient_stems(name: str) -> list[str]:
    """What a gradient of this name may belong to: dW -> W, grad_weight -> weight, W_grad -> W. Longest affix
    first; empty where the name does not look like a gradient.
    """
    bare = name.strip("_")
    lower = bare.lower()
    stems = []
    for prefix in _PREFIXES:
        if lower.startswith(prefix) and len(lower) > len(prefix):
            stems.append(plain(bare[len(prefix) :]))
    for suffix in _SUFFIXES:
        if lower.endswith(suffix) and len(lower) > len(suffix):
            stems.append(plain(bare[: -len(suffix)]))
    return [s for s in dict.fromkeys(stems) if s]


def belongs(gradient: str, parameter: str) -> int:
    """How well a gradient's name fits a parameter's: 3 surely, 0 not at all."""
    target = plain(parameter)
    stems = gradient_stems(gradient)
    if target in stems:
        return 3
    if any(s == short for s in stems for short in abbreviations(parameter)):
        return 2
    return 0


_SYNONYMS = {
    "weight": ("w", "weights", "kernel", "kernels", "filters", "theta"),
    "weights": ("w", "weight", "ws"),
    "bias": ("b", "biases", "beta"),
    "biases": ("b", "bias"),
    "kernel": ("k", "w", "weight", "kernels"),
    "filters": ("f", "w", "filter", "weights"),
    "gamma": ("g", "scale", "weight"),
    "beta": ("b", "shift", "bias"),
    "table": ("e", "w", "embedding", "weight"),
    "embedding": ("e", "w", "table", "emb"),
    "w": ("weight", "weights", "kernel"),
    "b": ("bias", "biases"),
}


def abbreviations(name: str) -> list[str]:
    """Other names by which the same parameter goes."""
    stem = plain(name)
    digits = re.search(r"\d+$", stem)
    number = digits.group() if digits else ""
    base = stem[: len(stem) - len(number)]
    return [s + number for s in _SYNONYMS.get(base, ())]
