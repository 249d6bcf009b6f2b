"""Results -> verdicts: every optimizer against the baseline, ranks, and the verdict on each claim."""
