"""What ``auto`` means on this machine: the device, and the precision of a network's products."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import SettingsError
from pipeline.records import Hardware

if TYPE_CHECKING:
    from pipeline.config import ProblemSettings, Settings
    from pipeline.records import Device, Precision

# A CUDA driver under Linux, and under WSL; to look for it costs nothing, to ask torch costs its import
_DRIVERS = ("nvidiactl", "dxg")
# That a convolution reads, to be PyTorch's matrix product and not this project's float32 loop (pipeline/convolution.py)
_FEWEST_CHANNELS = 16


def resolve(settings: Settings, problem: ProblemSettings) -> Hardware:
    """Choose what a problem's trainings run on.

    Raises
    ------
    SettingsError
        Where ``device`` asks for a GPU that is not there, or the network is unknown.
    """
    device = _device(settings.device)
    return Hardware(device=device, precision=_precision(problem, device))


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


def is_wide(network: str) -> bool:
    """Return whether a network has a convolution of 16 input channels or more: what bfloat16 makes faster."""
    import torch

    from pipeline import networks

    # shapes alone, no numbers; widths depend on no image
    with torch.device("meta"):
        layers = networks.build(network, (32, 32, 3), 2).modules()
        channels = [layer.in_channels for layer in layers if isinstance(layer, torch.nn.Conv2d)]
    return max(channels, default=0) >= _FEWEST_CHANNELS


def _device(wanted: str) -> Device:
    if wanted == "cpu":
        return "cpu"
    if has_gpu():
        return "cuda"
    if wanted == "cuda":
        raise SettingsError("params.yaml: device: found 'cuda', but torch sees no GPU here; take 'auto' or 'cpu'.")
    return "cpu"


def _precision(problem: ProblemSettings, device: Device) -> Precision:
    if problem.precision != "auto":
        return problem.precision
    return "bfloat16" if has_fast_bfloat16(device) and is_wide(problem.network) else "float32"
