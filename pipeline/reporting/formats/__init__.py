"""The items of a report as Markdown, and the Markdown as HTML."""
