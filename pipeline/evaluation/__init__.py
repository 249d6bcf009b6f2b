"""Trained networks -> results/: the only reader of test examples."""
