"""Functions that are imported when they are called: every path that a room names leads to one."""

from __future__ import annotations

import pytest
from django.core.checks.registry import registry

from portal.allowing import hearing
from portal.inbound import doors
from portal.late import Late
from portal.maillog.sources import sources


def named() -> list[Late]:
    held = [part for door in doors() for part in (door.knows, door.take)]
    held += [source.take for source in sources().values()]  # type: ignore[misc]
    held += [*registry.get_checks(include_deployment_checks=True), *hearing._hearers.values()]
    return sorted({item for item in held if isinstance(item, Late)}, key=lambda item: item.path)


def test_rooms_do_name_some() -> None:
    assert {item.path.rpartition(".")[0] for item in named()} >= {
        "diagnostics.system_checks",
        "portal.feedback.loading",
        "portal.mailroom.ticket_replies",
        "portal.returned.services",
        "portal.trials.services",
        "tickets.services.allowances",
    }


@pytest.mark.parametrize("late", named(), ids=lambda late: late.path)
def test_each_leads_to_a_function(late: Late) -> None:
    assert callable(late.function)


def test_it_is_called_as_it_is() -> None:
    assert Late("portal.inbound.form_of")("a@b.example").text == "a@b.example"


def test_two_of_one_path_are_one() -> None:
    assert len({Late("a.b"), Late("a.b"), Late("a.c")}) == 2


def test_a_path_that_leads_nowhere_is_told() -> None:
    with pytest.raises(ImportError):
        Late("portal.inbound.nothing")()
