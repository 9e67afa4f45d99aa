"""What receivers report by themselves: DMARC aggregate reports, TLS reports, and events of mail services."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "portal.feedback"

    def ready(self) -> None:
        # django-anymail tells of a webhook by a signal, and by nothing else.
        from anymail.signals import tracking

        from portal import inbound
        from portal.feedback.receiving import receive
        from portal.late import Late
        from portal.maillog.sources import Source, register

        loading = "portal.feedback.loading"
        what = "DMARC aggregate reports: XML, gzip, zip, or mails with them"
        register(Source(name="dmarc", what=what, take=Late(f"{loading}.take_dmarc"), has_folders=True))
        what = "TLS reports: JSON, gzip, or mails with them"
        register(Source(name="tlsrpt", what=what, take=Late(f"{loading}.take_tlsrpt"), has_folders=True))
        inbound.register(inbound.Door("reports of receivers", Late(f"{loading}.knows"), Late(f"{loading}.take_mail")))
        tracking.connect(receive, dispatch_uid="portal.feedback")
