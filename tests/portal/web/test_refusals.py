"""What a form says of what it cannot use: never a sentence that leaves open what to do."""

from __future__ import annotations

import pytest
from django import forms
from django.test import Client

from portal.web.refusals import NUL, REFUSALS, set_refusals


@pytest.mark.parametrize("kind", REFUSALS)
def test_each_kind_of_field_says_its_own(kind: type[forms.Field]) -> None:
    said = kind().error_messages
    assert {code: said[code] for code in REFUSALS[kind]} == REFUSALS[kind]


def test_what_a_kind_says_is_not_said_by_another() -> None:
    set_refusals()
    assert forms.CharField().error_messages["required"] == REFUSALS[forms.Field]["required"]
    assert forms.ModelChoiceField(queryset=None).error_messages["required"] == REFUSALS[forms.ChoiceField]["required"]


@pytest.mark.parametrize(
    ("query", "field", "why"),
    [
        ("recipient=%C3%BC%00x", "recipient", NUL),
        ("since=banana", "since", REFUSALS[forms.DateTimeField]["invalid"]),
    ],
)
def test_on_a_page(as_ida: Client, query: str, field: str, why: str) -> None:
    response = as_ida.get(f"/deliveries/?{query}")
    assert response.status_code == 400
    assert response.context["form"].errors[field] == [why]
