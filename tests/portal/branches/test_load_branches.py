"""``manage.py load_branches``: all of a document or nothing, and the second time nothing new."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.models import User
from portal.branches.models import AllowListEntry, BranchProfile, DKIMEntry, SendingServer
from portal.demo import people

DEMO = Path(people.__file__).parent / "branches.json"


def document(**branch: Any) -> dict[str, Any]:
    north = {
        "code": "north",
        "organisation": "North College",
        "notification_address": "registrar@north.example",
        "from_domains": [{"domain": "north.example", "dkim_selectors": ["xen1"]}],
        "time_zone": "America/Denver",
        "members": [{"email": "nora@north.example", "name": "Nora Lind"}],
        **branch,
    }
    server = {"host": "smtp.xenegrade.net", "addresses": ["192.0.2.10"], "spf_include": "spf.xenegrade.net"}
    return {"sending_servers": [server], "branches": [north]}


def load(tmp_path: Path, content: Any) -> dict[str, int]:
    path = tmp_path / "branches.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    out = StringIO()
    call_command("load_branches", str(path), "--json", stdout=out)
    loaded: dict[str, int] = json.loads(out.getvalue())
    return loaded


def test_the_demos_own_file_loads(db: None) -> None:
    out = StringIO()
    call_command("load_branches", str(DEMO), "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"created": 3, "updated": 0}
    assert DKIMEntry.objects.exclude(public_key="").count() == 2
    assert set(User.objects.values_list("email", flat=True)) == {item.email for item in people.PEOPLE[:3]}


def test_twice_is_once(db: None, tmp_path: Path) -> None:
    assert load(tmp_path, document()) == {"created": 1, "updated": 0}
    assert load(tmp_path, document()) == {"created": 0, "updated": 0}
    assert load(tmp_path, document(organisation="North")) == {"created": 0, "updated": 1}
    branch = BranchProfile.objects.get()
    assert (branch.organisation, branch.sending_server) == ("North", SendingServer.objects.get())


def test_a_key_that_is_not_told_is_not_taken_away(db: None, tmp_path: Path) -> None:
    load(tmp_path, document())
    DKIMEntry.objects.update(public_key="QUJD")
    load(tmp_path, document())
    assert DKIMEntry.objects.get().public_key == "QUJD"


def test_suspended_and_allowed(db: None, tmp_path: Path) -> None:
    entry = {"domain": "corp.example", "state": "confirmed", "at": "2026-02-01T00:00:00Z", "addresses": ["192.0.2.10"]}
    content = document(email_function="suspended", suspended_reason="Complaints")
    load(tmp_path, {**content, "allow_list": [entry]})
    load(tmp_path, {**content, "allow_list": [entry]})
    assert BranchProfile.objects.get().suspended_reason == "Complaints"
    assert AllowListEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("{", "JSON"),
        ([], "document"),
        ({"branches": {}}, "branches"),
        ({"branches": [1]}, "branches[0]"),
        (document(code="ADD"), "branches[0].code"),
        (document(organisation=""), "branches[0].organisation"),
        (document(organisation=7), "branches[0].organisation"),
        (document(notification_address="nobody"), "branches[0].notification_address"),
        (document(time_zone="Mars"), "branches[0].time_zone"),
        (document(sending="pigeon"), "branches[0].sending"),
        (document(sending_server="gone.example"), "branches[0].sending_server"),
        (document(from_domains=[{"domain": "a b"}]), "branches[0].from_domains[0].domain"),
        (document(from_domains=[{"domain": "gmail.com"}]), "branches[0].from_domains[0].domain"),
        (
            document(
                from_domains=[{"domain": "n.example", "dkim_selectors": ["ok1", {"selector": "s", "public_key": "x"}]}]
            ),
            "branches[0].from_domains[0].dkim_selectors[1].public_key",
        ),
        (document(members=[{"email": "nora@north.example", "role": "king"}]), "branches[0].members[0].role"),
        ({**document(), "allow_list": [{"domain": "corp.example", "at": "soon"}]}, "allow_list[0].at"),
        ({"sending_servers": [{"host": "h.example", "addresses": ["x"]}]}, "sending_servers[0].addresses"),
    ],
)
def test_a_broken_document_names_its_place_and_changes_nothing(
    db: None, tmp_path: Path, content: Any, place: str
) -> None:
    with pytest.raises(CommandError) as error:
        load(tmp_path, content)
    assert place in str(error.value)
    assert error.value.returncode == 2
    assert not BranchProfile.objects.exists()
    assert not SendingServer.objects.exists()


def test_a_missing_file(db: None) -> None:
    with pytest.raises(CommandError) as error:
        call_command("load_branches", "no-such-file.json")
    assert error.value.returncode == 2


def test_two_servers_of_one_machine(db: None, tmp_path: Path) -> None:
    names = {"log_host": "smtp.xenegrade.net", "log_name": "Postfix-Out2"}
    whole = document()
    whole["sending_servers"].append({"host": "out2.xenegrade.net", "addresses": ["192.0.2.11"], **names})
    whole["branches"][0]["sending_server"] = "out2.xenegrade.net"
    for _ in range(2):
        load(tmp_path, whole)
    server = SendingServer.objects.get(host="out2.xenegrade.net")
    assert (server.log_host, server.log_name) == ("smtp.xenegrade.net", "postfix-out2")
    whole["sending_servers"].append({"host": "out3.xenegrade.net", "addresses": ["192.0.2.12"], **names})
    with pytest.raises(CommandError, match=r"sending_servers\[2\]\.log_name"):
        load(tmp_path, whole)
