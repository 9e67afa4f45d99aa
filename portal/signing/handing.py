"""Giving the private half to the signer: a program that the settings name, which reads it from its standard input.

The program gets one JSON object (``domain``, ``selector``, ``algorithm``, ``private_key``), must end with 0 within
:data:`SECONDS`, and is the only one that ever has the key. What it prints is shown to nobody.
"""

from __future__ import annotations

import json
import logging
import shlex
import subprocess

from django.conf import settings

from portal.signing.making import Pair
from portal.signing.models import SigningKey

logger = logging.getLogger(__name__)
SECONDS = 20


class HandingProblem(Exception):
    """The signer did not take the key; the message says what to do."""


def has_signer() -> bool:
    """Whether keys go to a signer. Otherwise they are shown once."""
    return bool(settings.DKIM_SIGNER)


def hand_over(key: SigningKey, pair: Pair) -> None:
    """Give the private half of ``key`` to the signer; HandingProblem where it does not take it."""
    told = {
        "domain": key.domain.domain,
        "selector": key.selector,
        "algorithm": key.algorithm,
        "private_key": pair.private,
    }
    try:
        done = subprocess.run(  # noqa: S603 - whoever runs the desk names the program.
            shlex.split(settings.DKIM_SIGNER), input=json.dumps(told), text=True, capture_output=True, timeout=SECONDS
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        logger.error("The signer could not be run: %s.", type(error).__name__)
        raise HandingProblem("The signer could not be run. Nothing was issued; see the log of the desk.") from None
    if done.returncode:
        logger.error("The signer ended with %s.", done.returncode)
        raise HandingProblem(f"The signer refused the key (it ended with {done.returncode}). Nothing was issued.")
