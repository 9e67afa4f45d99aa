"""A branch's own mail server: each way it fails by its step, the sealed password, and no way into our own network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from django.db import connection
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.ownserver import runner, services
from portal.ownserver.models import OwnServer, ServerRequest, ServerTrial
from portal.ownserver.sealing import SealProblem, seal, unseal
from portal.ownserver.trying import Settings, Step, attempt
from portal.watch.models import Notice

SENDER = "registrar@north.example"


class Receiving:
    """Takes mail, but for one sender and one recipient."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address.startswith("other"):
            return "550 5.7.60 Client does not have permissions to send as this sender"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content)
        return "250 2.0.0 Taken"


@pytest.fixture
def receiving() -> Receiving:
    return Receiving()


@pytest.fixture
def port(receiving: Receiving) -> Iterator[int]:
    class Listening(Controller):
        def factory(self) -> SMTP:
            def signs_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
                return AuthResult(success=data.password == b"right")

            return SMTP(self.handler, authenticator=signs_in, auth_require_tls=False, hostname="mx.north.example")

    controller = Listening(receiving, hostname="127.0.0.1", port=0)
    # The controller asks itself at the port that it was given, so it is given one that is free.
    controller.port = free_port()
    controller.start()
    yield controller.port
    controller.stop()


def free_port() -> int:
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def tried(port: int, *, to: str = "", **change: Any) -> list[Step]:
    values = {"host": "mail.north.example", "port": port, "encryption": "none", "username": "", "password": ""}
    given = Settings(**{**values, "sender": SENDER, **change})
    return attempt(given, ["127.0.0.1"], to=to, may_reach=lambda address: True, ports=frozenset([port]))


def test_it_goes_step_by_step(port: int, receiving: Receiving) -> None:
    assert [(step.slug, step.is_ok) for step in tried(port)] == [("reach", True), ("sender", True)]
    assert receiving.mails == []
    steps = tried(port, to="lee@corp.example")
    assert [step.slug for step in steps] == ["reach", "sender", "message"]
    assert all(step.is_ok for step in steps)
    assert b"Auto-Submitted: auto-generated" in receiving.mails[0]


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"encryption": "starttls"}, "encrypt"),
        ({"encryption": "tls"}, "encrypt"),
        # A password never goes out unencrypted.
        ({"username": "nora", "password": "right"}, "sign-in"),
        ({"sender": "other@north.example"}, "sender"),
        ({"to": "nobody@corp.example"}, "message"),
    ],
)
def test_it_stops_at_what_fails(port: int, change: dict[str, Any], slug: str) -> None:
    last = tried(port, **change)[-1]
    assert (last.slug, last.is_ok) == (slug, False)
    assert last.remedy


def test_nobody_is_there() -> None:
    (step,) = tried(free_port())
    assert (step.slug, step.is_ok) == ("reach", False)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "fd00::1"]
)
def test_no_address_within_our_network_is_connected_to(address: str) -> None:
    given = Settings("mail.north.example", 587, "starttls", "", "", SENDER)
    (step,) = attempt(given, [address])
    assert (step.slug, step.is_ok, step.said) == ("reach", False, "")
    assert step.is_unknown


def test_only_ports_of_mail(db: None) -> None:
    for port in (22, 80, 6379, 5432):
        (step,) = attempt(Settings("x.example", port, "none", "", "", SENDER), ["192.0.2.1"])
        assert not step.is_ok


@pytest.fixture
def server(north: BranchProfile, ada: User) -> OwnServer:
    return services.save_server(
        north, host="mail.north.example", port=587, encryption="starttls", username="nora", password="s3cret-word",
        sender=SENDER, by=ada,
    )  # fmt: skip


