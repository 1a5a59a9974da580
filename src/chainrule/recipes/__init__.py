"""Recipes: the runs that people start. Data, model and training, short enough to be the tutorial."""
