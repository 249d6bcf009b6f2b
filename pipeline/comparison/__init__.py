"""Results -> verdicts: every optimizer against the baseline, ranks, and what became of each claim."""
