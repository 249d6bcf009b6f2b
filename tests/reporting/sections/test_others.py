from dataclasses import replace

from pipeline.reporting.items import Folded, Heading, Paragraph, Picture
from pipeline.reporting.sections import others
from tests.reporting.conftest import flat, judged_by_loss


def introduction(results):
    return next(item.items[0].text for item in others.build(results) if isinstance(item, Folded))


def test_every_other_problem_is_introduced_and_has_its_figures(results):
    items = others.build(results)
    assert [item.title for item in items if isinstance(item, Folded)] == ["Handwritten digits"]
    text = introduction(results)
    assert text == "Made-up digits. Network `digits_cnn`, 3 epochs, linear learning rate, 3 seeds."
    shown = [item.name for item in flat(items) if isinstance(item, Picture)]
    assert shown == [f"{name}_digits" for name in ("ranking", "training_curves", "speed", "budget", "search", "tuned")]


def test_a_loss_and_twins_are_named(results):
    assert "judged by its loss (nats): lower is better" in introduction(judged_by_loss(results, "digits"))
    problems = dict(results.comparison.problems)
    ranking = problems["digits"].ranking.model_copy(update={"left_out": {"muon": "made-up reason"}})
    problems["digits"] = problems["digits"].model_copy(update={"ranking": ranking})
    changed = replace(results, comparison=results.comparison.model_copy(update={"problems": problems}))
    assert introduction(changed).endswith("Muon is no optimizer of its own here (made-up reason), so it is not ranked.")


def test_a_lonely_optimizer_is_not_ranked(results):
    problems = results.settings.problems
    alone = problems["digits"].model_copy(update={"optimizers": ("adam",)})
    settings = results.settings.model_copy(update={"problems": {**problems, "digits": alone}})
    changed = replace(results, settings=settings)
    items = others.build(changed)
    assert [type(item) for item in flat(items)] == [Heading, Paragraph, Folded, Paragraph, Picture]
    assert "Adam alone: test accuracy " in introduction(changed)
