"""Celery, the bell that wakes a worker. What there is to do stands in the database, never in the queue alone."""

import os

from celery import Celery

from portal.broker.sqlite import register

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
register()
app = Celery("delivery-desk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
