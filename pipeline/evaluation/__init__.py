"""Trained networks -> ``results/``."""
