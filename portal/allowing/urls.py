"""Asking a recipient's organisation to allow our servers."""

from django.urls import path

from portal.allowing import views

urlpatterns = [
    path("branches/<slug:code>/allow-requests/", views.allow_requests, name="allow_requests"),
    path("allow-requests/<int:pk>/", views.allow_request, name="allow_request"),
    path("allow-requests/<int:pk>/link/", views.allow_request_revoke, name="allow_request_revoke"),
    path("allow/<str:token>/", views.allow_answer, name="allow_answer"),
]
