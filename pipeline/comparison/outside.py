"""The sources of outside evidence, as claims name them."""

from __future__ import annotations

CHOI = "Choi et al. 2019, On Empirical Comparisons of Optimizers for Deep Learning (arXiv 1910.05446)"
SIVAPRASAD = (
    "Sivaprasad et al. 2020, Optimizer Benchmarking Needs to Account for Hyperparameter Tuning (arXiv 1910.11758)"
)
SCHMIDT = "Schmidt, Schneider & Hennig 2021, Descending through a Crowded Valley (arXiv 2007.01547)"
ALGOPERF = "AlgoPerf 2024, Kasimbeg et al. 2025 (arXiv 2502.15015)"
WEN = "Wen et al. 2025, Fantastic Pretraining Optimizers and Where to Find Them (arXiv 2509.02046)"
NANOGPT = "modded-nanogpt, track 3 (github.com/KellerJordan/modded-nanogpt)"
KUNSTNER = (
    "Kunstner et al. 2024, Heavy-Tailed Class Imbalance and Why Adam Outperforms Gradient Descent (arXiv 2402.19449)"
)
