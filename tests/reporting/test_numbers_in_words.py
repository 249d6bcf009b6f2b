import pytest

from pipeline.project.wording import counted, listed
from pipeline.reporting import numbers_in_words as words
from pipeline.results.metrics import OverSeeds

NOTHING = OverSeeds(mean=None, low=None, high=None, seeds=(None,))
KNOWN = OverSeeds(mean=0.571, low=0.567, high=0.575, seeds=(0.57, 0.572))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (words.percent(0.5714), "57.1\N{NO-BREAK SPACE}%"),
        (words.percent(None), "diverged"),
        (words.number(-0.0213), "−2.1"),
        (words.number(-0.0001), "0.0"),
        (words.decimal(None), "diverged"),
        (words.decimal(1.0734), "1.073"),
        (words.points(0.01), "1.0\N{NO-BREAK SPACE}point"),
        (words.points(0.012), "1.2\N{NO-BREAK SPACE}points"),
        (words.rate(0.00316), "0.00316"),
        (words.rate(0.0000316), "0.0000316"),
        (words.rate(31.6), "31.6"),
        (words.rate(1000.0), "1000"),
        (words.interval(NOTHING), "–"),
        (words.with_interval(NOTHING), "diverged"),
        (words.with_interval(KNOWN), "57.1\N{NO-BREAK SPACE}% (95\N{NO-BREAK SPACE}% interval 56.7 to 57.5)"),
        (words.in_brackets(KNOWN), "57.1 (56.7 to 57.5)"),
        (words.effect(-1.234, "percentage points"), "−1.23\N{NO-BREAK SPACE}points"),
        (words.effect(0.845, "times"), "0.84\N{NO-BREAK SPACE}times"),
        (words.effect(-0.001, "percentage points"), "+0.00\N{NO-BREAK SPACE}points"),
        (words.effect(None, None), "–"),
        (words.effect_interval(-2.0, 0.5, "percentage points"), "−2.00 to +0.50"),
        (words.effect_interval(None, 0.5, "nats"), "–"),
        (words.p_value(None), "–"),
        (words.p_value(0.001953), "0.002"),
        (words.p_value(0.00001), "<\N{NO-BREAK SPACE}0.0001"),
        (words.p_value(1.0), "1"),
        (counted(1, "seed"), "1 seed"),
        (counted(45_000, "image"), "45,000 images"),
        (listed(["a"]), "a"),
        (listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_numbers_read_as_a_person_writes_them(text, expected):
    assert text == expected


def test_ordinals():
    places = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 112]
    expected = ["first", "second", "third", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "112th"]
    assert [words.ordinal(place) for place in places] == expected
