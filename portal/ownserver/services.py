"""Keeping the settings of a branch's own mail server, and having them tried."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from diagnostics.engine.findings import Actor
from portal.accounts.models import User
from portal.bell import ring
from portal.branches.models import BranchProfile
from portal.ownserver import tasks
from portal.ownserver.models import OwnServer, Progress, ServerRequest, ServerTrial
from portal.ownserver.sealing import seal
from portal.watch.services import close_notices, open_notice

#: A server is tried so often at most: a wrong password too often locks an account.
PAUSE = timedelta(seconds=20)


class TooSoon(Exception):
    """The server was tried a moment ago."""


def save_server(
    branch: BranchProfile,
    *,
    host: str,
    port: int,
    encryption: str,
    username: str,
    password: str | None,
    sender: str,
    by: User,
) -> OwnServer:
    """Keep the settings; without a ``password`` (None) the one that is there stays, unless host or user changed."""
    held = OwnServer.objects.filter(branch=branch).first()
    is_same = held is not None and (held.host, held.username) == (host, username)
    sealed = seal(password) if password is not None else (held.sealed if held is not None and is_same else "")
    saved, _ = OwnServer.objects.update_or_create(
        branch=branch,
        defaults={
            "host": host,
            "port": port,
            "encryption": encryption,
            "username": username,
            "sealed": sealed,
            "sender": sender,
            "changed_by": by,
            "changed_at": timezone.now(),
        },
    )
    ServerRequest.objects.filter(branch=branch).delete()
    close_notices([_key(branch)])
    return saved


@transaction.atomic
def ask_for_server(
    branch: BranchProfile, *, host: str, port: int, encryption: str, contact: str, by: User
) -> ServerRequest:
    """Ask an admin to have the branch send through a server of its own. Asked again, the latest is what counts."""
    asked, _ = ServerRequest.objects.update_or_create(
        branch=branch,
        defaults={
            "host": host,
            "port": port,
            "encryption": encryption,
            "contact": contact,
            "by": by,
            "at": timezone.now(),
        },
    )
    open_notice(
        _key(branch),
        about=branch.organisation,
        title="It asks to send through a server of its own",
        actor=Actor.SUPPORT.value,
        reason=f"{by.name}: {host}:{port}. The user name and password has: {contact}",
        link=reverse("own_server", args=[branch.code]),
    )
    return asked


def _key(branch: BranchProfile) -> str:
    return f"ownserver.asked branch:{branch.pk}"


def try_server(server: OwnServer, *, to: str, by: User) -> ServerTrial:
    """Have the settings tried by a worker; TooSoon right after another try."""
    if ServerTrial.objects.filter(server=server, at__gt=timezone.now() - PAUSE).exists():
        raise TooSoon
    with transaction.atomic():
        trial = ServerTrial.objects.create(server=server, by=by, to=to, state=Progress.WAITING)
        ring(tasks.try_server, trial.pk)
    return trial


def forget_server(server: OwnServer) -> None:
    """Take the settings away, the password with them."""
    server.delete()
