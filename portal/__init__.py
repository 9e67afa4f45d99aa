"""The frame and the shared records. Importing it makes Celery known to `shared_task`."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
