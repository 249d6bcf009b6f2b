"""One file a plot: ``data(results) -> DataFrame`` and ``draw(frame) -> Figure``."""
