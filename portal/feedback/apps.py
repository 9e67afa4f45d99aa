"""What receivers report by themselves: DMARC aggregate reports, TLS reports, and events of mail services."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "portal.feedback"

    def ready(self) -> None:
        # django-anymail tells of a webhook by a signal, and by nothing else.
        from anymail.signals import tracking

        from portal import inbound
        from portal.feedback.loading import knows, take_dmarc, take_mail, take_tlsrpt
        from portal.feedback.receiving import receive
        from portal.maillog.sources import Source, register

        what = "DMARC aggregate reports: XML, gzip, zip, or mails with them"
        register(Source(name="dmarc", what=what, take=take_dmarc, has_folders=True))
        what = "TLS reports: JSON, gzip, or mails with them"
        register(Source(name="tlsrpt", what=what, take=take_tlsrpt, has_folders=True))
        inbound.register(inbound.Door("reports of receivers", knows, take_mail))
        tracking.connect(receive, dispatch_uid="portal.feedback")
