"""What an argument of this name is: an image, ids, a hidden state, a weight, a mask, a label."""

from __future__ import annotations

import ast
import re
from typing import Any

from .layouts import trees_of

# the first that fits counts
_ROLES = (
    (
        "flag",
        r"^(training|train|is_training|train_mode|train_flg|train_flag|is_train|deterministic|evaluate)$",
    ),
    ("mode", r"^mode$"),
    ("generator", r"^(rng|random_state|generator|rs|prng|random)$"),
    ("seed", r"seed"),
    ("adjacency", r"adjacen|^graph$|laplacian|propagation|^adj(_|$)|^(A|P|L)_?hat$"),
    ("condition", r"^cond(ition)?$|^gate_mask$"),
    ("mask", r"mask|^is_pad|^keep$|^valid$"),
    ("lengths", r"^(lengths?|lens|seq_lens?|n_valid)$"),
    ("rate", r"^(lr|l_?rate|learning_?rate|alpha|eta|step_?size)$"),
    ("eps", r"^eps|epsilon$"),
    ("share", r"^(p|rate|drop|dropout|drop_?(prob|rate|p)|dropout_?(rate|prob|p)?|p_drop|prob)$"),
    (
        "share",
        r"^(keep_?(prob|rate|p)|momentum|decay|rho|beta1|beta2|slope|negative_slope|delta|temperature|tau|margin)$",
    ),
    ("stride", r"strides?$|^s$|^hop"),
    ("padding", r"^pad(ding)?$|^p$|padding"),
    (
        "kernel size",
        r"(kernel|filter|pool|window|patch|field)_?(size|shape|width|length|height|h|w)?s?_?$|^k$|^ksize$|^f$|^pool$",
    ),
    ("heads", r"^(n_?|num_?)?_?heads?$|^h$|^nh$"),
    ("table", r"^(table|embeddings?|emb|E|lookup|vectors|W_?e(mb)?|embedding_?(matrix|table|weights?))$"),
    (
        "ids",
        r"(^|_)ids?$|^idx|indices|^index|tokens?(_|$)|^words?$|^sentences?$|^docs?$|^captions?$|^chars?$|^symbols$|^sequences?_ids",
    ),
    (
        "labels",
        r"^(targets?|labels?|tags|classes|ts?|y_?true|truth|gold|expected|y_?target|one_?hot|y|Y|true|answers?|tgt_out|y_?real|actual|desired|"
        r"alvos?|objetivos?|obiettiv[oi]|cibles?|ziel(e|werte?)?|soll(werte?)?|etiquetas?|rotulos?|etiquettes?)$",
    ),
    (
        "prediction",
        r"^(y_?pred|y_?hat|pred(ictions?|icted)?|probs?|probabilities|p|a|AL|A_?L|outputs?|yhat|y_?p)$",
    ),
    ("scores", r"^(logits|scores|z|Z)$"),
    ("memory", r"memory|^context$|encoder_?(out|states?|hidden)|^enc|^source$|^src|^annotations$"),
    ("query", r"^(q|query|queries|Q)$"),
    ("key", r"^(k|key|keys|K|v|value|values|V)$"),
    ("bias", r"^b([_\d]|$|a$|i|o|f|x|h|y|z|r|n|c)\w{0,3}$|bias|^b\w?$"),
    ("scale", r"^(gamma|beta|scale|shift|gain|g)\d?$|^ln_?[gb]|_gamma$|_beta$"),
    ("running", r"running|moving"),
    ("moments", r"^(mean|mu|std|sigma|var(iance)?)$"),
    ("penalty", r"^(l2|l1|lam|lambd?a?_?|reg\w*|weight_?decay|wd)$"),
    ("cell", r"^(c|c_?0|c_?prev|c_?t|prev_?c|cell\w*|c_?init)$"),
    (
        "state",
        r"^(h|h_?0|h_?prev|h_?t|prev_?h|h_?init|hidden\w*|state\w*|s_?prev|s0|initial_?state|hx|a_?prev|a_?0|prev\w*)$",
    ),
    ("kernel", r"kernel|filter|conv_?w|^K$|^F$"),
    (
        "weight",
        r"(?-i:^[Ww](_?[a-zA-Z0-9]{0,3})?$|^[UVMR](_?[a-z0-9]{0,3})?$|^[Ww]_\w+$)|^theta\d?$|weight|_w$|_W$|proj",
    ),
    ("image", r"^(images?|imgs?|photos?|pictures?|pixels|frames?)$|image|photo|^maps?$"),
    (
        "sequence",
        r"^(xs|sequences?|seq|signal|series|window|frames|embeddings|src_emb|tgt_emb|time_?series)$",
    ),
    ("column", r"^(A_?prev|X_?T)$"),
)
_PATTERNS = [(role, re.compile(pattern, re.I)) for role, pattern in _ROLES]

_ASKING = {"q", "Q", "k", "K"}
_LABELS = re.compile(dict(_ROLES)["labels"], re.I)

IMAGE = re.compile(
    r"(?<!graph)(?<!graph_)conv(?!erg)|pool|image|channel|im2col|batch_?norm2d|vgg|resnet|cnn|lenet|photo|pixel|upsampl|patch|spatial|2d",
    re.I,
)
SEQUENCE = re.compile(
    r"rnn|lstm|gru|attention|attn|transformer|seq|time|(en|de)coder_?(layer|block|stack)|position|temporal|causal|token|recurrent|char|language|tagger|mha|"
    r"(?<![a-z])head|(single|multi|self)_?head|1d",  # no GaussianHead
    re.I,
)
WORDS = re.compile(r"embed|token|word|vocab|bag|text|lookup", re.I)


