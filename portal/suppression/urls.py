"""Addresses a branch does not write to any more, and the way out that every mail carries."""

from django.urls import path

from portal.suppression import views

urlpatterns = [
    path("suppression/", views.suppressions, name="suppressions"),
    path("suppression/<int:pk>/", views.suppression, name="suppression"),
    path("suppression/<int:pk>/end/", views.suppression_end, name="suppression_end"),
    path("branches/<slug:code>/suppression/", views.branch_suppressions, name="branch_suppressions"),
    path("branches/<slug:code>/suppression/add/", views.suppression_add, name="suppression_add"),
    path("branches/<slug:code>/suppression/import/", views.suppression_import, name="suppression_import"),
    path("branches/<slug:code>/suppression/list.<slug:kind>", views.suppression_export, name="suppression_export"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
