"""The study's statistics for anybody's results: a CSV with one row a run, or one row a run and epoch."""
