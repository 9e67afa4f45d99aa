"""How long what is kept, and taking a person out."""

from django.urls import path

from portal.retention import views

urlpatterns = [
    path("retention/", views.retention, name="retention"),
    path("retention/prune/", views.retention_prune, name="retention_prune"),
    path("retention/erasures/", views.erasures, name="erasures"),
    path("retention/erasures/add/", views.erasure_add, name="erasure_add"),
    path("retention/erasures/<uuid:code>/", views.erasure, name="erasure"),
]
