"""The sources a log is read from. A source is one module with ``read``, and one line here."""

from portal.maillog.importers import csv, jsonl, postfix
from portal.maillog.importers.event import Importer

IMPORTERS: dict[str, Importer] = {
    "csv": csv.read,
    "jsonl": jsonl.read,
    "postfix": postfix.read,
}
#: Logs that grow while they are read, and so can be followed.
GROWING = ("postfix",)
