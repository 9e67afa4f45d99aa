"""Mail that came back: bounces, complaints and automatic replies, matched to the deliveries they are about."""

from django.apps import AppConfig


class ReturnedConfig(AppConfig):
    name = "portal.returned"

    def ready(self) -> None:
        from django.core.checks import register as register_check

        from portal import inbound
        from portal.late import Late
        from portal.maillog import sources
        from portal.returned.system_checks import addresses_can_be_read

        what = "returned mail: .eml, mbox or a Maildir"
        sources.register(
            sources.Source(name="dsn", what=what, take=Late("portal.returned.loading.take_bounces"), has_folders=True)
        )
        services = "portal.returned.services"
        inbound.register(inbound.Door("returned mail", Late(f"{services}.is_ours"), Late(f"{services}.take_mail")))
        register_check(addresses_can_be_read)
