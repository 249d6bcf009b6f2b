"""``auto`` becomes what the machine has; a wish that it cannot grant is an error before any work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from pipeline.project.errors import SettingsError
from pipeline.running import hardware
from pipeline.running.hardware import Hardware
from pipeline.settings import loading
from tests import yaml_text

PARAMS = yaml_text.load((Path(__file__).parents[2] / "params.yaml").read_text())


@pytest.fixture
def machine(monkeypatch):
    """Make the machine have, or lack, a GPU and fast bfloat16 numbers."""

    def have(*, gpu: bool, bfloat16: bool) -> None:
        monkeypatch.setattr(hardware, "has_gpu", lambda: gpu)
        monkeypatch.setattr(hardware, "has_fast_bfloat16", lambda device: bfloat16)

    return have


def resolve(device, precision):
    problem = {**PARAMS["problems"]["digits"], "precision": precision}
    content = {**PARAMS, "device": device, "problems": {**PARAMS["problems"], "digits": problem}}
    settings = loading.validate(content, "params.yaml")
    return hardware.resolve(settings, settings.problems["digits"])


@pytest.mark.parametrize("gpu", [True, False])
@pytest.mark.parametrize("bfloat16", [True, False])
def test_auto_takes_what_there_is(machine, gpu, bfloat16):
    machine(gpu=gpu, bfloat16=bfloat16)
    expected = Hardware("cuda" if gpu else "cpu", "bfloat16" if bfloat16 else "float32")
    assert resolve("auto", "auto") == expected


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_is_asked_for_by_name_is_taken(machine, precision):
    machine(gpu=True, bfloat16=False)
    assert resolve("cpu", precision) == Hardware("cpu", precision)
    assert resolve("cuda", precision) == Hardware("cuda", precision)


def test_a_gpu_that_is_not_there_is_an_error(machine):
    machine(gpu=False, bfloat16=False)
    with pytest.raises(SettingsError, match=r"device: found 'cuda', but torch sees no GPU here; take 'auto' or 'cpu'"):
        resolve("cuda", "float32")


def test_torch_is_asked_for_a_gpu_where_there_may_be_one():
    assert hardware.has_gpu() == torch.cuda.is_available()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/cpuinfo")
@pytest.mark.skipif("AuthenticAMD" not in Path("/proc/cpuinfo").read_text(), reason="Intel may have AMX as well")
def test_fast_bfloat16_is_what_the_processor_says_of_itself():
    assert hardware.has_fast_bfloat16("cpu") == ("avx512_bf16" in Path("/proc/cpuinfo").read_text())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")
def test_a_gpu_says_whether_it_has_bfloat16():
    assert hardware.has_fast_bfloat16("cuda") in (True, False)