def roles_of(name: str, among: list[str] | None = None) -> list[str]:
    """The roles that an argument of this name may have, the most plausible first; empty where the name does
    not tell.

    among: the names of all arguments; `k` beside `q` is a key.
    """
    bare = name.strip("_")
    found = list(dict.fromkeys(role for role, pattern in _PATTERNS if pattern.search(bare)))
    others = {n.strip("_") for n in among or ()}
    first = []
    if others & {"q", "query", "queries", "Q"} and "key" in found:
        first.append("key")
    elif bare in ("W", "V", "U", "M", "R", "K") or (bare == "w" and len(others) > 1):
        first.append("kernel" if bare == "K" else "weight")
    company = {
        role for n in others - {bare} for role, pattern in _PATTERNS if len(n) > 1 and pattern.search(n)
    }
    letters = others - {bare}
    if (
        bare in ("b", "B")
        and among is not None
        and not (company & {"weight", "kernel", "bias"} or letters & {"w", "W", "U", "V", "K", "k"})
    ):
        found = [role for role in found if role not in ("bias",)]
    if bare == "c" and among is not None and not (company & {"state", "cell"} or "h" in letters):
        found = [role for role in found if role not in ("cell", "bias")]
    labels = any(map(_LABELS.match, others - {bare}))
    if "prediction" in found and among is not None:
        # `p` and `a` are predictions only beside labels
        found = ["prediction"] if labels else [r for r in found if r != "prediction" or len(bare) > 1]
    if bare == "p" and others & {"rng", "generator", "random_state", "training", "train"}:
        found = ["share"]  # of what dropout drops
    if "key" in found and among is not None and not (company & {"query", "key"} or letters & _ASKING):
        found.remove("key")  # a value that nobody asks for: of a state, of a position
    if bare in ("y", "Y") and any(_LABELS.match(n) for n in others - {"y", "Y", "ts", "T"}):
        found = ["prediction"]
    if "moments" in found and among is not None and "x" not in others:
        found.remove("moments")
    if bare in ("h", "H", "c") and not first and among is not None:
        first += [role for role in ("state", "cell") if role in found]
    return list(dict.fromkeys([*first, *found]))


def hints_of(*things: Any) -> set[str]:
    """What class, method and argument names and the first line of the docstring suggest: images, sequences,
    words.
    """
    text = " ".join(str(t) for t in things if t)
    found = {"image"} if IMAGE.search(text) else set()
    found |= {"sequence"} if SEQUENCE.search(text) else set()
    found |= {"words"} if WORDS.search(text) else set()
    return found


_NORM = re.compile(r"(rms|layer|batch|group|instance)_?norm|^(ln|bn|rms)(_|$)", re.I)


def in_a_norm(name: str, roles: list[str]) -> list[str]:
    """The roles of an argument of a function or class of this name: the weight of a norm is its scale."""
    if roles[:1] == ["weight"] and _NORM.search(name):
        return ["scale", *roles]
    return roles


def gates_of(function: Any, names: list[str]) -> set[str]:
    """For a step with a hidden state: how many blocks stand side by side in its weights (`gates 4`)."""
    if not any(set(roles_of(n, names)) & {"state", "cell"} for n in names):
        return set()
    code = "".join(ast.unparse(tree) for tree in trees_of(function))
    counts = re.findall(r"split\([^()]*?, (\d)\b|\b([34]) \* \w+|// ([34])\b", code)
    found = [int(n) for groups in counts for n in groups if n]
    # slices up to 3 * H: the fourth gate is the rest
    ends_open = re.search(r"\b3 \* \w+:\]", code) is not None
    number = 4 if ends_open else max(found, default=3 if re.search(r"\b2 \* \w+:\]", code) else 1)
    return {"state", *({f"gates {number}"} if number in (3, 4) else set())}


def two_layers(names: list[str]) -> set[str]:
    """For the weights of a network: W1 and W2, and no W3."""
    numbers = {n[-1] for n in names if re.match(r"^(W|w|weights?)_?\d$", n)}
    return {"two layers"} if numbers == {"1", "2"} else set()


def norm_of_a_layer(names: list[str]) -> set[str]:
    """For a layer and its norm in one: the scale is as long as what the layer gives."""
    roles = {role for n in names for role in roles_of(n, names)[:1]}
    return {"norm of a layer"} if "scale" in roles and roles & {"weight", "kernel"} else set()


def of_samples(names: list[str]) -> set[str]:
    """For a function of distances, rewards, ...: one number for each sample."""
    first = bool(names) and _NUMBERS.match(names[0]) is not None
    return {"numbers"} if first or any(map(_OF_STEPS.match, names)) else set()


_NUMBERS = re.compile(r"^(d|d\d|sq_?d\w*|dist\w*|sim(ilarit(y|ies))?|margins?|td\w*)$")
_OF_STEPS = re.compile(r"^(rewards?|returns|advantages?)$")


def recurrent_of(names: list[str], functions: list[Any]) -> set[str]:
    """For a layer whose weights are handed in: beside Wx stands Wh."""
    bare = {n.strip("_").lower().replace("_", "") for n in names}
    if not bare & {"wh", "whh", "waa"}:
        return set()
    found = [hint for function in functions for hint in gates_of(function, ["h_prev"]) if hint != "state"]
    return {"state", *found[:1]}
