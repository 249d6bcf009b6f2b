"""A file of one's own, held against what the study expects of it."""
