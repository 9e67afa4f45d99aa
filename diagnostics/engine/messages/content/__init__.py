"""What a message says and how it is built: its parts, its pictures, its way out, as a mail program would show it."""

from diagnostics.engine.messages.content import codes, picture_codes
from diagnostics.engine.messages.content.judge import judge_content
from diagnostics.engine.messages.content.pictures import remote_pictures
from diagnostics.engine.messages.content.read import Content, read_content

__all__ = ["CODES", "Content", "judge_content", "read_content", "remote_pictures"]

CODES = (*codes.CODES, *picture_codes.CODES)
