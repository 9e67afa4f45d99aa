"""What of an account is not for its owner to change here."""

from django.urls import path

from portal.accounts import views

urlpatterns = [
    path("email/", views.account_email, name="account_email"),
    path("3rdparty/", views.account_email, name="socialaccount_connections"),
]
