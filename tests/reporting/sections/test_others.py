from dataclasses import replace

from pipeline.reporting.items import Folded, Heading, Paragraph, Picture
from pipeline.reporting.sections import others
from tests.reporting.conftest import judged_by_loss


def introduction(results):
    return next(item.text for item in others.build(results) if isinstance(item, Paragraph))


def test_every_other_problem_is_introduced_and_has_its_figures(results):
    items = others.build(results)
    assert [item.text for item in items if isinstance(item, Heading)] == ["The other problems", "Handwritten digits"]
    text = introduction(results)
    assert text == "Made-up digits. Network `digits_cnn`, 3 epochs, linear learning rate, 3 seeds."
    folded = [item.title.rpartition(": ")[2] for item in items if isinstance(item, Folded)]
    assert folded == ["the numbers", "training curves", "speed", "the search"]


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
    assert not any(isinstance(item, Picture) for item in items)
    assert [type(item) for item in items] == [Heading, Heading, Paragraph, Folded]
    assert "Adam alone: test accuracy " in introduction(changed)
