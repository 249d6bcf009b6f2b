"""One file or folder per command of ``python -m pipeline``."""
