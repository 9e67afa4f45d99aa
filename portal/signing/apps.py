"""DKIM keys of a branch: asked for, issued, watched until they are published right, verified, rotated, revoked."""

from django.apps import AppConfig


class SigningConfig(AppConfig):
    name = "portal.signing"
