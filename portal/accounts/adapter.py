"""How django-allauth is to behave here: nobody signs up; admins invite, and single sign-on only lets the invited in."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from portal.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Signing up is closed: a portal that shows delivery histories has no open door."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names; the e-mail address is the name to sign in with."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Single sign-on opens an existing person's account, found by the address the identity provider has verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.is_existing:
            return
        verified = {item.email.lower() for item in sociallogin.email_addresses if item.verified}
        user = User.objects.filter(email__in=verified, is_active=True).first()
        if user is None:
            messages.error(request, "No person here has that address. Ask an admin to add you, then sign in again.")
            raise ImmediateHttpResponse(redirect("account_login"))
        sociallogin.connect(request, user)
