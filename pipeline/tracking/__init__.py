"""Trainings -> MLflow. The only folder that imports it.

`tracker` is what the study talks to; `runs` and `models` write, in the words of `entities`, to the `store`; `server`
shows it all.
"""

from pipeline.tracking.entities import DataSet
from pipeline.tracking.store import is_server, shown_uri, store_uri
from pipeline.tracking.tracker import Tracker

__all__ = ["DataSet", "Tracker", "is_server", "shown_uri", "store_uri"]
