"""One file a section of the report: ``build(results) -> list[Item]``."""
