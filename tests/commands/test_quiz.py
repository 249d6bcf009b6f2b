"""The quiz: the guess is stored before anything is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.quiz import guesses
from pipeline.commands.quiz.guesses import Guess
from pipeline.commands.quiz.scoring import Score, score, spread_out
from pipeline.project.errors import DataError, UserError
from pipeline.reporting import result_tables

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder: the quiz asks about the published results."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, typed: str | None = None) -> str:
    return CliRunner().invoke(app, ["quiz", *arguments], input=typed, catch_exceptions=False).stdout


def test_a_guess_is_stored_and_then_the_measurements_are_shown(folder: Path) -> None:
    text = run("--guess", "adam,Muon nesterov", "--name", "Sara")
    assert guesses.read(folder / "quiz.csv") == [Guess("Sara", "cifar10", ("adam", "muon", "nesterov"))]
    before, _, after = text.partition("stored in quiz.csv")
    assert "%" not in before
    ranked = [line.split()[:3] for line in after.splitlines() if line.split()[:1] in (["1"], ["2"], ["3"])]
    assert [words[1] for words in ranked] == ["Muon", "SGD", "Adam"]
    assert "In the right order: 1 of 3 pairs" in after
    assert "At equal time" in after


def test_nothing_is_shown_where_the_guess_cannot_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system", "quiz.csv")

    monkeypatch.setattr("pipeline.project.files.write_text", refuse)
    done = CliRunner().invoke(app, ["quiz", "--guess", "adam,muon"])
    assert isinstance(done.exception, OSError)
    assert "%" not in done.stdout


def test_it_asks_until_the_answer_is_an_order(folder: Path) -> None:
    text = run("--problem", "next_word", typed="1 2\n1 1 2\nadm muon\n5 4 3 2 1\n")
    assert "missing in your order" in text
    assert "at least two different optimizers" in text
    assert "did you mean 'adam'?" in text
    [guess] = guesses.read(folder / "quiz.csv")
    assert (guess.problem, len(guess.order)) == ("next_word", 5)
    assert "adam" in guess.order
    # the order of the list gives nothing away: it is that of params.yaml
    assert list(reversed(guess.order)) == ["sgd", "nesterov", "adadelta", "adam", "muon"]


def test_without_an_answer_nothing_is_stored(folder: Path) -> None:
    done = CliRunner().invoke(app, ["quiz"], input="")
    assert done.exit_code == 1
    assert list(folder.iterdir()) == []


def test_all_guesses_of_a_class_the_best_first() -> None:
    run("--guess", "sgd,adam,muon", "--name", "Ali")
    run("--guess", "muon,adam,sgd", "--name", "Sara")
    text = run("--scores")
    assert text.index("Sara") < text.index("Ali")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--problem", "cifar"], "did you mean 'cifar10'"),
        (["--problem", "assignment"], "the study ranks nothing on 'assignment'"),
        (["--guess", "adam"], "at least two different optimizers"),
        (["--guess", ""], "at least two different optimizers"),
        (["--guess", "adam,adagrat"], "no optimizer 'adagrat' took part in cifar10; did you mean 'adagrad'?"),
        (["--scores"], "holds no guesses yet"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_stored(arguments: list[str], sentence: str, folder: Path) -> None:
    done = CliRunner().invoke(app, ["quiz", *arguments])
    assert isinstance(done.exception, UserError)
    assert sentence in str(done.exception)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "name,problem,guess\nSara,cifar10\n"])
def test_a_file_that_holds_something_else_is_left_alone(content: str, folder: Path) -> None:
    path = folder / "other.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=r"other\.csv"):
        guesses.add(path, Guess("Sara", "cifar10", ("adam", "sgd")))
    assert path.read_text() == content


def test_a_name_may_hold_anything(folder: Path) -> None:
    guess = Guess('سارا, "the 1st"', "cifar10", ("adam", "sgd"))
    guesses.add(folder / "g.csv", guess)
    assert guesses.read(folder / "g.csv") == [guess]


def test_a_line_that_names_what_is_not_there_is_named(folder: Path) -> None:
    (folder / "quiz.csv").write_text("name,problem,guess\nSara,cifar10,adam muonn\n")
    with pytest.raises(UserError, match=r"quiz\.csv, line 2: no optimizer 'muonn'"):
        CliRunner().invoke(app, ["quiz", "--scores"], catch_exceptions=False)


def test_pairs_closer_than_the_margin_do_not_count() -> None:
    reached = {"a": 0.9, "b": 0.5, "c": 0.495, "lost": float("-inf"), "too": float("-inf")}
    assert score(("a", "b"), reached, 0.01) == Score(1, 1, 0)
    assert score(("b", "a"), reached, 0.01) == Score(0, 1, 0)
    assert score(("a", "c", "b"), reached, 0.01) == Score(2, 2, 1)
    assert score(("a", "lost", "too"), reached, 0.01) == Score(2, 2, 1)


def test_some_optimizers_from_best_to_worst_with_the_baseline() -> None:
    ranked = list("abcdefghij")
    assert spread_out(ranked, "z", 5) == ["a", "c", "e", "h", "j"]
    assert spread_out(ranked, "g", 5) == ["a", "c", "e", "g", "j"]
    assert spread_out(ranked, "j", 5) == ["a", "c", "e", "h", "j"]
    assert spread_out(["a", "b"], "b", 5) == ["a", "b"]


def test_every_problem_that_has_a_ranking_can_be_asked() -> None:
    results = result_tables.load_results().results
    for problem in results.settings.study:
        if len(results.settings.roster(problem)) > 1:
            text = run("--problem", problem, "--guess", "sgd,nesterov,adam")
            assert "In the right order" in text or "closer to each other than the study's margin" in text
