"""Test messages: one sends a mail by the function whose mail went missing, and the desk says what came."""

from django.apps import AppConfig


class TrialsConfig(AppConfig):
    name = "portal.trials"

    def ready(self) -> None:
        from django.core.checks import register as register_check

        from portal import inbound
        from portal.late import Late
        from portal.trials.addresses import knows
        from portal.trials.system_checks import address_can_be_read

        inbound.register(inbound.Door("test messages", knows, Late("portal.trials.services.take")))
        register_check(address_can_be_read)
