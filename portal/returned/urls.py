"""Mail that came back: bounces, complaints and automatic replies, matched to the deliveries they are about."""

from django.urls import path

from portal.returned import views

urlpatterns = [
    path("returned/", views.returned_mails, name="returned_mails"),
    path("returned/<int:pk>/", views.returned_mail, name="returned_mail"),
    path("returned/<int:pk>/recipients/<int:position>/match/", views.returned_match, name="returned_match"),
    path("returned/<int:pk>/not-a-bounce/", views.returned_not_a_bounce, name="returned_not_a_bounce"),
    path("returned/<int:pk>/read-again/", views.returned_read_again, name="returned_read_again"),
]
