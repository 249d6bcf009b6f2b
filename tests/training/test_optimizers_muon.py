"""Muon's orthogonalisation in float32: torch's own up to bfloat16's rounding, and close to that by SVD."""

from __future__ import annotations

import pytest
import torch
from torch.optim import _muon as torchs

from pipeline.training.optimizers.muon import Muon, orthogonalised

COEFFICIENTS, STEPS, EPS = (3.4445, -4.7750, 2.0315), 5, 1e-7
# the hidden weights of the assignment's network, and a square
SHAPES = [(16, 24), (120, 784), (84, 120), (120, 84), (64, 64)]


def matrix(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float(torch.linalg.norm(found - expected) / torch.linalg.norm(expected))


@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_with_torchs_own_as_far_as_bfloat16_goes(shape: tuple[int, int]) -> None:
    own = orthogonalised(matrix(*shape), COEFFICIENTS, STEPS, EPS)
    rounded = torchs._zeropower_via_newtonschulz(matrix(*shape), COEFFICIENTS, STEPS, EPS)
    exact = orthogonalised(matrix(*shape).double(), COEFFICIENTS, STEPS, EPS)
    assert own.dtype == torch.float32
    assert own.shape == shape
    # bfloat16 keeps eight bits: each product is off by up to 0.4 %
    assert relative(rounded.float(), exact.float()) < 0.03
    assert relative(own, exact.float()) < 1e-5


# a square of random numbers has singular values too small to be lifted in five steps
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape[0] != shape[1]])
def test_is_u_vt_within_what_newton_schulz_tolerates(shape: tuple[int, int]) -> None:
    own = orthogonalised(matrix(*shape), COEFFICIENTS, STEPS, EPS)
    u, _, vt = torch.linalg.svd(matrix(*shape), full_matrices=False)
    values = torch.linalg.svdvals(own)
    assert values.min() > 0.65
    assert values.max() < 1.25
    # in the basis of the singular vectors nothing but these values is left
    inside = u.T @ own @ vt.T
    assert (inside - torch.diag(inside.diagonal())).abs().max() < 1e-4
    assert torch.nn.functional.cosine_similarity(own.flatten(), (u @ vt).flatten(), dim=0) > 0.97


def test_a_step_is_torchs_step_up_to_rounding_and_leaves_torch_as_it_was() -> None:
    before = torchs._zeropower_via_newtonschulz
    ours, theirs = (torch.nn.Parameter(matrix(24, 40)) for _ in range(2))
    pair = [(ours, Muon([ours], lr=0.02)), (theirs, torch.optim.Muon([theirs], lr=0.02))]
    for seed in range(1, 6):
        for parameter, optimizer in pair:
            parameter.grad = matrix(24, 40, seed)
            optimizer.step()
    assert 0 < relative(ours.detach() - matrix(24, 40), theirs.detach() - matrix(24, 40)) < 0.02
    assert torchs._zeropower_via_newtonschulz is before


def test_a_step_gives_the_same_bytes_again() -> None:
    def stepped() -> torch.Tensor:
        parameter = torch.nn.Parameter(matrix(24, 40))
        optimizer = Muon([parameter], lr=0.02)
        for seed in range(1, 6):
            parameter.grad = matrix(24, 40, seed)
            optimizer.step()
        return parameter.detach()

    assert torch.equal(stepped(), stepped())


def test_a_matrix_of_zeros_stays_one() -> None:
    assert torch.equal(orthogonalised(torch.zeros(3, 5), COEFFICIENTS, STEPS, EPS), torch.zeros(3, 5))
