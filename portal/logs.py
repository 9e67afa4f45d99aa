"""What the log leaves out: the traceback of what is no fault of the program."""

from __future__ import annotations

import logging


class RefusalsInOneLine(logging.Filter):
    """A page that was refused (403), not found (404) or badly asked for (400) is one line in the log, without a trace.

    Django hands the exception along with its warning of a request; ours are raised on purpose, and say nothing more.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", None)
        if isinstance(status, int) and status < 500:
            record.exc_info = record.exc_text = None
        return True
