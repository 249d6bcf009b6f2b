"""Trainings -> MLflow. The only folder that imports it; it watches, and no result depends on it."""

from pipeline.tracking.entities import DataSet
from pipeline.tracking.store import is_server, server_link, shown_uri, store_uri
from pipeline.tracking.tracker import Tracker

__all__ = ["DataSet", "Tracker", "is_server", "server_link", "shown_uri", "store_uri"]
