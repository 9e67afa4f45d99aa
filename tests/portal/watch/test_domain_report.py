"""How a From-domain stands, looking now, the letter to its IT, and the notices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from diagnostics import runner
from diagnostics.engine.findings import Actor, Verdict
from diagnostics.engine.zone import Zone
from diagnostics.models import Run, StoredFinding
from diagnostics.selectors import ReadFinding
from portal.branches.models import BranchProfile, DKIMEntry, SendingDomain, SendingServer
from portal.watch import rounds
from portal.watch.models import Notice, Watch
from portal.watch.summary import summary
from tests.portal.watch.test_rounds import BARE, SOUND

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.fixture
def domain(north: BranchProfile) -> SendingDomain:
    DKIMEntry.objects.update(public_key=KEY)
    return SendingDomain.objects.get(branch=north)


@pytest.fixture
def url(domain: SendingDomain) -> str:
    return f"/branches/north/domains/{domain.pk}"


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, domain: SendingDomain) -> Any:
    def perform(zone: dict[str, Any]) -> Run:
        monkeypatch.setattr(runner, "resolver_from_settings", lambda fresh=False: Zone(zone))
        run = rounds.look(rounds.watch_of(domain), by=None)
        runner.perform(run.pk)
        run.refresh_from_db()
        return run

    return perform


def test_before_the_first_look(as_nora: Client, url: str) -> None:
    response = as_nora.get(f"{url}/report/")
    assert response.status_code == 200
    assert response.context["run"] is None


def test_looking_now(as_nora: Client, url: str, domain: SendingDomain) -> None:
    assert as_nora.post(f"{url}/look/").headers["Location"] == f"{url}/report/"
    watch = Watch.objects.get(domain=domain)
    assert watch.run is not None
    assert (watch.run.is_fresh, watch.run.subject["sender_domain"]) == (True, "north.example")
    assert as_nora.get(f"{url}/look/").status_code == 405


def test_the_report_says_whose_turn_it_is_with_the_record_to_copy(as_nora: Client, url: str, look: Any) -> None:
    look(BARE)
    response = as_nora.get(f"{url}/report/")
    actors = {group.actor.value for group in response.context["by_actor"]}
    assert "branch_it" in actors
    # The recipient is the branch itself here, so nobody else's IT is spoken of.
    assert "recipient_it" not in actors
    assert f"p={KEY}" in response.content.decode()


def test_the_fragment_alone_for_the_poll(as_nora: Client, url: str, look: Any) -> None:
    look(BARE)
    response = as_nora.get(f"{url}/report/", headers={"HX-Request": "true"})
    assert b"<html" not in response.content


def test_the_letter(as_nora: Client, url: str, look: Any) -> None:
    look(BARE)
    text = as_nora.get(f"{url}/letter/").content.decode()
    assert "xen1._domainkey.north.example" in text
    assert KEY in text
    assert "Please publish" in text
    assert "branch&#x27;s IT" not in text
    assert "their IT" not in text
    as_text = as_nora.get(f"{url}/letter.txt")
    assert as_text.headers["Content-Disposition"].startswith("attachment")
    assert as_text.content.decode().count(f"p={KEY}") == 1


def test_a_server_of_the_branchs_own_is_for_its_it_and_first(as_nora: Client, url: str, look: Any) -> None:
    SendingServer.objects.update(is_vendor=False, envelope_domain="")
    look({name: records for name, records in BARE.items() if "arpa" not in name})
    report = as_nora.get(f"{url}/report/")
    turns = {group.actor: {item.code for item in group.findings} for group in report.context["by_actor"]}
    assert "ptr.missing" in turns["branch_it"]
    letter = as_nora.get(f"{url}/letter/")
    assert letter.context["letter"].findings[0].check in ("sending-ip-reverse", "sending-server")
    assert "ur server" not in letter.context["letter"].findings[0].meaning.replace("Your server", "")


def test_the_report_says_in_one_sentence_how_it_stands(as_nora: Client, url: str, look: Any) -> None:
    look(BARE)
    assert as_nora.get(f"{url}/report/").context["summary"].outside == "your IT has something to do"


def test_there_is_nothing_to_ask(as_nora: Client, url: str, look: Any) -> None:
    look(SOUND)
    response = as_nora.get(f"{url}/letter/")
    assert [finding.code for finding in response.context["letter"].findings if finding.verdict == "problem"] == []


def test_no_letter_before_a_look(as_nora: Client, url: str) -> None:
    assert as_nora.get(f"{url}/letter/").status_code == 404


@pytest.mark.parametrize("page", ["report", "letter"])
def test_another_branch_sees_nothing(as_sven: Client, url: str, look: Any, page: str) -> None:
    look(BARE)
    assert as_sven.get(f"{url}/{page}/").status_code == 404


def test_a_domain_of_another_branch_under_the_own_one(as_sven: Client, south: BranchProfile, url: str) -> None:
    assert as_sven.get(url.replace("north", "south") + "/report/").status_code == 404


def test_the_notices(as_ida: Client, as_nora: Client, domain: SendingDomain) -> None:
    watch = rounds.watch_of(domain)
    Notice.objects.create(watch=watch, key="k", title="<script>title</script>", actor="branch_it")
    text = as_ida.get("/notices/").content.decode()
    assert "&lt;script&gt;title" in text
    assert as_nora.get("/notices/").status_code == 403


def test_the_notices_cost_the_same_however_many(
    as_ida: Client, domain: SendingDomain, django_assert_max_num_queries: Any
) -> None:
    watch = rounds.watch_of(domain)
    Notice.objects.bulk_create(Notice(watch=watch, key=f"k{n}", title="t", actor="support") for n in range(200))
    with django_assert_max_num_queries(6):
        as_ida.get("/notices/")


def found(code: str, check: str, verdict: Verdict, actor: Actor) -> ReadFinding:
    return ReadFinding(
        check=check, question="?", code=code, verdict=verdict, actor=actor, title="", meaning="", remedy="",
        sources=(), evidence=(), arguments={},
    )  # fmt: skip


FINE = found("spf.pass", "sender-spf", Verdict.OK, Actor.NOBODY)
LISTED = found("list.listed", "sending-ip-listed", Verdict.PROBLEM, Actor.SUPPORT)


def test_a_listed_address_is_never_fine() -> None:
    assert summary([FINE]).outside == "fine"
    told = summary([FINE, LISTED])
    assert "blocklist" in told.outside
    assert told.outside.endswith("support has something to do")
    assert told.verdict == Verdict.PROBLEM
    own = summary([FINE, replace(LISTED, actor=Actor.BRANCH_IT)])
    assert own.outside.endswith("your IT has something to do")
    besides = summary([found("spf.fail", "sender-spf", Verdict.PROBLEM, Actor.BRANCH_IT), LISTED])
    assert besides.outside.startswith("your IT has something to do")
    assert "blocklist" in besides.outside
    # Few receivers refuse for a policy list.
    assert summary([FINE, replace(LISTED, code="list.policy", verdict=Verdict.NOTICE)]).outside == "fine"


def test_there_is_no_e_mail_to_explain_and_one_fold(as_nora: Client, url: str, look: Any) -> None:
    run = look(SOUND)
    StoredFinding.objects.create(
        run=run, attempt=run.attempt, position=99, check_slug="sending-ip-listed", code="list.listed",
        verdict="problem", actor="support", arguments={"address": "192.0.2.10", "list": "ZEN"},
    )  # fmt: skip
    response = as_nora.get(f"{url}/report/")
    assert [item.code for item in response.context["aside"]] == ["list.listed"]
    text = response.content.decode()
    assert "this e-mail" not in text
    assert text.count("192.0.2.10 is on the blocklist") == 1


def test_the_letter_names_the_instructions_of_the_product_it_is_about(as_nora: Client, url: str, look: Any) -> None:
    run = look(SOUND)
    StoredFinding.objects.create(
        run=run, attempt=run.attempt, position=99, check_slug="self-to-self", code="self.gateway", verdict="problem",
        actor="branch_it", arguments={"name": "Microsoft 365", "instructions": "https://learn.microsoft.com/x"},
    )  # fmt: skip
    letter = as_nora.get(f"{url}/letter/").context["letter"]
    found = next(item for item in letter.findings if item.code == "self.gateway")
    assert [source.url for source in found.sources][1:] == ["https://learn.microsoft.com/x"]
    assert "Mimecast" not in "".join(str(source) for source in found.sources)
