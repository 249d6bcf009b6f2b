"""From results to a report: sections of plain items, plots, Markdown and HTML."""
