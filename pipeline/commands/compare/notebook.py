"""A class object -> what a person would have typed for it."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from pipeline.project import files, paths
from pipeline.project.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = "classes"


def text_of(found: type) -> str:
    """Return the name of a class of ``torch.optim`` or of a package, or ``file.py:Class``.

    A class that was defined in a notebook is written to a file under ``.memo/``, with the imports that it needs.

    Raises
    ------
    UserError
        If its source cannot be had, or it uses more of the notebook than imports.
    """
    import torch

    if not isinstance(found, type):
        raise UserError(f"found {found!r}; it must be a class, or its name as text.")
    name = str(found.__name__)
    if getattr(torch.optim, name, None) is found:
        return name
    module = sys.modules.get(found.__module__)
    file = getattr(module, "__file__", None)
    if found.__module__ == "__main__" and (file is None or not Path(file).is_file()):
        return f"{_written(found, vars(module) if module else {})}:{name}"
    if file is None:
        raise UserError(f"the source of {name} cannot be found: give it as path/to/file.py:Class.")
    if "site-packages" in Path(file).parts:
        return f"{found.__module__}:{name}"
    return f"{file}:{name}"


def _written(found: type, names: Mapping[str, object]) -> Path:
    advice = (
        f'put it and all that it uses into a cell that begins with "%%writefile my_optimizer.py", '
        f'run it, and give "my_optimizer.py:{found.__name__}"'
    )
    source = _source(found)
    if source is None:
        raise UserError(f"the source of {found.__name__} cannot be read: {advice}.")
    imports = []
    for name in sorted(_used(source) & names.keys() - {found.__name__}):
        line = _import_of(name, names[name])
        if line is None:
            raise UserError(f"{found.__name__} uses {name}, which is defined in the notebook too: {advice}.")
        imports.append(line)
    path = paths.memo() / _FOLDER / f"{found.__name__.lower()}.py"
    files.write_text(path, "\n".join([*imports, "", "", source, ""]))
    return path


def _source(found: type) -> str | None:
    """Return the source of a class from the cell that holds its methods: `inspect` looks for files only."""
    methods = (inspect.unwrap(member) for member in vars(found).values() if inspect.isroutine(member))
    for method in methods:
        text = "".join(linecache.getlines(method.__code__.co_filename)) if inspect.isfunction(method) else ""
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and node.name == found.__name__:
                return ast.get_source_segment(text, node)
    return None


def _used(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def _import_of(name: str, value: object) -> str | None:
    """Return the line that imports a name, or None for what no module holds."""
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}"
    module, own = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if module in (None, "__main__") or getattr(sys.modules.get(str(module)), str(own), None) is not value:
        return None
    return f"from {module} import {own} as {name}"
