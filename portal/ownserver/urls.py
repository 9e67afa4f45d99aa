"""A branch's own mail server."""

from django.urls import path

from portal.ownserver import views

urlpatterns = [
    path("branches/<slug:code>/own-server/", views.own_server, name="own_server"),
    path("branches/<slug:code>/own-server/ask/", views.own_server_ask, name="own_server_ask"),
    path("branches/<slug:code>/own-server/try/", views.own_server_try, name="own_server_try"),
    path("branches/<slug:code>/own-server/forget/", views.own_server_forget, name="own_server_forget"),
]
