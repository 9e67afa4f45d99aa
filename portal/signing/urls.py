"""DKIM keys of a branch."""

from django.urls import path

from portal.signing import views

urlpatterns = [
    path("signing/asked/", views.signing_asked, name="signing_asked"),
    path("signing/keys/<int:pk>/", views.signing_key, name="signing_key"),
    path("signing/keys/<int:pk>/look/", views.signing_look, name="signing_look"),
    path("signing/keys/<int:pk>/revoke/", views.signing_revoke, name="signing_revoke"),
    path("branches/<slug:code>/keys/", views.signing_keys, name="signing_keys"),
    path("branches/<slug:code>/domains/<int:pk>/ask-for-key/", views.signing_ask, name="signing_ask"),
    path("branches/<slug:code>/domains/<int:pk>/issue-key/", views.signing_issue, name="signing_issue"),
]
