"""No model has changed without its migration."""

from __future__ import annotations

from django.core.management import call_command


def test_no_model_has_changed_without_its_migration(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
