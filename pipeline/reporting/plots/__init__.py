"""One file per plot: ``data(results) -> DataFrame`` and ``draw(frame) -> Figure``."""
