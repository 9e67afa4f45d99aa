#!/usr/bin/env python
"""Django's door: every command of Delivery Desk goes through here."""

import gc
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed for this Python. Run `make run` once, then use .venv/bin/python manage.py.")
    try:
        execute_from_command_line(sys.argv)
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`). What is still held back must not be written at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    # The process ends here: what is left goes with it, and the collector of cycles need not look through it before.
    gc.freeze()


if __name__ == "__main__":
    main()
