"""A backward that fails on guessed inputs: is it the code, or the guess?

Shapes that do not meet, names that do not exist and calls that lack an argument are the code's. That a number
was wanted where the guess put True, or an attribute of a tuple, is most likely the guess's.
"""

from __future__ import annotations

import re

from ..report import Report
from .found import Found

DOUBT = 2.0  # a gradient of another shape
GROWN = 6.0  # and an output with more axes than the input has
# of the exceptions' own words
_ODD = re.compile(
    r"raised (TypeError(?!.*(positional|keyword|required).*argument)"
    r"|AttributeError: '(tuple|list|dict|int|float|bool|str|NoneType|numpy\.\w+)' object"
    r"|KeyError|IndexError(?!: boolean index did not match))",
    re.S,
)


def of_the_guess(found: Found, report: Report, seed: int) -> Report | None:
    """Without the finding, and said; None where it is the code's."""
    unsure = not any(f.verified for f in report.findings) or found.doubt >= GROWN
    if found.assumed and found.doubt >= DOUBT and unsure:
        line = f"with what was guessed its gradients have other shapes than they should; {_say(report)}"
        return Report(report.name, not_tested=[line, *report.not_tested], assumed=report.assumed)
    told = [f for f in report.findings if f.code == "backward-raises" and _ODD.search(f.detail)]
    if not found.assumed or found.kind == "check" or len(told) < len(report.findings):
        return None
    said = re.split(r"\s+in line", told[0].detail)[0]
    line = f"with what was guessed it fails ({said}); {_say(report)}"
    return Report(report.name, not_tested=[line, *report.not_tested], assumed=report.assumed)


def _say(report: Report) -> str:
    return f"say how it starts: def check_{report.name.rpartition('.')[2]}()"
