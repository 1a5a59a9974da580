"""The experiments of a training check: each takes the study and returns what it found."""
