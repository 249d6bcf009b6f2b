"""Thin entry points, one per DVC stage: read params, call the library, write files."""

import sys

from pipeline.project import ancestors, interrupts

# Python's own sign that a module of this package is being started, and not imported
if sys.argv[0] == "-m":
    interrupts.end_at_once()
    ancestors.end_with_those_above()
