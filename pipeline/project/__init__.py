"""The ground: paths, files, errors, environment, git."""
