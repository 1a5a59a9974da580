"""Faults that a gradient check cannot see, because backward agrees with the wrong forward."""
