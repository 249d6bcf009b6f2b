"""How good a guessed order is: how many of its pairs are in the right order."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Score(NamedTuple):
    """Pairs in the right order, pairs that count, and pairs that are too close to count."""

    right: int
    counted: int
    close: int


def score(order: Sequence[str], reached: Mapping[str, float], margin: float) -> Score:
    """Compare a guessed order with what was measured.

    Parameters
    ----------
    order
        The guess, the best first.
    reached
        What each optimizer reached; higher is better.
    margin
        Pairs that lie closer than this do not count: nobody can know their order.
    """
    leads = [reached[ahead] - reached[behind] for ahead, behind in combinations(order, 2)]
    # two that both diverged differ by nothing that could be computed
    counted = [lead for lead in leads if abs(lead) > margin]
    return Score(sum(lead > 0 for lead in counted), len(counted), len(leads) - len(counted))


def spread_out(ranked: Sequence[str], baseline: str, count: int) -> list[str]:
    """Return some of the ranked optimizers, from the best to the worst, with the baseline among them."""
    if len(ranked) <= count:
        return list(ranked)
    places = {round(place * (len(ranked) - 1) / (count - 1)) for place in range(count)}
    if baseline in ranked and ranked.index(baseline) not in places:
        middle = sorted(places)[1:-1]
        places.remove(min(middle, key=lambda place: abs(place - ranked.index(baseline))))
        places.add(ranked.index(baseline))
    return [ranked[place] for place in sorted(places)]
