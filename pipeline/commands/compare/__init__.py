"""Anybody's optimizer against one of the study: the study's own search, seeds and statistics."""
