"""Looking at a training step: what every layer took, made and handed back, and how far gradients come."""

from .flow import GradientFlow
from .flowing import gradient_flow
from .lines import Line, Trace
from .tracing import trace

__all__ = ["GradientFlow", "Line", "Trace", "gradient_flow", "trace"]
