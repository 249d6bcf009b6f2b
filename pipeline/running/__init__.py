"""Many trainings: the pool of workers, the memo of finished work, its keys."""
