"""A DKIM key's way: asked for, issued, watched, verified, rotated, revoked; its private half is nowhere."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from diagnostics.engine.messages.headers.judge_codes import Words
from diagnostics.engine.protocols.dkim import parse_key
from diagnostics.models import ReceivedMessage, Run, StoredFinding
from portal.accounts.models import User
from portal.branches.models import BranchProfile, DKIMEntry, DKIMUse, SendingDomain
from portal.branches.selectors import compose_subject
from portal.signing import rounds, services
from portal.signing.handing import HandingProblem
from portal.signing.making import make_pair
from portal.signing.models import SigningKey, State
from portal.signing.verifying import note_verified


@pytest.fixture
def domain(north: BranchProfile) -> SendingDomain:
    return SendingDomain.objects.get(branch=north)


@pytest.fixture
def publish(settings: Any, tmp_path: Path) -> Any:
    """Put records into DNS."""

    def put(zone: dict[str, Any]) -> None:
        path = tmp_path / "zone.json"
        path.write_text(json.dumps(zone))
        # The file is read again when it has changed, which a file system tells by its clock.
        other = tmp_path / f"zone{len(list(tmp_path.iterdir()))}.json"
        path.rename(other)
        settings.DIAGNOSTICS_ZONE = str(other)

    settings.RESOLVERS = ["127.0.0.1:1"]
    put({"north.example": {"TXT": ["x"]}})
    return put


def issue(domain: SendingDomain, by: User, algorithm: str = "rsa", selector: str = "") -> SigningKey:
    return services.issue(domain, algorithm=algorithm, selector=selector, by=by)[0]


@pytest.mark.parametrize(("algorithm", "bits"), [("rsa", 2048), ("ed25519", 256)])
def test_the_record_is_a_key_that_verifiers_take(domain: SendingDomain, ida: User, algorithm: str, bits: int) -> None:
    key = issue(domain, ida, algorithm)
    record = parse_key(key.record)
    assert (record.kind, record.bits, record.key) == (algorithm, bits, key.public_key)
    assert "".join(key.strings) == key.record
    assert all(len(piece) <= 255 for piece in key.strings)
    assert DKIMEntry.objects.filter(domain=domain, selector=key.selector, public_key=key.public_key).exists()


def test_the_private_half_is_in_no_row(domain: SendingDomain, ida: User) -> None:
    _, pair = services.issue(domain, algorithm="rsa", selector="", by=ida)
    assert pair is not None
    inside = "".join(pair.private.splitlines()[1:-1])[100:160]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert inside not in repr(cursor.fetchall())
    assert inside not in repr(pair)


def test_asked_for_twice_is_once_and_issued_for_it(domain: SendingDomain, nora: User, ida: User) -> None:
    asked = services.ask_for_key(domain, note="please", by=nora)
    assert services.ask_for_key(domain, note="again", by=nora) == asked
    key = issue(domain, ida)
    assert (key.pk, key.state, key.asked_by, key.note) == (asked.pk, State.ISSUED, nora, "please")


def test_a_selector_is_used_once(domain: SendingDomain, ida: User) -> None:
    first = issue(domain, ida)
    second = issue(domain, ida)
    assert second.selector == first.selector + "b"
    with pytest.raises(services.SigningProblem):
        issue(domain, ida, selector=first.selector)


def test_it_is_watched_until_it_is_right(domain: SendingDomain, ida: User, publish: Any) -> None:
    key = issue(domain, ida)

    def seen(zone: dict[str, Any]) -> tuple[str, str]:
        publish({"north.example": {"TXT": ["x"]}, **zone})
        rounds.look_at(key.pk)
        key.refresh_from_db()
        return key.seen[0]["what"], key.state

    assert seen({}) == ("none", State.ISSUED)
    assert seen({key.name: "TIMEOUT"}) == ("unknown", State.ISSUED)
    assert seen({key.name: {"TXT": [f"v=DKIM1; p={make_pair('rsa').public}"]}}) == ("other", State.ISSUED)
    assert seen({key.name: {"TXT": ["v=DKIM1; p=!"]}}) == ("broken", State.ISSUED)
    assert seen({key.name: {"TXT": [key.record, "v=DKIM1; p=x"]}}) == ("several", State.ISSUED)
    assert seen({key.name: {"TXT": ["v=DKIM1; p="]}}) == ("revoked", State.ISSUED)
    assert key.next_look - timezone.now() < timedelta(hours=1)
    assert seen({key.name: {"TXT": [key.record]}}) == ("right", State.PUBLISHED)
    assert key.next_look - timezone.now() > timedelta(hours=20)


def test_no_name_server_within_our_own_network_is_asked(domain: SendingDomain, ida: User, publish: Any) -> None:
    key = issue(domain, ida)
    zone = {"NS": ["ns1.north.example"], "TXT": ["x"]}
    publish({"north.example": zone, "ns1.north.example": {"A": ["127.0.0.1"]}, key.name: {"TXT": [key.record]}})
    rounds.look_at(key.pk)
    key.refresh_from_db()
    assert [(item["server"], item["what"]) for item in key.seen][1:] == [("ns1.north.example", "unknown")]
    # What could not be asked is no fault.
    assert key.state == State.PUBLISHED


def test_a_newer_key_takes_over_without_a_gap(domain: SendingDomain, ida: User) -> None:
    old, new = issue(domain, ida), issue(domain, ida)
    assert new.replaces == old
    assert note_verified("north.example", "nonsense") == []
    assert note_verified("north.example", new.selector) == [new]
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == (State.RETIRED, State.PUBLISHED)
    assert note_verified("north.example", new.selector) == []


def test_revoking_is_for_good_and_watched(domain: SendingDomain, ida: User, publish: Any) -> None:
    key = issue(domain, ida)
    with pytest.raises(services.SigningProblem):
        services.revoke(key, because=" ", by=ida)
    key = services.revoke(key, because="The key was lost", by=ida)
    assert key.record.endswith("p=")
    assert not DKIMEntry.objects.filter(selector=key.selector).exists()
    assert rounds.due() == [key.pk]
    assert rounds.due() == []
    rounds.look_at(key.pk)
    key.refresh_from_db()
    assert key.seen[0]["what"] == "right"


def test_the_signer_gets_the_key_and_nobody_else(
    domain: SendingDomain, ida: User, settings: Any, tmp_path: Path
) -> None:
    got = tmp_path / "got"
    settings.DKIM_SIGNER = f"{sys.executable} -c \"import sys; open({str(got)!r}, 'w').write(sys.stdin.read())\""
    key, pair = services.issue(domain, algorithm="ed25519", selector="", by=ida)
    assert pair is None
    told = json.loads(got.read_text())
    assert (told["domain"], told["selector"]) == ("north.example", key.selector)
    assert "PRIVATE KEY" in told["private_key"]


def test_a_signer_that_refuses_leaves_nothing(domain: SendingDomain, ida: User, settings: Any) -> None:
    for command in (f'{sys.executable} -c "raise SystemExit(3)"', "/no/such/program"):
        settings.DKIM_SIGNER = command
        with pytest.raises(HandingProblem):
            issue(domain, ida)
    assert SigningKey.objects.count() == 0
    assert DKIMEntry.objects.count() == 1


def test_the_pages(as_ida: Client, as_nora: Client, as_sven: Client, domain: SendingDomain) -> None:
    assert as_nora.get("/branches/north/keys/").status_code == 200
    assert as_sven.get("/branches/north/keys/").status_code == 404
    assert as_nora.post(f"/branches/north/domains/{domain.pk}/ask-for-key/", {"note": "x"}).status_code == 302
    assert len(as_ida.get("/signing/asked/").context["keys"]) == 1
    path = f"/branches/north/domains/{domain.pk}/issue-key/"
    assert as_nora.get(path).status_code == 403
    assert as_ida.get(path).status_code == 200
    assert as_ida.post(path, {"algorithm": "rsa", "selector": "not one!"}).status_code == 400
    shown = as_ida.post(path, {"algorithm": "rsa", "selector": ""})
    assert "PRIVATE KEY" in shown.content.decode()
    key = SigningKey.objects.get()
    page = as_nora.get(f"/signing/keys/{key.pk}/")
    assert key.name in page.content.decode()
    assert "PRIVATE KEY" not in page.content.decode()
    assert as_sven.get(f"/signing/keys/{key.pk}/").status_code == 404
    assert as_nora.get(f"/signing/keys/{key.pk}/look/").status_code == 405
    assert as_nora.post(f"/signing/keys/{key.pk}/look/").status_code == 302
    assert as_nora.post(f"/signing/keys/{key.pk}/revoke/", {"because": "x"}).status_code == 403
    assert as_ida.post(f"/signing/keys/{key.pk}/revoke/", {"because": ""}).status_code == 400
    assert as_ida.post(f"/signing/keys/{key.pk}/revoke/", {"because": "lost"}).status_code == 302
    assert as_nora.get(f"/signing/keys/{key.pk}/").status_code == 200


@pytest.fixture
def entry(domain: SendingDomain) -> DKIMEntry:
    DKIMEntry.objects.all().delete()
    return DKIMEntry.objects.create(domain=domain, selector="xen1", public_key=make_pair("rsa").public)


def test_a_key_of_the_profile_is_watched_like_any_other(
    domain: SendingDomain, entry: DKIMEntry, publish: Any, as_nora: Client
) -> None:
    before = as_nora.get("/branches/north/keys/").context["by_domain"][0]
    assert ([item.selector for item in before.entries], before.keys) == (["xen1"], [])
    [pk] = rounds.due()
    key = SigningKey.objects.get()
    assert (key.pk, key.selector, key.state, key.algorithm) == (pk, "xen1", State.ISSUED, "rsa")
    publish({"xen1._domainkey.north.example": {"TXT": [key.record]}})
    rounds.look_at(pk)
    key.refresh_from_db()
    assert key.state == State.PUBLISHED
    after = as_nora.get("/branches/north/keys/").context["by_domain"][0]
    assert ([item.selector for item in after.keys], after.entries) == (["xen1"], [])
    assert as_nora.get(f"/signing/keys/{pk}/").status_code == 200
    rounds.due()
    assert SigningKey.objects.count() == 1


def test_it_is_rotated_and_revoked(domain: SendingDomain, entry: DKIMEntry, ida: User) -> None:
    newer = issue(domain, ida)
    assert newer.replaces is not None
    assert newer.replaces.selector == "xen1"
    note_verified("north.example", newer.selector)
    assert SigningKey.objects.get(selector="xen1").state == State.RETIRED
    services.revoke(SigningKey.objects.get(selector="xen1"), because="old", by=ida)
    assert not DKIMEntry.objects.filter(selector="xen1").exists()
    with pytest.raises(services.SigningProblem):
        issue(domain, ida, selector="xen1")


def test_it_follows_the_profile(domain: SendingDomain, entry: DKIMEntry) -> None:
    rounds.due()
    entry.public_key = make_pair("ed25519").public
    entry.save()
    rounds.due()
    key = SigningKey.objects.get()
    assert (key.public_key, key.algorithm) == (entry.public_key, "ed25519")
    entry.delete()
    rounds.due()
    key.refresh_from_db()
    assert (key.state, key.next_look) == (State.RETIRED, None)


def test_a_selector_without_its_key_is_shown_and_not_watched(
    domain: SendingDomain, entry: DKIMEntry, as_nora: Client
) -> None:
    DKIMEntry.objects.update(public_key="")
    assert rounds.due() == []
    assert [item.selector for item in as_nora.get("/branches/north/keys/").context["by_domain"][0].entries] == ["xen1"]


def test_who_has_asked_is_not_invited_to_ask_again(domain: SendingDomain, as_nora: Client) -> None:
    ask = f"/branches/north/domains/{domain.pk}/ask-for-key/"
    assert ask in as_nora.get("/branches/north/keys/").content.decode()
    as_nora.post(ask, {"note": ""})
    assert ask not in as_nora.get("/branches/north/keys/").content.decode()


def in_use(north: BranchProfile) -> dict[str, bool]:
    """The selectors that a run is told of, and whether each signs now."""
    return {item.selector: item.is_signing for item in compose_subject(north, "").selectors}


def test_a_run_is_told_which_keys_sign_now(
    north: BranchProfile, domain: SendingDomain, ida: User, publish: Any
) -> None:
    DKIMEntry.objects.all().delete()
    DKIMEntry.objects.create(domain=domain, selector="xen1", public_key=make_pair("rsa").public)
    first, second = issue(domain, ida), issue(domain, ida)
    assert in_use(north) == {"xen1": True, first.selector: False, second.selector: False}
    publish({"north.example": {"TXT": ["x"]}, second.name: {"TXT": [second.record]}})
    rounds.look_at(first.pk)
    rounds.look_at(second.pk)
    assert in_use(north) == {"xen1": True, first.selector: False, second.selector: True}
    note_verified("north.example", second.selector)
    assert in_use(north) == {second.selector: True}
    assert {entry.selector: entry.use for entry in DKIMEntry.objects.all()} == {
        "xen1": DKIMUse.RETIRED,
        first.selector: DKIMUse.RETIRED,
        second.selector: DKIMUse.SIGNING,
    }
    assert set(SigningKey.objects.filter(state=State.RETIRED).values_list("selector", flat=True)) == {
        "xen1",
        first.selector,
    }


def test_a_message_whose_signature_verified_shows_that_the_key_is_used(
    domain: SendingDomain, ida: User, publish: Any
) -> None:
    key = issue(domain, ida)

    def handed_in(selector: str, code: str) -> bool:
        run = Run.objects.create(subject={}, lease_until=timezone.now(), is_message=True)
        ReceivedMessage.objects.create(run=run, raw=b"x", is_text=False)
        StoredFinding.objects.create(
            run=run, attempt=1, position=1, check_slug="message", code=code, verdict="ok", actor="nobody",
            arguments={"domain": "north.example", "selector": selector},
        )  # fmt: skip
        rounds.look_at(key.pk)
        key.refresh_from_db()
        return key.verified_at is not None

    assert not handed_in("another", Words.DKIM_VERIFIED.id)
    assert not handed_in(key.selector, Words.DKIM_WRONG.id)
    assert handed_in(key.selector, Words.DKIM_VERIFIED.id)
