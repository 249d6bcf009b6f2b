from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from pipeline.project import errors
from tests.conftest import ROOT


@pytest.mark.parametrize("kind", [errors.UserError, errors.SettingsError, errors.DataError, errors.TrainingError])
def test_a_users_mistake_is_one_line_and_status_2(kind: type[errors.UserError], capsys) -> None:
    with pytest.raises(SystemExit) as ended, errors.one_message():
        raise kind("params.yaml: it is so.")
    assert ended.value.code == 2
    assert ended.value.__suppress_context__
    assert capsys.readouterr() == ("", "error: params.yaml: it is so.\n")


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "No space left on device (runs/x.json). "), (errno.EACCES, "Permission denied (runs/x.json). ")],
)
def test_a_refusal_of_the_system_is_one_line(number: int, said: str, capsys) -> None:
    with pytest.raises(SystemExit) as ended, errors.one_message():
        raise OSError(number, os.strerror(number), "runs/x.json")
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {said}")
    assert "free space or correct the permissions" in err
    assert len(err.splitlines()) == 1


def test_a_refusal_without_number_or_file(capsys) -> None:
    with pytest.raises(SystemExit), errors.one_message():
        raise OSError("the disk is gone")
    assert capsys.readouterr().err.startswith("error: the disk is gone. ")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "there is not enough memory (MemoryError)"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "there is not enough memory (lib"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "there is not enough memory ("),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "there is not enough memory ("),
        (ModuleNotFoundError("No module named 'socksio'", name="socksio"), "(No module named 'socksio'): run `make .v"),
    ],
)
def test_what_the_machine_lacks_is_one_line(error: Exception, said: str, capsys) -> None:
    with pytest.raises(SystemExit) as ended, errors.one_message():
        raise error
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert said in message
    assert len(message.splitlines()) == 1


def test_a_real_limit_of_memory_is_one_line() -> None:
    command = ["bash", "-c", 'ulimit -v 1000000; "$0" -m pipeline backprop', sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is not enough memory (")
    assert "Traceback" not in done.stderr


def test_a_standard_input_that_is_closed_is_empty() -> None:
    code = "import sys\nfrom pipeline.project import errors\nwith errors.one_message(): print(repr(sys.stdin.read()))"
    done = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" <&-', sys.executable, code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "''\n"


def test_ctrl_c_is_130(capsys) -> None:
    with pytest.raises(SystemExit) as ended, errors.one_message():
        raise KeyboardInterrupt
    assert ended.value.code == 130
    assert capsys.readouterr().err.startswith("interrupted: ")


def test_other_errors_are_bugs_and_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError), errors.one_message():
        1 / 0  # noqa: B018
    with pytest.raises(ImportError), errors.one_message():
        from pipeline.project import nothing_of_this_name  # noqa: F401
    with pytest.raises(RuntimeError), errors.one_message():
        raise RuntimeError("shapes differ")


def test_nothing_happens_without_an_error(capsys) -> None:
    with errors.one_message():
        pass
    assert capsys.readouterr() == ("", "")


def test_a_stage_in_the_wrong_folder_says_so_without_a_traceback(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stages.backprop"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: params.yaml is not in ")
    assert len(done.stderr.splitlines()) == 1


def test_a_message_holds_no_code_for_the_terminal_and_has_an_end(capsys) -> None:
    with pytest.raises(SystemExit), errors.one_message():
        raise errors.UserError("no \x1b[31mred\x07\nsecond line " + "x" * 1_000_000)
    said = capsys.readouterr().err
    assert said.startswith("error: no  [31mred \nsecond line xxx")
    assert len(said) < 9_000


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_an_encoding_that_lacks_a_sign_gets_another(encoding: str) -> None:
    code = (
        "from pipeline.project import errors\n"
        "with errors.one_message():\n"
        "    print('a − b: é \\udce9')\n"
        "    raise errors.UserError('a − b \\udce9')\n"
    )
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stdout.startswith(b"a ")
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1
