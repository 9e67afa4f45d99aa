"""People and their roles. Which branch a person belongs to stands one room up, in ``portal.branches``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class Role(models.TextChoices):
    """What a person may do. Staff see their own branches; support and admins see all of them."""

    STAFF = "staff", "Staff"
    SUPPORT = "support", "Support"
    ADMIN = "admin", "Admin"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person who signs in with ``email``; without a password they must set one by mail."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An admin, made from the terminal by ``createsuperuser``."""
        return self.create_user(email, password, **{"role": Role.ADMIN, **fields})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address and holds one role."""

    email = models.EmailField("e-mail address", max_length=254, unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=Role, default=Role.STAFF)
    is_active = models.BooleanField("may sign in", default=True)
    hears_of_tickets = models.BooleanField("is mailed about new tickets", default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Addresses are kept in lower case, so that one person cannot be two."""
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    @property
    def is_staff_role(self) -> bool:
        return self.role == Role.STAFF

    @property
    def is_support(self) -> bool:
        """Support, or an admin, who may do all that support may."""
        return self.role in (Role.SUPPORT, Role.ADMIN)

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN
