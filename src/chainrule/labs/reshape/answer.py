"""The answer in plain words, composed of what was measured."""

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array

from .findings import Findings
from .network import WAYS, How

SEES = 1e-12  # a gradient larger than this share of the largest one is not 0


def answer(findings: Findings) -> str:
    """What was found, in Markdown."""
    return "\n\n".join(
        [
            "**A reshape moves no numbers: it cuts the same row of them at other places.** "
            f"{headline(findings)}.",
            _numbers(findings),
            _whose(findings),
            _gradients(findings),
            _learning(findings),
            "**What to do.** To exchange two axes takes a transpose: `state.T`, `np.swapaxes`. A reshape may "
            "join or split neighboring axes. Better: one layout everywhere, batch first, and there is "
            "nothing to exchange. To find it in your own code: feed two samples, change one, and see whether "
            "the other's output moves. `chainrule.check` does that (batch-leak).",
            "**Try** `--set batch=1`, `--set batch=2 --set units=4`, `--set batch-size=1`.",
        ]
    )


def headline(findings: Findings) -> str:
    right, wrong = (findings.runs[how].accuracy[-1] for how in WAYS)
    return f"The same network, the same first weights: transposed, {right:.0%} right; reshaped, {wrong:.0%}"


def _numbers(findings: Findings) -> str:
    """The small example, number by number."""
    example = findings.example
    names = _samples(example.columns.shape[1])
    lines = [f"state (hidden {len(example.columns)}, batch {len(names)}), a column per sample:", ""]
    lines += ["           " + "  ".join(f"{name:>4}" for name in names)]
    lines += [
        f"  unit {unit}   " + "  ".join(f"{value:>4}" for value in row)
        for unit, row in enumerate(example.columns)
    ]
    reshaped = f"state.reshape({len(names)}, {len(example.columns)})"
    for how, code in zip(WAYS, ("state.T", reshaped), strict=True):
        lines += ["", f"{code}, a row per sample; in brackets, whose number it is:", ""]
        rows, owner = example.rows[how], example.owner[how]
        for name, values, owners in zip(names, rows, owner, strict=True):
            cells = "  ".join(f"{value:>4} ({names[o]})" for value, o in zip(values, owners, strict=True))
            lines.append(f"  row of {name} {cells}")
    return "\n".join(["```text", *lines, "```"])


def _whose(findings: Findings) -> str:
    example = findings.example
    names = _samples(example.columns.shape[1])
    said = []
    for i, shares in enumerate(example.share("reshape")):
        parts = [f"{names[j]}'s {share:.0%}" for j, share in enumerate(shares) if share]
        said.append(f"row of {names[i]}: {', '.join(parts)}")
    text = f"**Whose state does a sample get?** Reshaped, {'; '.join(said)}."
    if example.own("reshape") == 1:
        return f"{text} All of it its own: with these sizes, a reshape is a transpose, and nobody notices."
    own = [example.own(how) for how in WAYS]
    return f"{text} Its own: {own[1]:.0%} on average; transposed: {own[0]:.0%}."


def _gradients(findings: Findings) -> str:
    run, right = findings.runs["reshape"], findings.runs["transpose"]
    text = (
        "**Whose gradient does it get?** The gradient of sample 0's loss by each sample's input is "
        f"{_row(run.influence)} long if reshaped, {_row(right.influence)} if transposed."
    )
    if run.leaks > SEES:
        text += " Sample 0's loss depends on other samples' inputs, and training follows that."
    return (
        f"{text} **No gradient check will tell**: backward agrees with differences to "
        f"{run.gradient_error:.0e} (transposed: {right.gradient_error:.0e}). It is the right gradient of the "
        "wrong network."
    )


def _learning(findings: Findings) -> str:
    run, right = findings.runs["reshape"], findings.runs["transpose"]
    return (
        f"**What is learned.** After {len(run.loss)} passes the loss is {run.loss[-1]:.2f} (transposed: "
        f"{right.loss[-1]:.2f}), and {run.accuracy[-1]:.1%} of the {findings.test_images} test images are "
        f"right (transposed: {right.accuracy[-1]:.1%}). In other company, {run.changed:.0%} of the images "
        f"get another answer (transposed: {right.changed:.0%}). One image at a time, where a reshape does no "
        f"harm: {run.alone:.1%} (transposed: {right.alone:.1%})."
    )


def _samples(count: int) -> list[str]:
    return [chr(ord("A") + i) for i in range(count)]


def _row(influence: Array) -> str:
    return ", ".join("0" if value == 0 else f"{value:.2g}" for value in np.asarray(influence[0]))


def wording(how: How) -> str:
    """For the picture."""
    return {"transpose": "transposed", "reshape": "reshaped"}[how]
