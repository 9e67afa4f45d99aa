"""One recipient domain over all rooms, and how right the suggestions were."""

from django.urls import path

from portal.dossier import views

urlpatterns = [
    path("domains/", views.dossiers, name="dossiers"),
    path("domains/<str:domain>/", views.dossier, name="dossier"),
    path("accuracy/", views.accuracy, name="accuracy"),
    path("accuracy/<slug:cause>/", views.accuracy_tickets, name="accuracy_tickets"),
]
