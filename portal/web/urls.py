"""The URLs of this room."""

from django.urls import path

from portal.web import views

urlpatterns = [
    path("how-sure/", views.confidence, name="confidence"),
    path("style/", views.style, name="style"),
]