def test_the_password_stands_nowhere_in_the_clear(server: OwnServer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ownserver_ownserver")
        assert "s3cret-word" not in repr(cursor.fetchall())
    assert unseal(server.sealed) == "s3cret-word"


def test_keys_are_changed_one_after_the_other(settings: Any) -> None:
    settings.SEALING_KEY = "old"
    sealed = seal("word")
    settings.SEALING_KEY = "new, old"
    assert unseal(sealed) == "word"
    settings.SEALING_KEY = "new"
    with pytest.raises(SealProblem):
        unseal(sealed)


def test_a_password_is_kept_only_for_the_same_server(server: OwnServer, north: BranchProfile, ada: User) -> None:
    values = {"port": 465, "encryption": "tls", "password": None, "sender": SENDER, "by": ada}
    kept = services.save_server(north, host="mail.north.example", username="nora", **values)
    assert unseal(kept.sealed) == "s3cret-word"
    moved = services.save_server(north, host="evil.example", username="nora", **values)
    assert moved.sealed == ""


def test_a_try_is_performed_once_and_noted(server: OwnServer, ada: User, settings: Any, tmp_path: Path) -> None:
    zone = tmp_path / "zone.json"
    zone.write_text(json.dumps({"mail.north.example": {"A": ["127.0.0.1"]}}))
    settings.DIAGNOSTICS_ZONE = str(zone)
    trial = services.try_server(server, to="", by=ada)
    with pytest.raises(services.TooSoon):
        services.try_server(server, to="", by=ada)
    runner.perform(trial.pk)
    runner.perform(trial.pk)
    trial.refresh_from_db()
    assert (trial.state, [step["slug"] for step in trial.steps]) == ("done", ["reach"])
    assert "s3cret-word" not in json.dumps(trial.steps)


def test_the_branch_sees_and_tries_its_own(as_nora: Client, as_sven: Client, server: OwnServer) -> None:
    path = "/branches/north/own-server/"
    page = as_nora.get(path).content.decode()
    assert "mail.north.example" in page
    assert "s3cret-word" not in page
    as_nora.post(path, {"host": "evil.example", "port": 587, "encryption": "starttls", "sender": SENDER})
    assert OwnServer.objects.get().host == "mail.north.example"
    as_nora.post(path + "try/", {"to": ""})
    assert ServerTrial.objects.count() == 1
    assert as_nora.post(path + "forget/").status_code == 403
    assert as_sven.get(path).status_code == 404
    assert as_sven.post(path + "try/", {"to": ""}).status_code == 404


@pytest.mark.parametrize(("sending", "is_own"), [("own", True), ("vendor", False)])
def test_it_says_the_same_as_the_profile(as_nora: Client, north: BranchProfile, sending: str, is_own: bool) -> None:
    BranchProfile.objects.update(sending=sending)
    shown = as_nora.get("/branches/north/own-server/")
    assert shown.context["is_own"] is is_own
    assert ("sends through ours" in shown.content.decode()) is not is_own


def test_the_pages(as_ada: Client, as_ida: Client, as_nora: Client, server: OwnServer) -> None:
    path = "/branches/north/own-server/"
    new = {"host": "smtp.north.example", "port": 587, "encryption": "starttls", "sender": SENDER}
    assert as_ida.get(path).status_code == 200
    assert "s3cret-word" not in as_ada.get(path).content.decode()
    # Support tries; only an admin changes.
    as_ida.post(path, new)
    assert OwnServer.objects.get().host == "mail.north.example"
    assert as_ada.post(path, {**new, "port": 80}).status_code == 400
    assert as_ada.post(path, new).status_code == 302
    assert OwnServer.objects.get().host == "smtp.north.example"
    assert as_ida.get(path + "try/").status_code == 405
    as_ida.post(path + "try/", {"to": ""})
    assert ServerTrial.objects.count() == 1
    as_ida.post(path + "try/", {"to": "nonsense"})
    assert ServerTrial.objects.count() == 1
    assert as_ida.post(path + "forget/").status_code == 403
    as_ada.post(path + "forget/")
    assert OwnServer.objects.count() == 0


ASKED = {"host": "smtp.north.example", "port": 465, "encryption": "tls", "contact": "Lee, 555 0100"}


def test_a_branch_asks_and_an_admin_enters(
    north: BranchProfile, as_nora: Client, as_sven: Client, as_ada: Client
) -> None:
    path = "/branches/north/own-server/"
    assert path + "ask/" in as_nora.get(path).content.decode()
    assert as_nora.get(path + "ask/").headers["Location"] == path
    assert as_sven.post(path + "ask/", ASKED).status_code == 404
    for wrong in ({"port": 80}, {"host": "no host"}, {"contact": ""}, {"encryption": "x"}):
        assert as_nora.post(path + "ask/", ASKED | wrong).status_code == 400
    assert not ServerRequest.objects.exists()
    for _ in range(2):
        assert as_nora.post(path + "ask/", ASKED).status_code == 302
    assert ServerRequest.objects.get().contact == "Lee, 555 0100"
    notice = Notice.objects.get(closed=None)
    assert (notice.actor, notice.link) == ("support", path)
    form = as_ada.get(path).context["form"]
    assert (form["host"].value(), form["port"].value()) == ("smtp.north.example", 465)
    settings = {"host": "smtp.north.example", "port": 465, "encryption": "tls", "sender": SENDER}
    assert as_ada.post(path, settings).status_code == 302
    assert not ServerRequest.objects.exists()
    assert not Notice.objects.filter(closed=None).exists()
    assert path + "ask/" not in as_nora.get(path).content.decode()
