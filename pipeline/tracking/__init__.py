"""Trainings -> MLflow. The only folder that imports it; it watches, and no result depends on it.

``observer`` watches a stage, and ``publishing`` fills in later what is missing. Both hand their work to a ``tracker``,
a stage through the thread of ``writer``. ``runs`` and ``models`` write to the ``store`` what ``entities`` put into
MLflow's terms. ``connection`` joins all this to the project's settings, and ``server`` shows it.
"""

from pipeline.tracking.entities import DataSet
from pipeline.tracking.store import is_server, shown_uri, store_uri
from pipeline.tracking.tracker import Tracker

__all__ = ["DataSet", "Tracker", "is_server", "shown_uri", "store_uri"]
