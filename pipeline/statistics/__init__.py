"""Pure statistics on arrays: intervals, paired comparisons, ranks, search curves. No files, no plots."""
