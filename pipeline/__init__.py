"""Is Adam always the best optimizer? The library behind the study, and what a notebook needs of it.

The functions below are loaded when they are first used; ``import pipeline`` itself loads nothing large.

=================== ======================================================= ==========================================
`compare_optimizer` your optimizer, tuned and compared as the study's own   ``pipeline.compare_optimizer(Mine)``
`judge`             a verdict on results of your own                        ``pipeline.judge("results.csv")``
`load_results`      the results of the study as tables                      ``pipeline.load_results().to_frame()``
`recommend`         which optimizer to use, and where to start its rate     ``pipeline.recommend("cifar10", budget=3)``
=================== ======================================================= ==========================================

Examples
--------
>>> import pipeline
>>> pipeline.load_results().runs.groupby("optimizer").test_accuracy.mean()  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.commands.compare.comparing import compare_optimizer
    from pipeline.commands.judge.judgement import judge_results as judge
    from pipeline.commands.recommend.recommending import recommend
    from pipeline.reporting.result_tables import load_results

__all__ = ["compare_optimizer", "judge", "load_results", "recommend"]

# The same again, for Python: where each name is loaded from
_PLACES = {
    "compare_optimizer": "pipeline.commands.compare.comparing:compare_optimizer",
    "judge": "pipeline.commands.judge.judgement:judge_results",
    "load_results": "pipeline.reporting.result_tables:load_results",
    "recommend": "pipeline.commands.recommend.recommending:recommend",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, function = _PLACES[name].partition(":")
    return getattr(importlib.import_module(module), function)


def __dir__() -> list[str]:
    return __all__
