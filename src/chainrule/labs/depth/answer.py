"""The answer in plain words, composed of what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.look.show import number

from ..lessons import LEARNED
from .findings import Findings, Look
from .network import ways

VANISHED = 1e-3  # less of the gradient than this, or of the difference of positions, is next to nothing
KEPT = 0.1  # more than this is the same order of magnitude


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    return "\n\n".join(
        [
            "**Because x + f(x) hands on what f would lose: forward what was read, backward the gradient.** "
            f"{headline(findings)}.",
            _table(findings),
            _none(findings),
            _forgotten(findings),
            _post(findings),
            _pre(findings),
            _warm_up(findings),
            "**Try** `--set norm=post` (the two faults with the norm behind), `--set lr=0.001`, `--set "
            "depths=2,24`, `--set warm-up=10`.",
        ]
    )


def headline(findings: Findings) -> str:
    """How deep each way can be, and still learn."""
    said = []
    for way in ways(findings.options):
        depths = [d for d in findings.options.layers if _learned(findings, way.key, d)]
        said.append(f"{_numbers(depths) if depths else 'none'} ({way.name})")
    return f"Of networks with {_layers(findings.options.layers)}, these learned: {'; '.join(said)}"


def _learned(findings: Findings, key: str, depth: int) -> bool:
    return any(findings.run(key, depth, warm_up).lesson.learned for warm_up in (False, True))


def _table(findings: Findings) -> str:
    rows = [
        "| | layers | gradient at the embedding, as a share of that at the last layer | positions differ, in "
        "the input | after the last layer | right, without warm-up | with |",
        "|---|---|---|---|---|---|---|",
    ]
    for look in findings.looks:
        runs = [findings.run(look.way.key, look.depth, warm_up) for warm_up in (False, True)]
        right = " | ".join(f"{run.accuracy:.0%}" for run in runs)
        rows.append(
            f"| {look.way.name} | {look.depth} | {number(look.left)} | {number(look.differ[0])} | "
            f"{number(look.differ[-1])} | {right} |"
        )
    chance = 1 / findings.options.symbols
    note = (
        "Gradients and differences are from before training. Symbols right by chance: "
        f"{chance:.0%}; learned: more than {LEARNED:.0%}."
    )
    return "\n".join([*rows, "", note])


def _none(findings: Findings) -> str:
    look = findings.look("none")
    text = f"**No residual.** Backward, {_sentence(look)}."
    if look.left > KEPT:
        text += " So the norm does not go away: each layer's norm rescales what comes through."
    text += (
        f" Now forward. In the input, the positions of a sequence differ by {number(look.differ[0])} of "
        f"their length, after {_count(look.depth)} by {number(look.differ[-1])}."
    )
    if look.differ[-1] < VANISHED:
        text += (
            " Attention averages, and nothing hands on what was there before: all positions say the same, "
            "and no gradient, however long, can tell them apart. (Dong et al. 2021: pure attention loses "
            "rank.)"
        )
    return f"{text} {_verdict(findings, 'none')}"


def _forgotten(findings: Findings) -> str:
    look, right = findings.look("forgotten"), findings.look(findings.options.norm)
    error, other = (findings.gradient_error[key] for key in ("forgotten", findings.options.norm))
    text = (
        f"**A residual whose gradient is forgotten.** Forward is {right.way.name}'s, number by number. "
        f"Backward, {_sentence(look)}."
    )
    if look.left < VANISHED < right.left:
        text += " This is where a norm goes: the way past f had carried it, and f alone does not."
    return (
        f"{text} {_verdict(findings, 'forgotten')} A gradient check tells at once: the embedding's gradient "
        f"is wrong by {error:.0%} ({right.way.name}: {other:.0e})."
    )


def _post(findings: Findings) -> str:
    look = findings.look("post")
    return (
        f"**Post-norm**, norm(x + f(x)), the paper's: {_sentence(look)}. Positions differ by "
        f"{number(look.differ[-1])} after {_count(look.depth)}. {_verdict(findings, 'post')}"
    )


def _pre(findings: Findings) -> str:
    look, post = findings.look("pre"), findings.look("post")
    text = (
        f"**Pre-norm**, x + f(norm(x)): {_sentence(look)}. Positions differ by {number(look.differ[-1])} "
        f"after {_count(look.depth)}"
    )
    if look.differ[-1] > 2 * post.differ[-1]:
        text += (
            f", {look.differ[-1] / post.differ[-1]:.2g} times as much as with post-norm: there every norm on "
            "the way shrinks what came in first, here nothing but additions stand on it"
        )
    return f"{text}. {_verdict(findings, 'pre')}"


def _warm_up(findings: Findings) -> str:
    options = findings.options
    text = (
        f"**Warm-up** (Adam's learning rate rises to {options.lr:g} over {options.warm_up} steps, instead of "
        "beginning there)"
    )
    helped: list[str] = []
    harmed: list[str] = []
    for way in ways(options):
        without, with_it = (set(findings.learned_at(way.key, warm_up)) for warm_up in (False, True))
        for found, depths in ((helped, with_it - without), (harmed, without - with_it)):
            found += [f"{way.name} with {_count(depth)}" for depth in sorted(depths)]
    if helped:
        text += f" decided about {_and(helped)}: learned with it, and not without."
    else:
        text += " made no network learn that did not learn without it."
    if harmed:
        text += (
            f" With it, {_and(harmed)} did not learn in {options.steps} steps, and without it did: small "
            "steps cost time."
        )
    return text


def _verdict(findings: Findings, key: str) -> str:
    """At which depths it learned, and at which not."""
    options = findings.options
    learned = [depth for depth in options.layers if _learned(findings, key, depth)]
    failed = [depth for depth in options.layers if depth not in learned]
    said = []
    if learned:
        said.append(f"Learned with {_layers(learned)}")
    if failed:
        best = max(findings.run(key, depth, w).accuracy for depth in failed for w in (False, True))
        said.append(
            f"{'not' if learned else 'Did not learn'} with {_layers(failed)} (at best {best:.0%} right)"
        )
    return ", ".join(said) + "."


def _sentence(look: Look) -> str:
    if look.growth is None:
        return "there is no rate: fewer than two gradients are finite and not 0"
    return look.growth.sentence("layer")


def _layers(depths: Sequence[int]) -> str:
    return f"{_numbers(depths)} layer{'' if list(depths) == [1] else 's'}"


def _count(depth: int) -> str:
    return _layers([depth])


def _numbers(depths: Sequence[int]) -> str:
    return _and([str(depth) for depth in depths])


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
