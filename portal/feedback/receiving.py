"""The end of django-anymail's signal: one event of a mail service."""

from __future__ import annotations

from typing import Any

from portal.feedback.webhooks import take_event


def receive(sender: Any, event: Any, esp_name: str, **_: Any) -> None:
    """Store an event. It is stored before the service gets its answer, so that none is lost."""
    take_event(event, esp_name)
