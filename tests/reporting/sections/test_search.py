import pytest

from pipeline.reporting.sections import learning_rates
from tests.reporting.conftest import PARAMS, with_rules


@pytest.mark.parametrize(("margin", "words", "good"), [(0.02, "2.0", 1), (0.05, "5.0", 3), (0.2, "20.0", 5)])
def test_the_margin_of_good_learning_rates_is_the_setting(results, margin, words, good):
    margins = {**PARAMS["comparison"]["margins"], "learning_rate": margin}
    table = learning_rates.table(with_rules(results, margins=margins), "cifar10")
    assert f"within {words}\N{NO-BREAK SPACE}points of the best" in table.header
    shown = dict(zip(table.header, table.rows[1], strict=True))[table.header[-2]]
    middle = results.settings.optimizers["adam"].learning_rate_centre
    ends = [f"{middle * 10 ** (step / 2):.3g}" for step in (-(good // 2), good // 2)]
    assert shown == " to ".join(dict.fromkeys(ends))
