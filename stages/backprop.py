"""Stage ``backprop``: the worked back-propagation example."""

from __future__ import annotations

from pipeline import backprop, config, errors, files, noise, paths
from pipeline.timing import stage_time


def main() -> None:
    """Work the example of ``params.yaml`` and write its results."""
    with errors.one_message(), stage_time("backprop"):
        settings = config.load().backprop
        files.write_json(paths.BACKPROP, backprop.result(settings))


if __name__ == "__main__":
    noise.hush()
    main()
