"""Which files of the project a stage really imports, at its top or inside a function.

``python -m tests.import_closure`` writes them into ``dvc.yaml``; a test compares the two.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("pipeline", "stages")


# Packages whose files are found by name: a stage that uses one depends on the folder, so that a new file needs no edit
REGISTRIES = {
    "pipeline.data.problems": "pipeline/data/problems",
    "pipeline.claims": "pipeline/claims",
    "pipeline.reporting.plots": "pipeline/reporting/plots",
    "pipeline.reporting.sections": "pipeline/reporting/sections",
}


def closure(module: str, root: Path = ROOT) -> set[str]:
    """Return the files of `module` and of all that it imports (folders for registries), relative to the root."""
    seen: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        path = _file_of(name, root)
        if path is None or name in seen:
            continue
        seen.add(name)
        pending += _imports(path, root)
        if name in REGISTRIES:
            pending += [f"{name}.{file.stem}" for file in path.parent.glob("*.py") if file.stem != "__init__"]
    files = [_file_of(name, root) for name in seen]
    # a package's page without any code changes nothing
    kept = [path for path in files if path and (path.name != "__init__.py" or _has_code(path))]
    return {_registry_or_file(str(path.relative_to(root))) for path in kept}


def _registry_or_file(path: str) -> str:
    return next((folder for folder in REGISTRIES.values() if path.startswith(f"{folder}/")), path)


def _has_code(path: Path) -> bool:
    return len(ast.parse(path.read_text(encoding="utf-8")).body) > 1


def _file_of(module: str, root: Path) -> Path | None:
    if module.split(".")[0] not in PACKAGES:
        return None
    base = root.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.exists()), None)


@cache
def _imports(path: Path, root: Path) -> tuple[str, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: list[str] = []
    for node in _nodes_that_run(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    parents = [".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 1)]
    return tuple(dict.fromkeys(name for name in [*names, *parents] if _file_of(name, root)))


def _nodes_that_run(tree: ast.AST) -> list[ast.AST]:
    nodes: list[ast.AST] = []
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        nodes += [child, *_nodes_that_run(child)]
    return nodes


def write(dvc_yaml: Path = ROOT / "dvc.yaml") -> None:
    """Put the closure of every stage into its dependencies, before those on data."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(dvc_yaml.read_text(encoding="utf-8"))
    for name, stage in content["stages"].items():
        own = f"stages/{name}.py"
        code = [own, *sorted(closure(f"stages.{name}") - {own})]
        rest = [dep for dep in stage["deps"] if not dep.startswith(PACKAGES)]
        stage["deps"][:] = code + _templates(code) + rest
    with dvc_yaml.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def _templates(code: list[str]) -> list[str]:
    # templates are read, not imported
    return ["pipeline/reporting/templates"] if "pipeline/reporting/html.py" in code else []


if __name__ == "__main__":
    write()
