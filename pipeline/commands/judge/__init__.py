"""The study's statistics for anybody's results: a CSV with one row per run, or one row per run and epoch."""
