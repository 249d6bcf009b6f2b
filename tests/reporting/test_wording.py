import pytest

from pipeline.reporting import wording


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (wording.percent(0.5714), "57.1\N{NO-BREAK SPACE}%"),
        (wording.percent(None), "diverged"),
        (wording.number(-0.0213), "−2.1"),
        (wording.number(-0.0001), "0.0"),
        (wording.decimal(None), "diverged"),
        (wording.decimal(1.0734), "1.073"),
        (wording.points(0.01), "1.0\N{NO-BREAK SPACE}point"),
        (wording.points(0.012), "1.2\N{NO-BREAK SPACE}points"),
        (wording.rate(0.00316), "0.00316"),
        (wording.rate(0.0000316), "0.0000316"),
        (wording.rate(31.6), "31.6"),
        (wording.rate(1000.0), "1000"),
        (wording.interval({"low": None, "high": None}), "–"),
        (wording.with_interval({"mean": None, "low": None, "high": None}), "diverged"),
        (wording.counted(1, "seed"), "1 seed"),
        (wording.counted(45_000, "image"), "45,000 images"),
        (wording.listed(["a"]), "a"),
        (wording.listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_numbers_read_as_a_person_writes_them(text, expected):
    assert text == expected


def test_ordinals():
    places = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 112]
    expected = ["first", "second", "third", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "112th"]
    assert [wording.ordinal(place) for place in places] == expected
