"""The study's statistics for anybody's results: a file, a DataFrame, or an experiment of MLflow."""
