"""Who takes a recipient's mail, as the log tells it: by the host that answered, else by the domain of the address."""

from __future__ import annotations

from functools import lru_cache

from diagnostics.engine.receivers import receiver_of, receiver_of_domain


@lru_cache(maxsize=50_000)
def provider_of(remote_host: str, domain: str) -> str:
    """The id of the provider or gateway (the receivers' table) behind a host and an address domain; "" for others."""
    found = (receiver_of([remote_host]) if remote_host else None) or receiver_of_domain(domain)
    return found.id if found else ""
