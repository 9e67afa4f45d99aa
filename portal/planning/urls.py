"""May I send this?"""

from django.urls import path

from portal.planning import views

urlpatterns = [
    path("branches/<slug:code>/mailings/", views.mailings, name="mailings"),
    path("mailings/<uuid:code>/", views.mailing, name="mailing"),
    path("mailings/<uuid:code>/<slug:kind>.csv", views.mailing_sheet, name="mailing_sheet"),
]
