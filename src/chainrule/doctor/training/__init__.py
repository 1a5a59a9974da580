"""Faults of the update, and of training as it runs: section F of the diagnoses."""

from .check import check_training
from .likeness import is_optimizer
from .optimizer import check_optimizer
from .stepwise import check_step
from .watch import TrainingWatch

__all__ = ["TrainingWatch", "check_optimizer", "check_step", "check_training", "is_optimizer"]
