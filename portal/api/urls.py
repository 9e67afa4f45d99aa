"""``/api/v1/`` for programs, and the page where admins make their tokens."""

from django.urls import path

from portal.api import checks, log, suppressions, tickets, views
from portal.api.desk import desk

desk.add_router("", log.router)
desk.add_router("", checks.router)
desk.add_router("", tickets.router)
desk.add_router("", suppressions.router)

urlpatterns = [
    path("api/v1/", desk.urls),
    path("api/v1/<path:rest>", views.no_such_address, name="api_no_such_address"),
    path("api/", views.reference, name="api_reference"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/add/", views.token_add, name="token_add"),
    path("tokens/<int:pk>/revoke/", views.token_revoke, name="token_revoke"),
]
