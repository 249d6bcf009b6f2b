"""Time every optimizer's step against SGD's. The only stage whose output may differ from run to run."""

from __future__ import annotations

from pipeline import config, cost, errors, files, paths
from pipeline.timing import stage_time


def main() -> None:
    """Write the ratios, their spread and the bytes of state."""
    settings = config.load()
    with stage_time("cost"):
        files.write_json(paths.COST, cost.compare(settings))


if __name__ == "__main__":
    with errors.one_message():
        main()
