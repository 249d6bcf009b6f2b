"""Items of a report -> HTML and Markdown."""
