"""One file or folder per command of ``optimizer-study``."""
