"""One file per section of the report: ``build(results) -> list[Item]``."""
