"""How branches stand as senders, and what is decided about it."""

from django.urls import path

from portal.standing import views

urlpatterns = [
    path("standing/", views.standings, name="standings"),
    path("branches/<slug:code>/standing/", views.standing, name="standing"),
    path("branches/<slug:code>/standing/ask/", views.standing_ask, name="standing_ask"),
    path("branches/<slug:code>/standing/warn/", views.standing_warn, name="standing_warn"),
    path("branches/<slug:code>/standing/withdraw/", views.standing_withdraw, name="standing_withdraw"),
    path("branches/<slug:code>/standing/suspend/", views.standing_suspend, name="standing_suspend"),
    path("branches/<slug:code>/standing/resume/", views.standing_resume, name="standing_resume"),
]
