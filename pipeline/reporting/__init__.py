"""From results to a report: sections of plain items, plots, and one renderer per format."""
