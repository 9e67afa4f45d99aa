"""How From-domains stand, and what was noticed."""

from django.urls import path

from portal.watch import views

urlpatterns = [
    path("branches/<slug:code>/domains/<int:pk>/report/", views.domain_report, name="domain_report"),
    path("branches/<slug:code>/domains/<int:pk>/look/", views.domain_look, name="domain_look"),
    path("branches/<slug:code>/domains/<int:pk>/letter/", views.domain_letter, name="domain_letter"),
    path("branches/<slug:code>/domains/<int:pk>/letter.txt", views.domain_letter_text, name="domain_letter_text"),
    path("notices/", views.notices, name="notices"),
]
