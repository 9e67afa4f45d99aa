"""What every page shares and no model knows: fragments, pages of rows, template tags."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "portal.web"

    def ready(self) -> None:
        from portal.web.refusals import set_refusals

        set_refusals()
