"""chainrule: deep learning from scratch on arrays; every forward and every backward is written by hand, to be read."""

__version__ = "0.1.0"
