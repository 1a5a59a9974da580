"""From a proved cause to the line of the user's code, and to the repair where a small edit does it."""

from __future__ import annotations

import ast
import re

from .case import Case, source_place
from .catalogue import CATALOGUE
from .experiments.elsewhere import resized
from .experiments.frontier import located
from .experiments.repaired import overlapping
from .report import Finding
from .source.origin import origin
from .source.read import source_tree
from .source.repair import Repair, repairs

REPAIRABLE = {code for code, known in CATALOGUE.items() if known.section in "BCD"}
# what a statement that is wrong in g leaves behind it; the others of section A are more than a wrong number
OF_G = ("ignores-upstream", "constant-offset", "nonlinear-backward", "gradient-never-computed")
OF_TIME = ("hidden-gradient-dropped", "cell-gradient-dropped")


def mend(case: Case, findings: list[Finding]) -> None:
    """For proved causes: the line of backward, and the repair in the user's
    own code, where a small edit does it.
    """
    wanted = [f for f in findings if f.targets and f.code in REPAIRABLE and not f.fix.startswith("- ")]
    if not case.doubtful:
        return
    if not wanted:
        return _add_place(case, findings)
    try:
        repair = _lasting(case, _repair(case, wanted[0]))
    except Exception:  # an edited backward can fail in any way; the finding stands without its repair
        repair = None
    if repair is not None and _mends(case, wanted[0], repair):
        wanted[0].fix = repair.diff
        wanted[0].line, wanted[0].file = repair.line, repair.file
        wanted[0].rename(_as_repaired(case, wanted[0].code, repair))
        _keep_apart(findings, wanted[0], repair.healed)
    _add_place(case, findings)


def _mends(case: Case, finding: Finding, repair: Repair) -> bool:
    """Whether it makes right what the finding is about; of a finding that has its place, all of it: an edit
    in a helper that several layers use may heal one of them and break another.
    """
    wrong = set(finding.targets) & set(case.doubtful)
    placed = finding.line != source_place(case.probe.subject.backward_function)[1]
    return wrong <= set(repair.healed) if placed else bool(wrong & set(repair.healed))


def _repair(case: Case, finding: Finding) -> Repair | None:
    """An edit of the first wrong statement, if that is found at once, or of any other."""
    if not case.suspects and set(finding.targets) & set(case.wrong):
        located(case, at_once=True)
    return repairs(case, seconds=0.3)


def _lasting(case: Case, repair: Repair | None) -> Repair | None:
    """A number may repair by a coincidence of sizes: then the repair that does it with another batch."""
    number = r"^\+.*(shape\[|\.size|len\(|\*\* 0?\.5| [*/] [\d.]+\b)"
    if repair is None or not re.search(number, repair.diff, re.M):
        return repair
    with resized(case, 0) as other:
        if other is None or not set(repair.healed) <= set(other.doubtful):
            return repair
        found = repairs(other, [(repair.file, repair.line)], 0.5)
    return found if found is not None and set(repair.healed) <= set(found.healed) else None


def _add_place(case: Case, findings: list[Finding]) -> None:
    """For wrong gradients of which only the function is known: the first wrong statement, or at least the
    one that makes the gradient.
    """
    first = source_place(case.probe.subject.backward_function)[1]
    for finding in list(findings):
        if not any(f is finding for f in findings):
            continue  # what was found before has explained it
        if finding.fix.startswith("- "):
            continue  # the repaired line is the place, also where it is the function's first
        if finding.line != first or finding.trail or not set(finding.targets) & set(case.doubtful):
            continue
        case.kept["proved"] = case.kept.get("proved") or finding.verified  # only the place is looked for
        found = located(case) if set(finding.targets) & set(case.wrong) else None
        if found is not None and set(found[1].healed) & set(finding.targets):
            _, frontier, finding.trail = found
            finding.line, finding.file = frontier.moment.site.made_at, frontier.moment.site.file
            if finding.code in OF_TIME:
                _where_it_is_called(case, finding, frontier.moment.site.function)
            if finding.code in REPAIRABLE or finding.code in OF_G:
                _keep_apart(findings, finding, frontier.healed)
            continue
        place = origin(case, next(t for t in finding.targets if t in case.doubtful))
        if place is not None:
            finding.file, finding.line = place


def _where_it_is_called(case: Case, finding: Finding, function: str) -> None:
    """A step of a sequence is handed too little by the loop around it: the loop's line is the place."""
    tree = source_tree(case.probe.subject.backward_function)
    if tree is None or tree.name == function:
        return
    for statement in ast.walk(tree):
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.Expr)):
            called = [ast.unparse(n.func) for n in ast.walk(statement) if isinstance(n, ast.Call)]
            if function in [name.rpartition(".")[2] for name in called]:
                finding.line, finding.trail = statement.lineno, []
                finding.file = source_place(case.probe.subject.backward_function)[0]
                return


def _as_repaired(case: Case, code: str, repair: Repair) -> str:
    """Windows, repeated ids and branches leave the same trace, one contribution of several; which of them it
    is, the statement tells that has to add up. A mean for a sum whose result backward goes on with is that
    over copies of a value; one that a single parameter's gradient ends with is a count.
    """
    passed_on = len(repair.healed) > 1 or not case.probe.is_parameter(repair.healed[0])
    if code == "mean-sum-mismatch" and repair.code == "broadcast-not-summed":
        return repair.code if passed_on and not case.probe.subject.is_loss else code
    if code == "transpose-missing" and repair.code == "sign-flipped":
        return repair.code  # a rotation's transpose is that by the opposite angle: one minus
    if code not in ("overlap-overwritten", "broadcast-not-summed"):
        return code
    if repair.code == "duplicate-index-lost":
        return "overlap-overwritten" if overlapping(case, repair) else repair.code
    return repair.code if code == "broadcast-not-summed" and repair.code == "branch-overwritten" else code


def _keep_apart(findings: list[Finding], top: Finding, healed: list[str]) -> None:
    """One statement put right heals these gradients: what else was said of them were consequences."""
    top.targets += [n for n in healed if n not in top.targets]
    findings[:] = [
        f
        for f in findings
        if f is top
        or (f.code not in REPAIRABLE and f.code not in OF_G)
        or not f.targets
        or not set(f.targets) <= set(healed)
    ]
