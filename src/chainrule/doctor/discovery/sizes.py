"""Which numbers could be handed to a constructor: by the argument's name, its annotation, and the code."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from typing import Any

from .choices import Choice, Slot, generator, numbers, old_generator, plain
from .dims import kind_of_size
from .facts import Facts
from .roles import roles_of

_SIZES: dict[str, tuple[int, ...]] = {
    "f": (5, 8, 6, 4, 3),
    "h": (6, 8, 5, 4),
    "o": (3, 5, 6, 4),
    "V": (11, 5),
    "K": (3, 5),
    "T": (4, 10, 16),
    "C": (2, 4, 3, 1),
    "A": (2, 4, 1),
    "B": (2,),
}
SCALARS = (
    "flag", "mode", "seed", "rate", "eps", "share", "penalty", "stride", "padding", "heads", "kernel size",
)  # fmt: skip
_BY_ROLE: dict[str, tuple[Any, ...]] = {
    "flag": (True,),
    "mode": ("train", True),
    "seed": (0,),
    "rate": (0.01,),
    "eps": (1e-5,),
    "share": (0.3, 0.9),
    "penalty": (0.01,),
    "stride": (2, 1, (2, 2), (1, 1)),
    "padding": (1, 0, "same", "valid", (1, 1)),
    "heads": (2, 4, 1),
    "kernel size": (3, 2, (3, 3), (2, 2), (3, 2)),
}


_NEW_DRAWS = {"standard_normal", "normal", "uniform", "random", "integers", "permutation", "choice", "spawn"}
_OLD_DRAWS = {"randn", "rand", "randint", "random_sample"}
_HIDING: dict[str, Any] = {"stride": 1, "padding": 0}  # defaults that hide faults
_TELLING: dict[str, Any] = {"stride": 2, "padding": 1}


def constructor_slot(parameter: inspect.Parameter, facts: Facts, names: list[str], roles: list[str]) -> Slot:
    """The choices for one number, text or array that a constructor asks for."""
    name = parameter.name
    slot = Slot(name, keyword=parameter.kind is inspect.Parameter.KEYWORD_ONLY)
    has_default = parameter.default is not inspect.Parameter.empty
    if has_default:
        slot.choices.append(plain(parameter.default, 0.0, "its default"))
        if roles[:1] and roles[0] in _TELLING and _is_number_or_pair(parameter.default):
            told, hiding = _TELLING[roles[0]], _HIDING[roles[0]]
            if isinstance(parameter.default, tuple):
                told, hiding = (told, told), (hiding, hiding)
            slot.choices = [plain(told), plain(parameter.default, 0.5, "its default")]
            return slot if parameter.default == hiding else Slot(name, slot.choices[1:], slot.keyword)
        if parameter.default is None and "generator" in roles:
            slot.choices.append(generator(2.0))
        if not _too_large(parameter.default):
            return slot
        slot.choices = [plain(parameter.default, 4.0, "its default")]
    annotation = str(parameter.annotation) if parameter.annotation is not inspect.Parameter.empty else ""
    choices: list[Choice] = [plain(text, -1 + 0.1 * i) for i, text in enumerate(dict.fromkeys(facts.strings))]
    if facts.keys:
        choices.append(_dictionary(facts, names))
    for i, role in enumerate(r for r in roles if r in _BY_ROLE or r == "generator"):
        if role == "generator":
            choices += [generator(), old_generator(1.0), plain(0, 2.0)]
        else:
            choices += numbers(_BY_ROLE[role], 0.5 * i, 0.5)
    if facts.methods & (_NEW_DRAWS | _OLD_DRAWS):  # g.standard_normal(...), whatever g is called
        choices += [generator(-3.0), old_generator(-4.0 if facts.methods & _OLD_DRAWS else -2.0)]
    choices += _of_annotation(annotation)
    choices += _size(name, names)
    if facts.items and "" not in facts.items:
        choices = [
            c for c in choices if isinstance(c.value, (tuple, list)) and len(c.value) == len(facts.items)
        ]
        choices += _unpacked(facts.items)
    if not choices:
        choices += numbers((3, 2, 6), 1.5, 0.5)
    choices += [
        plain(6, 5.0),
        plain(0.1, 6.0),
        plain(None, 7.0),
        plain(True, 7.5),
        generator(8.0),
        *_tuples(8.0),
    ]
    slot.choices = choices
    slot.sort(14)
    return slot


def _is_number_or_pair(default: Any) -> bool:
    pair = isinstance(default, tuple) and len(default) == 2 and all(type(n) is int for n in default)
    return type(default) is int or pair


def _too_large(default: Any) -> bool:
    """A width of 512 is no fault, but the doctor would need minutes."""
    return isinstance(default, int) and not isinstance(default, bool) and default > 64


def _size(name: str, names: list[str]) -> list[Choice]:
    """Choices for sizes of layers: different ones for different names."""
    bare = name.strip("_").lower()
    if re.search(r"(layers?|blocks?|stages|experts|repeats|stacks?)$|depth", bare) and re.search(
        r"^n|num|depth", bare
    ):
        return numbers((2, 3, 1), 0.2)
    if re.search(r"shape$", bare) and "kernel" not in bare:
        outgoing = re.search(r"out|target|new|to_", bare) is not None
        return numbers(
            ((96, 1), (96,), (16, 6), (3, 1)) if outgoing else ((2, 8, 6), (5,), (8, 6), (5, 1)), 0.0, 0.3
        )
    if re.search(
        r"sizes|dims|widths|layers|architecture|topology|^shape|units|neurons|(_|^)shapes?$|channels_list",
        bare,
    ):
        return [*_tuples(0.3 if re.search(r"s$|shape|arch|topo", bare) else 3.0), *_tuple_ints(name)]
    letter = kind_of_size(name)
    if re.search(
        r"^(n_?|num_?|out_?)?(filters|kernels|out_?channels|c_?out|maps|feature_maps)$|out_ch|c_out|n_c_out",
        bare,
    ):
        return numbers((4, 2, 6), 0.0, 0.5)
    with_heads = any(re.search(r"heads?$", n) and not re.search(r"size|dim", n) for n in names)
    if re.search(r"key|value|head_?(dim|size)|^d_?[kvh]$|d_head", bare):
        return numbers((4, 3, 8), 0.0, 0.5)
    if letter == "f" and re.search(r"model|embed|emb|dim$|width|^d$|hidden", bare):
        return numbers((8, 6, 5, 4) if with_heads else (6, 8, 5, 4), 0.0, 0.5)
    if re.search(r"^(width|height|image_?size|img_?size|size)$", bare):
        return numbers((8, 6, 4, 28), 0.4, 0.5)
    if re.search(r"groups", bare):
        return numbers((2, 1), 0.0, 0.5)
    if re.match(r"^[nmdk]$", bare):
        return numbers({"n": (5, 4, 2), "m": (3, 4, 2), "d": (6, 8, 4), "k": (3, 2, 4)}[bare], 0.3, 0.5)
    if re.search(r"factor|ratio|expansion", bare):
        return numbers((2, 4), 1.0, 0.5)
    if letter == "T" and any({"stride", "kernel size"} & set(roles_of(n)) for n in names):
        return numbers((10, 16, 4), 0.2, 0.5)  # several windows
    if letter:
        values = _SIZES[letter]
        # two names of one kind: n_in and n_code, dim_a and dim_b
        same = [n for n in names if kind_of_size(n) == letter]
        shift = same.index(name) if name in same and letter in "fhoK" else 0
        return numbers((*values[shift:], *values[:shift]), 0.2, 0.5)
    return []


def _unpacked(items: tuple[str, ...]) -> list[Choice]:
    """For `k_h, k_w, in_c, out_c = kernel`: a size for each, by its name."""
    sizes = []
    for name in items:
        window = re.search(
            r"^(k|f|p|kernel|filter|pool|window)_?(h|w|y|x|height|width|rows|cols)$", name, re.I
        )
        side = re.match(r"^_*(h|w|height|width)(_in)?$", name, re.I)
        known = [c.value for c in _size(name, list(items)) if type(c.value) is int and c.value > 1]
        sizes.append((3, 2) if window else (8, 6) if side else (known[0], known[-1]) if known else (2, 3))
    values = [tuple(first for first, _ in sizes), tuple(second for _, second in sizes)]
    return numbers((values[0], list(values[0]), values[1]), 0.0, 0.4)


def _tuples(cost: float) -> list[Choice]:
    options = ((5, 6, 3), [5, 6, 3], (5, 6, 4, 3), (6, 4), (5,), (2, 8, 6), (3, 3), (2, 2), (5, 3))
    return numbers(options, cost, 0.4)


def _tuple_ints(name: str) -> list[Choice]:
    return numbers(_SIZES.get(kind_of_size(name), (6, 5)), 1.5, 0.5)


def _of_annotation(annotation: str) -> list[Choice]:
    if re.search(r"\bbool\b", annotation):
        return [plain(True, 0.1), plain(False, 0.6)]
    if re.search(r"(list|tuple|Sequence|Tuple|List)\[int", annotation):
        return _tuples(0.2)
    if re.search(r"\bint\b", annotation):
        return numbers((6, 5, 3, 2), 3.0, 0.4)
    if re.search(r"\bfloat\b", annotation):
        return numbers((0.1, 0.5), 2.0, 0.4)
    if re.search(r"Generator", annotation):
        return [generator(-1.0)]
    return []


def _dictionary(facts: Facts, names: list[str]) -> Choice:
    """A dict with the keys that the code asks for."""
    content: dict[str, Any] = {}
    for key, default in facts.keys.items():
        parameter = inspect.Parameter(key, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        slot = constructor_slot(parameter, Facts(), list(facts.keys), roles_of(key))
        content[key] = default if default is not None else slot.choices[0].make()
    return plain(content, -0.5)


def spread(slots: list[Slot]) -> None:
    """Two sizes that would be equal hide a transpose: the second takes its next choice first."""
    used: set[int] = set()
    for slot in slots:
        sizes = [
            c
            for c in slot.choices
            if isinstance(c.value, int) and not isinstance(c.value, bool) and c.value > 2
        ]
        if not sizes:
            continue
        first = sizes[0]
        if first.value in used:
            free = next((c for c in sizes if c.value not in used and c.cost <= first.cost + 1.5), first)
            place = slot.choices.index(first)
            slot.choices.remove(free)
            slot.choices.insert(place, replace(free, cost=first.cost - 0.01))
            first = free
        used.add(first.value)
