"""Bring the archives named in ``params.yaml`` into ``data/raw/``."""

from __future__ import annotations

import os

from pipeline import config, errors, files, noise, paths
from pipeline.data import archives, sources
from pipeline.timing import stage_time


def main() -> None:
    """Fetch and verify; say where each archive came from."""
    data = config.load().data
    with stage_time("fetch"):
        for name in data.archives:
            archive = archives.by_name(name)
            order = sources.sources_in_order(data.sources, os.environ)
            origin = sources.fetch(archive, order, paths.raw(name), paths.DOWNLOADS)
            print(f"fetch {name}: {origin}")
        files.write_json(paths.RAW / "archives.json", list(data.archives))


if __name__ == "__main__":
    noise.hush()
    with errors.one_message():
        main()
