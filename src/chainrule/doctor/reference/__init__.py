"""Comparing with a reference: `chainrule.check(subject, x, like=reference)`.

Both run on the same inputs with the same parameters. Where they differ, the doctor looks for the one change
(of the weights, of the output, of an intermediate, of a line) under which they are equal: that is the
explanation, and its proof.
"""

from .compare import compare_with
from .kinds import NotComparable

__all__ = ["NotComparable", "compare_with"]
