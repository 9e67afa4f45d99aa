"""Which sending server a log means: by the names and the address that it calls the server by."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import lru_cache
from ipaddress import ip_address

from portal.branches.models import SendingServer

#: What a log tells is looked up once, as long as no more different names than these come by.
REMEMBERED = 1000


class LoggedServers:
    """The sending servers as the logs call them. Looked up once; after that it asks the database for nothing."""

    def __init__(self, most: int | None = None) -> None:
        """``most``: no more servers are looked at; None for all there are."""
        self._hosts: dict[int, str] = {}
        self._by_host: dict[str, int] = {}
        self._by_log: dict[tuple[str, str], int] = {}
        self._machines: dict[int, str] = {}
        self._by_address: defaultdict[str, set[int]] = defaultdict(set)
        rows = SendingServer.objects.order_by("pk").values_list(
            "pk", "host", "log_host", "log_name", "helo", "addresses"
        )
        helos: defaultdict[str, set[int]] = defaultdict(set)
        for number, host, log_host, log_name, helo, addresses in rows[:most]:
            helos[helo].add(number)
            self._hosts[number], self._by_host[host] = host, number
            self._machines[number] = log_host or host
            self._by_log[log_host or host, log_name] = number
            for address in addresses:
                self._by_address[_address(str(address))].add(number)
        #: What two call themselves tells neither from the other.
        self._by_helo = {helo: min(numbers) for helo, numbers in helos.items() if helo and len(numbers) == 1}
        names = {*self._by_host, *self._machines.values()}
        # A server's log calls it by its short name, as long as only one is called so.
        labels = Counter(name.partition(".")[0] for name in names)
        self._long = {label: name for name in names if labels[label := name.partition(".")[0]] == 1}
        self._long |= {name: name for name in names}
        self.number = lru_cache(maxsize=REMEMBERED)(self._number)

    def host(self, number: int | None) -> str:
        """What the server ``number`` is called here; "" for none."""
        return self._hosts.get(number or 0, "")

    def _number(self, server: str, log_name: str = "") -> int | None:
        """The number of the server that a source calls ``server`` (a host, its short or its HELO name, an address).

        ``log_name`` is what the log calls that which sent from it: a service, an instance, or the address it sent from.
        Where that is nobody's, it is the host's mail.
        """
        log_name = log_name.lower()
        machine = self._long.get(server, "")
        # An address is the same, however it is written.
        address = _address(log_name)
        return (
            self._by_log.get((machine, address or log_name))
            or self._at(address, machine)
            or self._by_log.get((machine, ""))
            or self._by_host.get(machine)
            or self._by_helo.get(server)
            or self._at(_address(server), "")
        )

    def _at(self, address: str, machine: str) -> int | None:
        """The one server that has ``address``. Behind one gateway two machines may have the same: then it tells
        nothing, but for the log of one of them. A machine may have been left the addresses of those beside it.
        """
        numbers = self._by_address.get(address, set()) if address else set()
        if len(numbers) > 1 and machine:
            numbers = {number for number in numbers if machine in (self._machines[number], self._hosts[number])}
        if len(numbers) > 1 and len({self._machines[number] for number in numbers}) == 1:
            numbers = {number for number in numbers if self._machines[number] != self._hosts[number]}
        return next(iter(numbers)) if len(numbers) == 1 else None


def _address(text: str) -> str:
    """An IP address in its one form, without brackets; "" for what is none."""
    try:
        address = ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
