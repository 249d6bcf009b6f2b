"""Progress on a terminal and in a log file."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import threading

import pytest
from rich.console import Console

from pipeline.console.progress import late_progress, progress


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log():
    return io.StringIO()


def to_log(log, clock):
    return {"console": Console(file=log), "clock": clock}


def to_terminal(clock, width=120, **options):
    return {"console": Console(file=Terminal(), force_terminal=True, width=width, **options), "clock": clock}


def test_a_log_gets_a_line_each_ten_seconds_and_a_last_one(log, clock):
    with progress("tune adam", 14, "trainings", **to_log(log, clock)) as bar:
        for number in range(14):
            clock.seconds += 3
            bar.advance(note=f"seed {number}")
    assert log.getvalue().splitlines() == [
        "tune adam: 4/14 trainings, 0:00:12 elapsed, about 0:00:30 left, seed 3",
        "tune adam: 8/14 trainings, 0:00:24 elapsed, about 0:00:18 left, seed 7",
        "tune adam: 12/14 trainings, 0:00:36 elapsed, about 0:00:06 left, seed 11",
        "tune adam: 14/14 trainings, 0:00:42 elapsed, seed 13",
    ]


def test_bytes_are_shown_as_mebibytes(log, clock):
    with progress("download", 4 << 20, "B", **to_log(log, clock)) as bar:
        for _ in range(2):
            clock.seconds += 10
            bar.advance(1 << 20)
        bar.advance(-(1 << 20))  # a member that has to be read again
    assert log.getvalue().splitlines() == [
        "download: 1.0/4.0 MiB, 0:00:10 elapsed",
        "download: 2.0/4.0 MiB, 0:00:20 elapsed, about 0:00:20 left",
        "download: 1.0/4.0 MiB, 0:00:20 elapsed, about 0:00:30 left",
    ]


def test_what_an_earlier_run_did_does_not_count_as_speed(log, clock):
    with progress("download", 100, "files", done=70, **to_log(log, clock)) as bar:
        for _ in range(2):
            clock.seconds += 10
            bar.advance(10)
    assert "90/100 files, 0:00:20 elapsed, about 0:00:10 left" in log.getvalue()


def test_a_restart_measures_the_time_again(log, clock):
    with progress("download", 100, "files", **to_log(log, clock)) as bar:
        clock.seconds = 5
        bar.advance(90)
        bar.restart(10)
        for _ in range(2):
            clock.seconds += 10
            bar.advance(30)
    assert "70/100 files, 0:00:20 elapsed, about 0:00:10 left" in log.getvalue()


def test_slow_work_has_a_time_left_as_well(log, clock):
    with progress("tune", 4, "trainings", **to_log(log, clock)) as bar:
        for _ in range(2):
            clock.seconds += 1800
            bar.advance()
    assert "2/4 trainings, 1:00:00 elapsed, about 1:00:00 left" in log.getvalue()


def test_more_may_be_to_do_after_the_end(log, clock):
    with progress("tune", 2, "trainings", **to_log(log, clock)) as bar:
        bar.advance(2)
        bar.set_total(3)
        clock.seconds = 20
        bar.advance()
    assert log.getvalue().splitlines()[-1] == "tune: 3/3 trainings, 0:00:20 elapsed"


def test_an_unknown_total_has_no_time_left(log, clock):
    with progress("read", 5, "lines", **to_log(log, clock)) as bar:
        bar.set_total(None)
        clock.seconds = 10
        bar.advance()
        clock.seconds = 3700
        bar.advance()
        bar.set_total(5)
    assert log.getvalue().splitlines() == [
        "read: 1/? lines, 0:00:10 elapsed",
        "read: 2/? lines, 1:01:40 elapsed",
        "read: 2/5 lines, 1:01:40 elapsed",
    ]


def test_nothing_to_do_is_no_error(log, clock):
    with progress("tune", 0, "trainings", **to_log(log, clock)):
        pass
    assert log.getvalue() == "tune: 0/0 trainings, 0:00:00 elapsed\n"


def test_an_error_is_not_reported_as_done(log, clock):
    def work():
        with progress("tune", 2, "trainings", **to_log(log, clock)) as bar:
            bar.advance()
            raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        work()
    assert log.getvalue() == "tune: stopped at 1/2 trainings, 0:00:00 elapsed\n"


def test_a_log_holds_no_control_characters(log, clock, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("\x1b[31mtune", 2, **to_log(log, clock)) as bar:
        bar.say("[red]line\r\x1b[2J" + "long " * 50)
        bar.advance(2, note="cat\x07\ntail")
    assert all(character.isprintable() or character == "\n" for character in log.getvalue())
    assert len(log.getvalue().splitlines()) == 2
    assert log.getvalue().startswith("[red]line")


def test_standard_error_is_used_where_no_console_is_given(capsys):
    with progress("tune", 1, "trainings") as bar:
        bar.advance()
        bar.say("hello")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["hello", "tune: 1/1 trainings, 0:00:00 elapsed"]


def test_threads_may_advance_together(log, clock):
    with progress("tune", 800, "steps", **to_log(log, clock)) as bar:
        threads = [threading.Thread(target=lambda: [bar.advance() for _ in range(200)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert "800/800 steps" in log.getvalue()


def test_a_terminal_gets_one_live_bar_with_everything(clock):
    shown = to_terminal(clock, no_color=True)
    with progress("tune [adam]", 14, "trainings", **shown) as bar:
        for number in range(2):
            clock.seconds += 6
            bar.advance(note=f"seed [{number}]")
        bar.say("[bold]kept")
    text = shown["console"].file.getvalue()
    assert "━" in text
    for part in ("tune [adam]", " 2/14 trainings", "0:00:12", "0:01:12", "seed [1]", "[bold]kept"):
        assert part in text
    assert "None" not in text


def test_a_download_on_a_terminal_has_a_speed(clock):
    shown = to_terminal(clock, no_color=True)
    with progress("download", 4_000_000, "B", **shown) as bar:
        for _ in range(2):
            clock.seconds += 1
            bar.advance(1_000_000)
    text = shown["console"].file.getvalue()
    assert "1.9/3.8 MiB" in text
    assert "1.0 MB/s" in text


def test_a_terminal_gets_no_control_characters_of_others(clock):
    shown = to_terminal(clock, width=200, no_color=True)
    with progress("tune\x1b[31m\x07", 2, "trainings", **shown) as bar:
        bar.advance(note="cat\x1b]0;title\x07\ntail")
        bar.say("line\r\x1b[2J")
    text = shown["console"].file.getvalue()
    assert "tune [31m" in text
    for forbidden in ("\x1b[31m", "\x07", "\x1b]0", "\x1b[2J"):
        assert forbidden not in text


def test_a_dumb_terminal_is_treated_as_a_log(clock, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    shown = to_terminal(clock)
    with progress("tune", 1, **shown) as bar:
        bar.advance()
    assert shown["console"].file.getvalue() == "tune: 1/1, 0:00:00 elapsed\n"


SCRIPT = """
from pipeline.console.progress import late_progress, progress
with progress("tune adam", 2, "trainings") as bar:
    bar.advance(note="first")
    print("result")
    bar.say("kept line")
    bar.advance(note="second")
"""


def test_on_a_pseudo_terminal_the_bar_is_live_and_standard_output_stays_apart():
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "120"}
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=slave, env=environment) as run:
        os.close(slave)
        screen = read_all(master)
        assert run.stdout is not None
        out = run.stdout.read().decode()
    assert run.returncode == 0
    assert out == "result\n"
    assert "\x1b[2K" in screen
    assert "\x1b[3" not in screen, "NO_COLOR forbids colours"
    assert "2/2 trainings" in screen
    assert "kept line\r\n" in screen


def read_all(terminal):
    pieces = []
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other end was closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(terminal)
    return b"".join(pieces).decode()


def test_work_that_is_soon_done_shows_nothing(capsys):
    with late_progress("compare", 3, "pairs") as advance:
        advance(3)
    assert capsys.readouterr().err == ""


def test_work_that_lasts_shows_itself_at_once(capsys):
    with late_progress("compare", 3, "pairs", delay=0) as advance:
        while "compare: 0/3 pairs" not in (shown := capsys.readouterr().err):
            pass
        advance(2)
        advance(1)
    assert shown.startswith("compare: 0/3 pairs")
    assert "compare: 3/3 pairs" in capsys.readouterr().err
