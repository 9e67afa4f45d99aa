"""The roof: every room's URLs, in the order people meet them."""

from django.urls import include, path

urlpatterns = [
    path("", include("portal.home.urls")),
    path("", include("tickets.urls")),
    path("", include("portal.branches.urls")),
    path("", include("portal.maillog.urls")),
    path("diagnostics/", include("diagnostics.urls")),
    path("people/", include("portal.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("", include("portal.web.urls")),
]
