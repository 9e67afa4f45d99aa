"""``manage.py mailroom``: listen for mail that comes back and for answers to tickets, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.mailroom.listening import options_of_settings
from portal.mailroom.server import Options, serve


class Command(BaseCommand):
    help = "Listen for inbound mail (SMTP or LMTP) at the address that MAILROOM names."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--listen", default="", help="host:port in place of MAILROOM")
        parser.add_argument("--protocol", choices=("smtp", "lmtp"), default="", help="in place of MAILROOM_PROTOCOL")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["listen"] or settings.MAILROOM):
            raise CommandError("The mailroom is off. Set MAILROOM=host:port, or give --listen.", returncode=2)
        try:
            chosen = options_of_settings(listen=options["listen"])
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["protocol"]:
            chosen = replace(chosen, protocol=options["protocol"])
        try:
            asyncio.run(self.listen(chosen))
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            where = f"{chosen.host}:{chosen.port}"
            raise CommandError(f"{where} cannot be used ({error.strerror}). Set MAILROOM.", returncode=2) from error

    async def listen(self, options: Options) -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await serve(options, stopping=stopping, ready=lambda host, port: self.tell(options, host, port))
        self.stdout.write("The mailroom is closed.")

    def tell(self, options: Options, host: str, port: int) -> None:
        how = "STARTTLS is offered" if options.certificate else "without encryption"
        self.stdout.write(f"The mailroom listens at {host}:{port} ({options.protocol.upper()}, {how}).")
        self.stdout.flush()
