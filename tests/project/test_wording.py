from __future__ import annotations

import pytest

from pipeline.project.wording import closest, counted, listed, shortened


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("adm", "; did you mean 'Adam'? Allowed: Adam, SGD"),
        ("sgd", "; did you mean 'SGD'? Allowed: Adam, SGD"),
        ("lion", "; allowed: Adam, SGD"),
        (5, "; allowed: Adam, SGD"),
    ],
)
def test_the_closest_name_is_offered_whatever_its_case(found: object, said: str) -> None:
    assert closest(found, ["Adam", "SGD"]) == said


def test_what_was_found_is_cut_after_80_characters() -> None:
    assert shortened("x" * 78) == repr("x" * 78)
    assert shortened("x" * 79) == f"'{'x' * 76}…"


@pytest.mark.parametrize(("count", "said"), [(0, "0 seeds"), (1, "1 seed"), (2, "2 seeds"), (45_000, "45,000 seeds")])
def test_counts(count: int, said: str) -> None:
    assert counted(count, "seed") == said


def test_lists() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"], "or") == "a, b or c"
    assert listed(range(3), most=3) == "0, 1 and 2"
    assert listed(range(9), most=3) == "0, 1, 2 and 6 more"


def test_a_long_list_of_allowed_names_is_cut() -> None:
    assert closest("x9", [f"x{n}" for n in range(10)], most=2) == "; did you mean 'x9'? Allowed: x0, x1, and 8 more"
