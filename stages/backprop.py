"""Stage ``backprop``: the worked back-propagation example."""

from __future__ import annotations

from pipeline.backprop import example
from pipeline.backprop import settings as backprop_settings
from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.project import errors, files, paths


def main() -> None:
    """Work the example of ``params.yaml`` and write its results."""
    with errors.one_message(), stage_time("backprop"):
        files.write_json(paths.BACKPROP, example.result(backprop_settings.load()))


if __name__ == "__main__":
    quiet.hush()
    main()
