"""What other libraries say of themselves: kept from the terminal, unless the user asks for it."""

from __future__ import annotations

import logging
import os
import warnings

# Stages and workers are processes of their own: what concerns them all is said in the environment
VARIABLE = "PIPELINE_VERBOSE"

_QUIET = {
    "PYTHONWARNINGS": "ignore",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "GIT_PYTHON_REFRESH": "quiet",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
}
# Nothing is sent to anybody, wanted or not
_PRIVATE = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "DVC_NO_ANALYTICS")
_LOGGERS = ("mlflow", "alembic", "urllib3", "uvicorn", "torch", "matplotlib")


def verbose() -> bool:
    """Return whether the user wants to see what other libraries say."""
    return os.environ.get(VARIABLE, "").lower() not in ("", "0", "false", "no")


def ask_for_it() -> None:
    """Let this process and those that it starts show what other libraries say."""
    os.environ[VARIABLE] = "1"


def hush() -> None:
    """Keep other libraries' warnings, banners and log lines away, here and in processes started from here.

    What the user set in the environment stays as it is. Nothing is kept away under ``PIPELINE_VERBOSE``, except for
    telemetry, which is never sent.
    """
    names = _PRIVATE if verbose() else tuple(_QUIET)
    for name in names:
        os.environ.setdefault(name, _QUIET[name])
    if verbose():
        return
    for logger in _LOGGERS:
        logging.getLogger(logger).setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
