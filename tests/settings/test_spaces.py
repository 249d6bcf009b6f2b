from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipeline.settings.spaces import Space, arguments_with, coordinates, values_at


@pytest.mark.parametrize(
    ("space", "values"),
    [
        (Space(log_uniform=(0.001, 1.0)), (0.001, 0.0316, 1.0)),
        (Space(uniform=(-1.0, 3.0)), (-1.0, 1.0, 3.0)),
        (Space(one_minus_log_uniform=(0.02, 0.32)), (0.68, 0.92, 0.98)),
    ],
)
def test_a_space_goes_from_one_bound_to_the_other(space: Space, values: tuple[float, float, float]) -> None:
    assert [space.at(place) for place in (0, 0.5, 1)] == pytest.approx(values)


def test_a_place_beyond_the_bounds_continues_the_range() -> None:
    rates = Space(log_uniform=(0.01, 10.0))
    assert rates.decades == pytest.approx(3)
    assert (rates.at(-1 / 3), rates.at(4 / 3)) == (0.001, 100.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"uniform": [0, 1], "log_uniform": [0.1, 1]},
        {"log_uniform": [0, 1]},
        {"uniform": [2, 1]},
        {"uniform": [1]},
        {"normal": [0, 1]},
    ],
)
def test_a_space_needs_one_kind_with_two_ascending_bounds(wrong: dict[str, list[float]]) -> None:
    with pytest.raises(ValidationError):
        Space.model_validate(wrong)


def test_every_row_searches_an_argument_by_the_same_coordinate() -> None:
    rates, unit = Space(log_uniform=(0.001, 1.0)), Space(uniform=(0.0, 1.0))
    sgd = {"learning_rate": rates, "momentum": unit}
    adam = {"eps": unit, "learning_rate": rates, "beta1": unit, "weight_decay": unit}
    own = {"learning_rate": rates, "alpha": unit, "rho": unit}
    assert coordinates(sgd) == [0, 1]
    assert coordinates(adam) == [2, 0, 1, 3]
    assert coordinates(own) == [0, 4, 5]
    point = [0.5, 0.1, 0.2, 0.3, 0.4, 0.6]
    assert values_at(adam, point) == {"eps": 0.2, "learning_rate": 0.0316, "beta1": 0.1, "weight_decay": 0.3}


def test_a_beta_is_put_into_the_rows_betas() -> None:
    arguments = {"betas": [0.9, 0.999], "eps": 1e-8}
    assert arguments_with(arguments, {"beta1": 0.8, "eps": 1e-4}) == {"betas": [0.8, 0.999], "eps": 1e-4}
    assert arguments_with({}, {"beta1": 0.8}) == {"beta1": 0.8}
    assert arguments == {"betas": [0.9, 0.999], "eps": 1e-8}
