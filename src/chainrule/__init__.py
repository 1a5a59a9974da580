"""chainrule: deep learning from scratch on arrays; every forward and backward is written by hand, to be read.

    chainrule.functions   pairs of plain functions: conv2d / conv2d_backward
    chainrule.layers      parameters and composition: Conv2d, Sequential
    chainrule.models      whole networks
    chainrule.training    optimizers, schedules, the loop, checkpoints
    chainrule.generation  sampling, and text that is drawn id by id
    chainrule.data        data sets and batches
    chainrule.doctor      check: finds and names faults, in our layers and in anybody's
    chainrule.look        trace, gradient_flow: every call of a training step, and how far its gradients come

Everything is imported when it is first used: `import chainrule` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from . import data, doctor, functions, generation, labs, layers, look, models, recipes, training
    from .doctor.check import check
    from .doctor.training import TrainingWatch, check_training
    from .functions.dispatch import backend
    from .layers import default_dtype, manual_seed, randomness
    from .look import gradient_flow, trace
    from .training.files import load, save
    from .training.summary import summary

# what `chainrule.NAME` is, and where it lives
_NAMES = {
    "TrainingWatch": "doctor.training",
    "backend": "functions",
    "check": "doctor.check",
    "check_training": "doctor.training",
    "default_dtype": "layers",
    "gradient_flow": "look",
    "load": "training.files",
    "manual_seed": "layers",
    "randomness": "layers",
    "save": "training.files",
    "summary": "training.summary",
    "trace": "look",
}
_FLOORS = (
    "data", "doctor", "functions", "generation", "labs", "layers", "look", "models", "recipes", "training",
)  # fmt: skip

__all__ = [
    "TrainingWatch", "backend", "check", "check_training", "data", "default_dtype", "doctor", "functions",
    "generation", "gradient_flow", "labs", "layers", "load", "look", "manual_seed", "models", "randomness",
    "recipes", "save", "summary", "trace", "training",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _FLOORS:
        return import_module(f"{__name__}.{name}")
    if name in _NAMES:
        return getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'chainrule' has no attribute {name!r}: there are {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
