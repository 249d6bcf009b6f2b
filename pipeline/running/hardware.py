"""What ``auto`` means on this machine: the device, and the precision of a network's products."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.project.errors import SettingsError

if TYPE_CHECKING:
    from pipeline.settings.study import ProblemSettings, Settings
    from pipeline.training.record import Device, Precision

# A CUDA driver under Linux, and under WSL; looking for its file is faster than importing torch
_DRIVERS = ("nvidiactl", "dxg")


@dataclass(frozen=True)
class Hardware:
    """What trainings of a problem run on, and how precisely: ``auto`` is resolved."""

    device: Device
    precision: Precision


def resolve(settings: Settings, problem: ProblemSettings) -> Hardware:
    """Choose what a problem's trainings run on.

    Raises
    ------
    SettingsError
        If ``device`` asks for a GPU that is not there.
    """
    device = _device(settings.device)
    return Hardware(device=device, precision=_precision(problem.precision, device))


def has_gpu() -> bool:
    """Return whether torch can use a CUDA device here."""
    if sys.platform == "linux" and not any((Path("/dev") / name).exists() for name in _DRIVERS):
        return False
    import torch

    return torch.cuda.is_available()


def has_fast_bfloat16(device: Device) -> bool:
    """Return whether a device multiplies bfloat16 numbers in hardware."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _device(wanted: str) -> Device:
    if wanted == "cpu":
        return "cpu"
    if has_gpu():
        return "cuda"
    if wanted == "cuda":
        raise SettingsError("params.yaml: device: found 'cuda', but torch sees no GPU here; take 'auto' or 'cpu'.")
    return "cpu"


def _precision(wanted: str, device: Device) -> Precision:
    if wanted == "auto":
        return "bfloat16" if has_fast_bfloat16(device) else "float32"
    return "bfloat16" if wanted == "bfloat16" else "float32"
