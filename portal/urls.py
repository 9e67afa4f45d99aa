"""The roof: every room's URLs, in the order people meet them."""

from django.urls import include, path

from portal import health

urlpatterns = [
    path("", include("portal.home.urls")),
    path("", include("tickets.urls")),
    path("", include("portal.branches.urls")),
    path("", include("portal.watch.urls")),
    path("", include("portal.maillog.urls")),
    path("", include("portal.suppression.urls")),
    path("", include("portal.returned.urls")),
    path("", include("portal.feedback.urls")),
    path("", include("portal.rates.urls")),
    path("", include("portal.planning.urls")),
    path("", include("portal.standing.urls")),
    path("", include("portal.signing.urls")),
    path("", include("portal.allowing.urls")),
    path("", include("portal.dossier.urls")),
    path("", include("portal.ownserver.urls")),
    path("", include("portal.intake.urls")),
    path("", include("portal.trials.urls")),
    path("", include("portal.retention.urls")),
    path("", include("portal.api.urls")),
    path("diagnostics/", include("diagnostics.urls")),
    # Before the package's own pages of the same addresses.
    path("account/", include("portal.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("", include("portal.web.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
