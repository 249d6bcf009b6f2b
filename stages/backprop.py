"""Stage ``backprop``: the worked back-propagation example."""

from __future__ import annotations

from pipeline.backprop import settings
from pipeline.backprop.example import worked_example
from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.project import errors


def main() -> None:
    """Work the example of ``params.yaml`` and write its results."""
    with errors.one_message(), stage_time("backprop"):
        worked_example(settings.load()).write()


if __name__ == "__main__":
    quiet.hush()
    main()
