"""Optimizers as a user writes them into a file: the page's Lion, and some with a mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.training.origin import identity
from pipeline.training.record import OptimizerRow
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "how-to" / "your-optimizer.md").read_text(encoding="utf-8")
(LION,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

# Adam in few lines; each mistake replaces one of them
ADAM = """
import torch


class Mine(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            rate, (beta1, beta2) = group["lr"], group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["m"] = torch.zeros_like(p)
                    state["v"] = torch.zeros_like(p)
                state["step"] += 1
                m, v = state["m"], state["v"]
                m.lerp_(p.grad, 1 - beta1)
                v.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                first, second = 1 - beta1 ** state["step"], 1 - beta2 ** state["step"]
                p.sub_(rate * (m / first) / ((v / second).sqrt() + group["eps"]))
"""


def mistaken(line: str, instead: str) -> str:
    """Return Adam with another line."""
    assert ADAM.count(line) == 1
    return ADAM.replace(line, instead)


def beginning_with(line: str) -> str:
    """Return Adam with another line at the start of each update of a parameter."""
    return mistaken('state["step"] += 1\n', f'state["step"] += 1\n                {line}\n')


def with_module_line(line: str, source: str) -> str:
    """Return a source with another line after its import."""
    return source.replace("import torch\n", f"import torch\n\n{line}\n")


_M, _V = 'state["m"] = torch.zeros_like(p)', 'state["v"] = torch.zeros_like(p)'
_RATE = 'rate, (beta1, beta2) = group["lr"], group["betas"]'

NO_CORRECTION = mistaken('1 - beta1 ** state["step"], 1 - beta2 ** state["step"]', "1, 1")
SHARED_STATE = mistaken(_V, 'state["v"] = state["m"]')
SHARED_AVERAGE = beginning_with('state["last"] = state.get("last", state["m"]); state["last"].mul_(0.999)')
SHARED_BUFFER = with_module_line("KEPT = {}", mistaken(_M, 'state["m"] = KEPT.setdefault(p.shape, p * 0)'))
KEEPS_PARAMETER = mistaken(_M, 'state["m"] = p.detach()')
IGNORES_RATE = mistaken(_RATE, 'rate, (beta1, beta2) = 1e-3, group["betas"]')
KEEPS_RATE = mistaken(_RATE, 'rate, (beta1, beta2) = self.rate, group["betas"]').replace(
    "        super()", "        self.rate = lr\n        super()"
)
UPHILL = mistaken("p.sub_(", "p.add_(")
HIDDEN_STATE = mistaken("state = self.state[p]", 'state = self.__dict__.setdefault("kept", {}).setdefault(p, {})')
RANDOM = mistaken("p.sub_(rate", "p.sub_(torch.rand_like(p) * rate")
NUMPYS_RANDOM = with_module_line("import numpy", mistaken("p.sub_(", "p.sub_(float(numpy.random.rand()) * "))
OWN_DICE = with_module_line("DICE = torch.Generator()", mistaken("p.sub_(", "p.sub_(torch.rand(1, generator=DICE) * "))
FROZEN_TOO = mistaken("if p.grad is None:\n", "if p.grad is None:\n                    p.mul_(0.99)\n")
SKIPS_VECTORS = mistaken("if p.grad is None", "if p.grad is None or p.dim() < 2")
HALF = beginning_with("p.data = p.data.half()")
FAILS = beginning_with('if state["step"] > 3: raise KeyError("momentum lost")')
FAILS_ON_NAN = beginning_with('if not p.isfinite().all(): raise ValueError("not a number")')
DECOMPOSES = beginning_with('if state["step"] > 3: torch.linalg.cholesky(-torch.eye(2))')
CLOSURE = mistaken("def step(self):", "def step(self, closure=None):\n        loss = closure()")
# no mistakes: other data for a parameter, and a gradient that is kept and written to
LIBERAL = beginning_with("p.data = p.data.clone(); state['last'] = p.grad; state['last'].add_(p, alpha=0.001)")


def row_of(folder: Path, source: str, name: str = "Mine", **arguments: object) -> OptimizerRow:
    """Write a file, and return the row that names its class."""
    path = folder / "mine.py"
    path.write_text(source, encoding="utf-8")
    class_name = f"{path}:{name}"
    return OptimizerRow(class_name, arguments, identity=identity(class_name))
