"""The embedded default's queue: Celery without a server to install."""
