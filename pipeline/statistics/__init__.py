"""Pure statistics on arrays: intervals, paired comparisons, rankings, tuning curves. No files, no plots."""
