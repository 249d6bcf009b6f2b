"""What others found: their studies, as claims name them. ``docs/why/related.md`` says more of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.comparison.decisions import VerdictKind
from pipeline.results.verdicts import OutsideRecord


@dataclass(frozen=True, slots=True)
class Source:
    """A study: what it is called in a sentence, its title, and where it appeared."""

    short: str
    title: str
    where: str

    def __str__(self) -> str:
        return f"{self.short}, {self.title} ({self.where})"


class Direction(StrEnum):
    """What a study of others says of a claim: for it, against it, or neither clearly."""

    SUPPORTS = "supports"
    REFUTES = "refutes"
    MIXED = "mixed"


SUPPORTS, REFUTES, MIXED = Direction.SUPPORTS, Direction.REFUTES, Direction.MIXED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What others found on a claim.

    Parameters
    ----------
    finding
        What they found, in our words.
    found
        What that says of the claim as it is tested here; `MIXED` where it says something else.
    differs
        In what their setting is not ours: a clause that is true whatever our verdict.
    """

    source: Source
    finding: str
    found: Direction
    differs: str

    def beside(self, kind: VerdictKind) -> OutsideRecord:
        """Return how it stands to a verdict; a claim without a meaningful difference does not hold."""
        if self.found is MIXED:
            stands, sentence = "not comparable", f"It does not decide this claim: {self.differs}."
        elif kind in (VerdictKind.INCONCLUSIVE, VerdictKind.NOT_TESTED):
            stands, sentence = "not comparable", "This study does not decide the claim."
        elif (kind is VerdictKind.SUPPORTED) == (self.found is SUPPORTS):
            holds = "the claim holds" if self.found is SUPPORTS else "the claim does not hold"
            stands, sentence = "agrees", f"Both find that {holds}, although {self.differs}."
        else:
            theirs, ours = ("for", "against") if self.found is SUPPORTS else ("against", "for")
            stands = "differs"
            sentence = f"It speaks {theirs} the claim, this study {ours} it. What is not the same: {self.differs}."
        return OutsideRecord(
            source=self.source.short,
            reference=str(self.source),
            finding=self.finding,
            found=str(self.found),
            stands=stands,
            sentence=sentence,
        )


WILSON = Source(
    "Wilson et al. 2017",
    "The Marginal Value of Adaptive Gradient Methods in Machine Learning",
    "NIPS 2017, arXiv 1705.08292",
)
CHOI = Source(
    "Choi et al. 2019",
    "On Empirical Comparisons of Optimizers for Deep Learning",
    "arXiv 1910.05446",
)
SIVAPRASAD = Source(
    "Sivaprasad et al. 2020",
    "Optimizer Benchmarking Needs to Account for Hyperparameter Tuning",
    "ICML 2020, arXiv 1910.11758",
)
SCHMIDT = Source(
    "Schmidt et al. 2021",
    "Descending through a Crowded Valley: Benchmarking Deep Learning Optimizers",
    "ICML 2021, arXiv 2007.01547",
)
KUNSTNER = Source(
    "Kunstner et al. 2024",
    "Heavy-Tailed Class Imbalance and Why Adam Outperforms Gradient Descent on Language Models",
    "NeurIPS 2024, arXiv 2402.19449",
)
ALGOPERF = Source(
    "AlgoPerf 2025",
    "Accelerating Neural Network Training: An Analysis of the AlgoPerf Competition",
    "Kasimbeg et al., ICLR 2025, arXiv 2502.15015",
)
WEN = Source(
    "Wen et al. 2025",
    "Fantastic Pretraining Optimizers and Where to Find Them",
    "arXiv 2509.02046",
)
NANOGPT = Source(
    "modded-nanogpt track 3",
    "Modded-NanoGPT Optimization Benchmark",
    "github.com/KellerJordan/modded-nanogpt, as it stood in August 2026",
)
ZEILER = Source("Zeiler 2012", "ADADELTA: An Adaptive Learning Rate Method", "arXiv 1212.5701")
SUTSKEVER = Source(
    "Sutskever et al. 2013",
    "On the Importance of Initialization and Momentum in Deep Learning",
    "ICML 2013",
)
