"""The command line: ``optimizer-study --help``, which is the same as ``python -m pipeline --help``."""

from __future__ import annotations

from pipeline.project import interrupts

if __name__ == "__main__":
    # before all other imports, which take a second
    interrupts.end_at_once()

from typing import Annotated

import typer

from pipeline.commands.backprop import backprop
from pipeline.commands.check.command import check
from pipeline.commands.compare.command import compare
from pipeline.commands.demo.command import demo
from pipeline.commands.doctor.command import doctor
from pipeline.commands.export import pdf, slides
from pipeline.commands.init import init
from pipeline.commands.judge.command import judge
from pipeline.commands.optimizers import optimizers
from pipeline.commands.predict.command import predict
from pipeline.commands.quiz.command import quiz
from pipeline.commands.recommend.command import recommend
from pipeline.commands.reproduce.command import reproduce
from pipeline.commands.run.command import run
from pipeline.commands.summary import summary
from pipeline.commands.ui import ui
from pipeline.console import quiet
from pipeline.project import errors
from pipeline.running import refusals

PROGRAM = "optimizer-study"  # `python -m pipeline` is the same

app = typer.Typer(
    name=PROGRAM,
    help=(
        "Is Adam always the best optimizer? `run` takes the study from data to answer (with `dvc repro`), `demo` gives "
        "a first look without a download, `summary` and `ui` show results. `compare` judges an optimizer of your own, "
        "`judge` results of your own; `recommend` says what to use; `quiz` lets you guess first; `check` looks at a "
        "problem of your own. `predict` uses the best network, `init` makes a project folder, `doctor` says what is "
        "missing or wrong."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def everything(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also show the warnings and log lines of other libraries.")
    ] = False,
) -> None:
    """Keep the output of other libraries away, unless the user asks for it."""
    if verbose:
        quiet.ask_for_it()
    quiet.hush()


for command in (
    *(run, demo, doctor, summary, predict, reproduce, optimizers, ui),
    *(backprop, quiz, compare, recommend, judge, init),
    *(slides, pdf),
):
    # innermost: typer would end the program without a word
    app.command()(interrupts.one_line()(command))
app.add_typer(check, name="check")


def main() -> None:
    """Run a command; a user's mistake ends in one message and exit status 2."""
    with errors.one_message(), refusals.in_words():
        app(prog_name=PROGRAM)


if __name__ == "__main__":
    main()
