"""The longer commands of the command line, one file each; `chainrule.cli` registers them."""
