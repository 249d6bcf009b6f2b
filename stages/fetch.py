"""Bring the archives named in ``params.yaml`` into ``data/raw/``."""

from __future__ import annotations

import os

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.data import settings as data_settings
from pipeline.data import sources
from pipeline.data.archives import ARCHIVES
from pipeline.project import errors, files, paths


def main() -> None:
    """Fetch and verify; say where each archive came from."""
    data = data_settings.load()
    with stage_time("fetch"):
        for name in data.archives:
            order = sources.sources_in_order(data.sources, os.environ)
            origin = sources.fetch(ARCHIVES[name], order, paths.raw(name), paths.DOWNLOADS)
            print(f"fetch {name}: {origin}")
        files.write_json(paths.RAW / "archives.json", list(data.archives))


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message():
        main()
