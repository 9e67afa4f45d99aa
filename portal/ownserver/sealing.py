"""Passwords at rest: sealed with a key of the desk, opened only to sign in with them, shown to nobody.

The key is ``SEALING_KEY``, or is made from ``SECRET_KEY`` where none is given. Several keys, with commas between, let
it be changed: the first seals, all open.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealProblem(Exception):
    """What is sealed cannot be opened with the keys of this desk."""


def _keys() -> MultiFernet:
    given = [text.strip() for text in settings.SEALING_KEY.split(",") if text.strip()] or [settings.SECRET_KEY]
    return MultiFernet([Fernet(_derived(text)) for text in given])


def _derived(text: str) -> bytes:
    made = HKDF(hashes.SHA256(), 32, salt=None, info=b"delivery desk sealing").derive(text.encode())
    return base64.urlsafe_b64encode(made)


def seal(text: str) -> str:
    """``text`` so that only this desk can read it."""
    return _keys().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """What was sealed; SealProblem where the key has been changed since."""
    if not sealed:
        return ""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealProblem("The password cannot be read: the desk's key was changed. Enter it again.") from error
