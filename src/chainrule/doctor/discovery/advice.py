"""What to add to a file of which something could not be started."""

from __future__ import annotations

from ..calling import positional
from .candidates import Candidate
from .found import NotStarted
from .left_by_loss import leaving_method
from .whole_methods import all_in_one, backward_of_class, loss_method, predictor, takes_predictions


def has_loss(cls: type) -> bool:
    """Whether a class says at which loss its gradients begin."""
    return any(find(cls) is not None for find in (all_in_one, loss_method, leaving_method))


def can_start(cls: type) -> bool:
    """Whether there is a loss, or a prediction for which the usual ones can be tried."""
    return has_loss(cls) or predictor(cls) is not None


def without_loss(candidate: Candidate, cls: type) -> NotStarted:
    """A backward that begins by itself; nobody says at which loss, and none of the usual ones fits."""
    backward = backward_of_class(cls)
    forward = predictor(cls)
    assert backward is not None
    x, y = [p.name for p in positional(backward)][1:3]
    called = f"self.{forward.__name__}({x})" if forward is not None else "..."
    output = x if takes_predictions(backward) else called
    attributes = {
        name for f in vars(cls).values() for name in getattr(getattr(f, "__code__", None), "co_names", ())
    }
    name = "compute_loss" if "loss" in attributes else "loss"
    why = [
        f"{backward.__name__}({x}, {y}) begins at a loss of its own, and no method says which one: without "
        "it there is nothing to compare its gradients with"
    ]
    add = (
        f"    def {name}(self, {x}, {y}):    # in class {cls.__name__}, the loss that is meant: for example\n"
    )
    add += f"        return 0.5 * np.sum(({output} - {y}) ** 2)"
    return NotStarted(candidate.name, candidate.kind, why, add, candidate.line)
