"""Taking a list in by the page."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.suppression import forms
from portal.suppression.models import Suppression

URL = "/branches/north/suppression/import/"


def upload(client: Client, octets: bytes, name: str = "list.csv") -> object:
    return client.post(URL, {"file": SimpleUploadedFile(name, octets)})


def test_it_works_and_twice_is_once(as_ida: Client, ida: User, north: BranchProfile) -> None:
    assert as_ida.get(URL).status_code == 200
    list_ = b"address,reason\nlee@corp.example,opt_out\nnobody\nlee@corp.example,opt_out\n"
    loaded = upload(as_ida, list_).context["loaded"]  # type: ignore[attr-defined]
    assert (loaded.new, loaded.known, loaded.rejected_count) == (1, 1, 1)
    entry = Suppression.objects.get()
    assert (entry.by, entry.source) == (ida, "Imported from list.csv")
    loaded = upload(as_ida, list_).context["loaded"]  # type: ignore[attr-defined]
    assert (loaded.new, loaded.known, loaded.rejected_count) == (0, 2, 1)
    assert Suppression.objects.count() == 1


def test_a_note_is_kept_and_what_is_left_out_is_told(as_ida: Client, north: BranchProfile) -> None:
    list_ = b"address,source,note,Colour,size\nlee@corp.example,Shop,asked by phone,red,9\n"
    loaded = upload(as_ida, list_).context["loaded"]  # type: ignore[attr-defined]
    assert loaded.left_out == ["colour", "size"]
    assert Suppression.objects.get().source == "Shop: asked by phone"


@pytest.mark.parametrize("octets", [b"\xff\x00\xff", b"[{", b"name\nLee\n", b""])
def test_what_is_no_list_is_said(as_ida: Client, north: BranchProfile, octets: bytes) -> None:
    response = upload(as_ida, octets)
    assert response.status_code == 400  # type: ignore[attr-defined]
    assert response.context["form"].errors["file"]  # type: ignore[attr-defined]


def test_half_a_list_is_none(as_ida: Client, north: BranchProfile) -> None:
    upload(as_ida, b'address\nlee@corp.example\n"' + b"x" * 140_000 + b"\n")
    assert not Suppression.objects.exists()


def test_too_large(as_ida: Client, north: BranchProfile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MOST_OCTETS", 10)
    assert upload(as_ida, b"lee@corp.example\n").status_code == 400  # type: ignore[attr-defined]


def test_staff_may_not(as_nora: Client, as_sven: Client) -> None:
    assert upload(as_nora, b"lee@corp.example\n").status_code == 403  # type: ignore[attr-defined]
    assert upload(as_sven, b"lee@corp.example\n").status_code == 403  # type: ignore[attr-defined]


def test_a_branch_that_is_none(as_ida: Client) -> None:
    assert as_ida.get("/branches/nowhere/suppression/import/").status_code == 404


def test_wrong_method(as_ida: Client, north: BranchProfile) -> None:
    assert as_ida.put(URL).status_code == 405
