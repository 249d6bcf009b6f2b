"""A small study that is broken again and again, in every way that users met: ``make torture SEED=1 KILLS=30``."""
