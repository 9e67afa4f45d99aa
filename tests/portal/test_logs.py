"""The log holds a trace of what went wrong here, and one line of what was refused on purpose."""

from __future__ import annotations

import logging
import sys

import pytest
from django.test import Client

from portal.logs import RefusalsInOneLine


def record(status: int) -> logging.LogRecord:
    try:
        raise PermissionError("no")
    except PermissionError:
        made = logging.LogRecord("django.request", logging.WARNING, __file__, 1, "x", None, sys.exc_info())
    made.status_code = status
    return made


@pytest.mark.parametrize(("status", "has_trace"), [(400, False), (403, False), (404, False), (500, True)])
def test_a_refusal_is_one_line(status: int, has_trace: bool) -> None:
    made = record(status)
    assert RefusalsInOneLine().filter(made)
    assert bool(made.exc_info) is has_trace


def test_an_ordinary_refusal(as_nora: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert as_nora.get("/allow-lists/").status_code == 403
    (said,) = [item for item in caplog.records if item.name == "django.request"]
    # Django hands the exception along; what is printed leaves it out.
    assert RefusalsInOneLine().filter(said)
    assert said.exc_info is None
