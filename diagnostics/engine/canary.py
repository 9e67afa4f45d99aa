"""A resolver that says of everything that it does not exist is not to be believed.

Machines without a way to the DNS often have a resolver that answers "no such name" for all names, and so do captive
portals and broken filters. Taken at its word it would make every domain a fault. So before the first "no such name" is
passed on, the resolver is asked for ``com``, which exists: if it denies that too, and has never found anything else,
its denials become "could not find out".
"""

from __future__ import annotations

from dataclasses import replace

from diagnostics.engine.resolver import Answer, Resolver, Status

#: As long as there is mail there is this name.
BIRD = ("com", "NS")
NOTE = "the resolver denies that com exists, so its word that this name does not exist counts for nothing"


class Canary:
    """A resolver whose denials are passed on once it has shown that it finds what exists."""

    def __init__(self, inner: Resolver) -> None:
        self.inner = inner
        self._sings = False

    async def query(self, name: str, rdtype: str) -> Answer:
        """The answer of the resolver within; NXDOMAIN as ERROR while it finds nothing at all."""
        answer = await self.inner.query(name, rdtype)
        if answer.is_ok:
            self._sings = True
        if answer.status is not Status.NXDOMAIN or self._sings:
            return answer
        bird = await self.inner.query(*BIRD)
        # Somebody else may have found something while the bird was asked for.
        if bird.status is Status.NXDOMAIN and not self._sings:
            return replace(answer, status=Status.ERROR, note=NOTE)
        self._sings = self._sings or bird.is_ok or bird.status is Status.NODATA
        return answer
