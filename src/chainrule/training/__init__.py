"""Training: optimizers, schedules, one step, the loop around it, and what a run leaves behind."""

from .averaging import average_weights
from .clipping import clip_grad_norm_, grad_norm
from .display import Display
from .evaluation import Evaluation, evaluate, mean_loss
from .files import load, save
from .interrupt import Interrupted
from .loop import Batches, Callback, fit
from .nonfinite import NonFiniteError
from .optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer
from .progress import Progress, Record
from .run import Run
from .schedules import ConstantLR, CosineAnnealingLR, InverseSqrtLR, PolynomialLR, Schedule, StepLR, WarmUp
from .step import Loss, StepResult, train_step

__all__ = [
    "OPTIMIZERS", "SGD", "Adam", "AdamW", "Batches", "Callback", "ConstantLR", "CosineAnnealingLR",
    "Display", "Evaluation", "Interrupted", "InverseSqrtLR", "Loss", "NonFiniteError", "Optimizer",
    "PolynomialLR", "Progress", "Record", "Run", "Schedule", "StepLR", "StepResult", "WarmUp",
    "average_weights", "clip_grad_norm_", "evaluate", "fit", "grad_norm", "load", "mean_loss", "save",
    "train_step",
]  # fmt: skip
