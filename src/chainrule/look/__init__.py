"""Looking at a training step: what every layer took, made and handed back."""

from .lines import Line, Trace
from .tracing import trace

__all__ = ["Line", "Trace", "trace"]
