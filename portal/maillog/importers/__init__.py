"""The sources a log is read from. A source is one module with ``read``, and one line here."""

from portal.maillog.importers import csv, jsonl
from portal.maillog.importers.event import Importer

IMPORTERS: dict[str, Importer] = {"csv": csv.read, "jsonl": jsonl.read}
