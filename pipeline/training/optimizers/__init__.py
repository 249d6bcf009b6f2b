"""A row of ``params.yaml`` -> the optimizer of a network's parameters."""

from __future__ import annotations

from pipeline.training.optimizers.building import build
from pipeline.training.optimizers.classes import ALLOWED
from pipeline.training.optimizers.stepper import Stepper

__all__ = ["ALLOWED", "Stepper", "build"]
