"""Puts the settings, the flow and the results into the wheel, from the project's own files: git has no second copy."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = runpy.run_path(str(ROOT / "pipeline" / "project" / "shipped.py"))


class BuildWithProjectFiles(build_py):
    """Adds what `pipeline.project.shipped` names; an editable install reads the clone's own files instead."""

    def run(self) -> None:
        """Build the package, then copy the project's files into it."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "pipeline", SHIPPED["FOLDER"])
            shutil.rmtree(target, ignore_errors=True)  # of an earlier build
            SHIPPED["copy_files"](ROOT, target)


setup(cmdclass={"build_py": BuildWithProjectFiles})
