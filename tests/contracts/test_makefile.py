"""`make` installs what the locks name and nothing else, from stand-ins for the package indexes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT, clean_environment
from tests.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

UV = Path(sys.executable).parent / "uv"
pytestmark = pytest.mark.skipif(not UV.exists(), reason="this environment was not made by make")

# builds an editable install without asking an index for setuptools
BACKEND = """
from tests.wheels import wheel

def build_editable(folder, settings=None, metadata=None):
    return wheel(folder, "optimizer-study", "0").name
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that a server on this machine shows, and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def project(tmp_path: Path, served: tuple[Path, str]) -> Path:
    """A project with the real Makefile and locks of packages that only the stand-in for the registry has."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / ".venv"], check=True)
    backend = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (folder / "pyproject.toml").write_text(f'{backend}[project]\nname = "optimizer-study"\nversion = "0"\n')
    (folder / "backend.py").write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{BACKEND}")
    registry = served[0] / "registry"
    for lock, packages in {
        "requirements": {"small-tool": "1.0", "torch": "2.15.0", "torchvision": "0.29.2", "nvidia-cudnn-cu13": "9"},
        "requirements-gpu": {"triton": "3.9.0"},
        "requirements-dev": {"checker": "5"},
    }.items():
        lines = []
        for name, version in packages.items():
            there = offer(registry, name, version)
            digest = hashlib.sha256(there.read_bytes()).hexdigest()
            lines.append(f"{name}=={version} \\\n    --hash=sha256:{digest}\n    # via nothing\n")
        (folder / f"{lock}.lock").write_text("".join(lines))
    return folder


def offer(index: Path, name: str, version: str) -> Path:
    """Add a wheel to an index."""
    folder = index / name
    folder.mkdir(parents=True)
    there = wheel(folder, name, version)
    (folder / "index.html").write_text(f'<a href="{there.name.replace("+", "%2B")}">{there.name}</a>')
    return there


def make(project: Path, address: str, *arguments: str, status: int = 0) -> str:
    """Call `make` where no other index is known."""
    environment = {n: v for n, v in clean_environment().items() if not n.startswith(("UV_", "PIP_", "MAKE"))}
    environment |= {"UV_DEFAULT_INDEX": f"{address}/registry", "UV_CACHE_DIR": str(project / "cache")}
    command = ["make", *arguments, f"UV={UV}", "UV_LINK_MODE=copy"]
    done = subprocess.run(
        command, cwd=project, env=environment | {"NO_PROXY": "127.0.0.1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr


def installed(project: Path) -> set[str]:
    (packages,) = (project / ".venv" / "lib").glob("python*/site-packages")
    return {path.name.removesuffix(".dist-info") for path in packages.glob("*.dist-info")} - {"optimizer_study-0"}


STUDY = {"small_tool-1.0", "torch-2.15.0", "torchvision-0.29.2", "nvidia_cudnn_cu13-9"}


def test_a_run_needs_neither_development_tools_nor_what_a_gpu_alone_needs(
    project: Path, served: tuple[Path, str]
) -> None:
    make(project, served[1], ".venv/.ready", "NVIDIA=")
    assert installed(project) == STUDY
    make(project, served[1], "env", "NVIDIA=")
    assert installed(project) == {*STUDY, "checker-5"}


def test_a_gpu_gets_all_of_cuda(project: Path, served: tuple[Path, str]) -> None:
    make(project, served[1], ".venv/.ready", "NVIDIA=/proc/driver/nvidia/version")
    assert installed(project) == {*STUDY, "triton-3.9.0"}


def test_the_cpu_build_comes_from_the_other_index_and_all_else_from_the_lock(
    project: Path, served: tuple[Path, str]
) -> None:
    folder, address = served
    offer(folder / "pytorch", "torch", "2.15.0+cpu")
    offer(folder / "pytorch", "torchvision", "0.29.2+cpu")
    make(project, address, ".venv/.ready", "TORCH_BACKEND=cpu", f"TORCH_INDEX={address}/pytorch")
    assert installed(project) == {"small_tool-1.0", "torch-2.15.0+cpu", "torchvision-0.29.2+cpu"}
    # the tools that come later leave it as it is
    make(project, address, "env", "TORCH_BACKEND=cpu", f"TORCH_INDEX={address}/pytorch")
    assert installed(project) == {"small_tool-1.0", "torch-2.15.0+cpu", "torchvision-0.29.2+cpu", "checker-5"}


@pytest.mark.parametrize("backend", ["", "cpu"])
def test_another_file_than_the_locked_one_is_refused(project: Path, served: tuple[Path, str], backend: str) -> None:
    lock = project / "requirements.lock"
    lines = lock.read_text().splitlines(keepends=True)
    lines[1] = f"    --hash=sha256:{'0' * 64}\n"
    lock.write_text("".join(lines))
    said = make(project, served[1], ".venv/.ready", f"TORCH_BACKEND={backend}", status=2)
    assert "Hash mismatch" in said
    assert not (project / ".venv" / ".ready").exists()
