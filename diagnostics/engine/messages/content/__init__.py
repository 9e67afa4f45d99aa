"""What a message says and how it is built: its parts, its pictures, its way out, as a mail program would show it."""

from diagnostics.engine.messages.content.codes import CODES
from diagnostics.engine.messages.content.judge import judge_content
from diagnostics.engine.messages.content.read import Content, read_content

__all__ = ["CODES", "Content", "judge_content", "read_content"]
