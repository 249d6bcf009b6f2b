"""Momentum and Nesterov converge easier and faster than plain SGD."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.comparison.claim import Claim, by_pairs, on
from pipeline.comparison.decisions import VerdictKind, every
from pipeline.comparison.measures import IMAGES_TO_LOSS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.decisions import Decision
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.pairs import Pair


def _faster_and_easier(pairs: Sequence[Pair], evidence: Evidence) -> Decision:
    """Decide by speed, and add what the learning-rate searches say about "easier"."""
    decision = every(pairs, evidence)
    if decision.decisive is None:
        return decision
    names = ("sgd", *(pair.a.optimizer for pair in pairs))
    searches = [evidence.search(pairs[0].a.problem, name) for name in names]
    known = [search.tolerance for search in searches if search and search.tolerance]
    if len(known) < len(names):
        return replace(decision, note="the range of good learning rates is unknown")
    plain, *others = known
    decades = " and ".join(f"{other.decades:.2g}" for other in others)
    note = f"decades of good learning rates: SGD {plain.decades:.2g}, others {decades}"
    widest = max(float("inf") if other.open else other.decades for other in others)
    harder = plain.decades > widest + evidence.settings.margins.tolerance
    if harder and decision.kind is VerdictKind.SUPPORTED:
        return replace(decision, kind=VerdictKind.INCONCLUSIVE, note=f"faster but not easier; {note}")
    return replace(decision, note=note)


CLAIM = Claim(
    title="Momentum and Nesterov converge easier and faster than plain SGD",
    quote="Momentum and Nesterov converge easier and faster than plain SGD.",
    rule=(
        "Faster decides: both momentum and Nesterov must reach the target training loss on the main problem with "
        "fewer images than plain SGD, significantly and beyond the speed margin. Refuted if SGD is significantly "
        "faster than either (Holm over the two); no meaningful difference if one is faster and the other within the "
        "margin, or both are within it. Easier is the range of good learning rates, known from one tuning seed only, "
        "so it cannot support the claim; but where it is narrower than SGD's for both, by more than the tolerance "
        "margin, a supported claim becomes inconclusive."
    ),
    needs=("images until a target training loss, of SGD, SGD + momentum and SGD + Nesterov",),
    find=by_pairs(
        on("cifar10", ("momentum", "sgd", IMAGES_TO_LOSS), ("nesterov", "sgd", IMAGES_TO_LOSS)),
        _faster_and_easier,
        yes="Momentum and Nesterov are both faster than plain SGD",
        no="Momentum or Nesterov is slower than plain SGD",
    ),
)
