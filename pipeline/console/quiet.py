"""Keeps other libraries quiet: their warnings, banners and log lines, unless the user asks for them."""

from __future__ import annotations

import logging
import os
import warnings

# In the environment, because stages and workers are processes of their own
VARIABLE = "PIPELINE_VERBOSE"

QUIET = {
    "PYTHONWARNINGS": "ignore",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # what goes wrong in a store arrives as an exception as well; MLflow logs it with its traceback
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "GIT_PYTHON_REFRESH": "quiet",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
}
# Telemetry is never sent, not even if the user asks for more output
_PRIVATE = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "DVC_NO_ANALYTICS")
_LOGGERS = (
    *("alembic", "urllib3", "uvicorn", "torch", "matplotlib"),
    # torch sets the level of its own logger anew; this one misses triton, which nothing here needs
    "torch.utils.flop_counter",
)


def verbose() -> bool:
    """Return whether the user wants to see the output of other libraries."""
    return os.environ.get(VARIABLE, "").lower() not in ("", "0", "false", "no")


def ask_for_it() -> None:
    """Let this process and those that it starts show the output of other libraries."""
    os.environ[VARIABLE] = "1"


def hush() -> None:
    """Switch off other libraries' warnings, banners and log lines, here and in processes started from here.

    What the user set in the environment stays as it is. With ``PIPELINE_VERBOSE``, only telemetry is switched off.
    """
    names = _PRIVATE if verbose() else tuple(QUIET)
    for name in names:
        os.environ.setdefault(name, QUIET[name])
    if verbose():
        return
    for logger in _LOGGERS:
        logging.getLogger(logger).setLevel(logging.ERROR)
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
