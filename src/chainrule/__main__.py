"""`python -m chainrule`: the command line, where the command `chainrule` is not on the path."""

from __future__ import annotations

from chainrule.cli import main

if __name__ == "__main__":
    main()
