"""Uploads stream to the disk that keeps them, and end where they are larger than anything this desk takes.

Django writes an upload to the system's temporary folder first, which in a container is memory, and takes a file of any
size. These handlers (``FILE_UPLOAD_HANDLERS``) write beside where the file will be kept, and drop one that is too large
while it still comes in. The form then finds no file and says why.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest


def most_octets() -> int:
    """The size of the largest file that is taken."""
    return int(settings.LOG_UPLOAD_MB) * 1024 * 1024


def incoming() -> Path:
    """Where files are while they come in."""
    return Path(settings.MEDIA_ROOT) / "incoming"


def is_too_large(request: HttpRequest) -> bool:
    """Whether what came with ``request`` was dropped for its size (a form's other fields are small)."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0) > most_octets()
    except ValueError:
        return False


class CapUploadHandler(FileUploadHandler):
    """Drops a file that is too large; it stands before those that keep one."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._taken += len(raw_data)
        if self._taken > most_octets():
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class IncomingFile(TemporaryUploadedFile):
    """A file on its way in, in a temporary file on the disk where uploads are kept."""

    def __init__(
        self, name: str, content_type: str | None, charset: str | None, extra: dict[str, bytes] | None
    ) -> None:
        folder = incoming()
        folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=folder)  # noqa: SIM115 - it is closed with the upload.
        UploadedFile.__init__(self, file, name, content_type, 0, charset, extra)


class IncomingUploadHandler(TemporaryFileUploadHandler):
    """Streams a file to :class:`IncomingFile`."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = IncomingFile(self.file_name or "", self.content_type, self.charset, self.content_type_extra)
