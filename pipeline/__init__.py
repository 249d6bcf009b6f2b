"""The library behind the study: everything that the thin DVC stages in ``stages/`` call."""
