"""What came back: is a message the report of a failed delivery, for whom did it fail, and why.

:func:`classify` is the whole of it. A message is a complaint (RFC 5965), a report that something could not be
delivered or was (RFC 3464, or in any of the forms that programs write for people), an automatic answer (RFC 3834), or
none of these. Reports are known by several signs together, so that a person's mail about a bounce is none.
"""

from __future__ import annotations

from diagnostics.engine.messages.bounce.classify import Classified, Recipient, classify

__all__ = ["Classified", "Recipient", "classify"]
