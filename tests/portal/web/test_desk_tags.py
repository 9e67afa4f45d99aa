"""The template vocabulary: what each tag says, and what it does with a stranger's text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from portal.accounts.models import User
from portal.web import drawn
from portal.web.pages import Page

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOSTILE = "<b>\u202e\x00"


def shown(source: str, **values: Any) -> str:
    return Template("{% load desk %}" + source).render(Context(values))


def test_icon_is_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in shown('{% icon "inbox" %}')


def test_unknown_icon_is_an_error_here_and_nothing_in_production(settings: Any) -> None:
    with pytest.raises(drawn.UnknownIcon):
        shown('{% icon "no-such-icon" %}')
    with pytest.raises(drawn.UnknownIcon):
        shown('{% icon "../inbox" %}')
    settings.STRICT_TEMPLATES = False
    assert shown('{% icon "no-such-icon" %}') == ""


@pytest.mark.parametrize("tag", ["verdict", "state_chip", "ticket_state"])
def test_chip_of_a_value_nobody_has_drawn_is_its_escaped_word(tag: str) -> None:
    html = shown(f"{{% {tag} v %}}", v="<b>odd_one")
    assert "&lt;b&gt;odd one" in html
    assert "<b>" not in html


@pytest.mark.parametrize("tag", ["verdict", "state_chip", "ticket_state", "actor"])
def test_nothing_is_shown_for_no_value(tag: str) -> None:
    assert shown(f"{{% {tag} v %}}", v="") == ""


def test_chip_is_word_and_icon() -> None:
    html = shown("{% verdict v %}", v="problem")
    assert 'data-value="problem"' in html
    assert "<svg" in html
    assert "Problem" in html


def test_actor_speaks_of_your_branch_to_staff_alone() -> None:
    staff, support = User(role="staff"), User(role="support")
    assert "Your branch" in shown("{% actor v %}", v="branch", user=staff)
    assert "The branch" in shown("{% actor v %}", v="branch", user=support)
    assert "The branch" in shown("{% actor v %}", v="branch")


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(minutes=-1), "1 min ago"),
        (timedelta(minutes=-59), "59 min ago"),
        (timedelta(hours=-3), "3 h ago"),
        (timedelta(days=-6), "6 d ago"),
        (timedelta(minutes=5), "in 5 min"),
        (timedelta(days=-20), "12 Feb"),
        (timedelta(days=-400), "28 Jan 2025"),
    ],
)
def test_when(distance: timedelta, words: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert f">{words}</time>" in shown("{% when at %}", at=NOW + distance)


def test_when_tells_the_exact_time_in_the_zone_asked_for() -> None:
    with time_machine.travel(NOW, tick=False):
        assert 'title="4 Mar 2026, 07:00 EST"' in shown("{% when at tz %}", at=NOW, tz="America/New_York")
        assert 'title="4 Mar 2026, 12:00 UTC"' in shown("{% when at tz %}", at=NOW, tz="No/Such_Zone")
        assert ">4 Mar 2026, 13:00 CET<" in shown("{% exactly at tz %}", at=NOW, tz="Europe/Berlin")
        assert "<time" not in shown("{% when at %}{% exactly at %}", at=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("no\u202egnp", "no[U+202E]gnp"),
        ("nul\x00 bell\x07 del\x7f", "nul[U+0000] bell[U+0007] del[U+007F]"),
        ("two\r\nlines\tand a lone\rreturn", "two\nlines\tand a lone[U+000D]return"),
        ("a\u200bb\u00adc", "a[U+200B]b[U+00AD]c"),
        ("a\u200db", "a[U+200D]b"),
        ("👩\u200d🎓", "👩\u200d🎓"),
        ("\ud800", "[U+D800]"),
        ("Åsa Öberg 日本", "Åsa Öberg 日本"),
        (None, ""),
        (12, "12"),
    ],
)
def test_visible(text: object, expected: str) -> None:
    assert shown("{% autoescape off %}{{ text|visible }}{% endautoescape %}", text=text) == expected


def test_visible_is_escaped() -> None:
    assert shown("{{ text|visible }}", text=HOSTILE) == "&lt;b&gt;[U+202E][U+0000]"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Nora Lind", "NL"),
        ("nora@north.example", "N"),
        ("Ana de la Cruz", "AC"),
        ("", "?"),
        ("… (x)", "X"),
        (None, "?"),
    ],
)
def test_initials(name: object, expected: str) -> None:
    assert shown("{{ name|initials }}", name=name) == expected


def test_pages_keep_the_rest_of_the_address() -> None:
    request = RequestFactory().get("/", {"state": ["a", "b"], "after": "9-9", "q": "x&y"})
    html = shown("{% pages page %}", page=Page(rows=[], newer="1-1", older="2-2"), request=request)
    assert 'href="?state=a&amp;state=b&amp;q=x%26y&amp;before=1-1"' in html
    assert 'href="?state=a&amp;state=b&amp;q=x%26y&amp;after=2-2"' in html
    assert shown("{% pages page %}", page=Page(rows=[], newer="", older="")).strip() == ""


class Sample(forms.Form):
    name = forms.CharField(label="Name <i>", help_text="Help.")
    text = forms.CharField(widget=forms.Textarea, required=False)
    choice = forms.ChoiceField(choices=[("a", "A")])
    radio = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect, help_text="Help.")
    many = forms.MultipleChoiceField(choices=[("a", "A")], widget=forms.CheckboxSelectMultiple, required=False)
    tick = forms.BooleanField()
    file = forms.FileField(required=False)
    at = forms.SplitDateTimeField()
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_field_ties_help_and_error_to_the_control() -> None:
    html = shown("{% field form.name %}", form=Sample({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'for="id_name"' in html
    assert "Name &lt;i&gt;" in html


def test_field_without_help_or_error_describes_nothing() -> None:
    assert "aria-describedby" not in shown("{% field form.text %}", form=Sample())


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("text", '<textarea name="text"'),
        ("choice", 'class="form-select"'),
        ("tick", 'class="form-check-input"'),
        ("file", 'type="file"'),
        ("at", 'aria-label="At: time"'),
    ],
)
def test_field_draws_every_kind(name: str, part: str) -> None:
    assert part in shown("{% field form|get %}".replace("form|get", f"form.{name}"), form=Sample())


@pytest.mark.parametrize("name", ["radio", "many", "at"])
def test_groups_are_fieldsets_with_a_legend(name: str) -> None:
    html = shown(f"{{% field form.{name} %}}", form=Sample({}))
    assert "<fieldset" in html
    assert "<legend>" in html


def test_radio_group_keeps_what_was_chosen() -> None:
    html = shown("{% field form.radio %}", form=Sample({"radio": "b"}))
    assert html.count("checked") == 1
    assert 'for="id_radio_1"' in html
    assert 'aria-describedby="id_radio_helptext"' in html


def test_optional_is_said_of_what_may_be_left_out_alone() -> None:
    assert "dd-optional" in shown("{% field form.text %}", form=Sample())
    assert "dd-optional" not in shown("{% field form.name %}{% field form.tick %}", form=Sample())


def test_hidden_field_is_the_bare_control() -> None:
    assert "<label" not in shown("{% field form.secret %}", form=Sample())


def test_form_errors_link_to_the_controls() -> None:
    html = shown("{% form_errors form %}", form=Sample({}))
    for target in ("#id_name", "#id_radio_0", "#id_at_0", "#id_tick"):
        assert f'href="{target}"' in html
    assert shown("{% form_errors form %}", form=Sample()).strip() == ""


def test_form_errors_show_what_is_wrong_with_the_whole_form_escaped() -> None:
    form = Sample({})
    form.add_error(None, HOSTILE)
    assert "&lt;b&gt;[U+202E][U+0000]" in shown("{% form_errors form %}", form=form)


def test_form_errors_of_a_hidden_field_are_the_whole_forms() -> None:
    form = Sample({})
    form.add_error("secret", "Somebody else was first.")
    html = shown("{% form_errors form %}", form=form)
    assert "Somebody else was first." in html
    assert "#id_secret" not in html


def test_part_is_nothing_when_blank() -> None:
    assert shown('{% part "p" "x" %} {% endpart %}') == ""
    assert shown('{% part "p" "x" %} {{ v }} {% endpart %}', v="<b>") == '<p class="x">&lt;b&gt;</p>'


def test_nothing_that_is_pasted_is_cut_in_silence() -> None:
    class Long(forms.Form):
        text = forms.CharField(max_length=20, widget=forms.Textarea)

    html = shown("{% field form.text %}", form=Long())
    assert "maxlength" not in html
    assert 'data-most="20"' in html
    assert "x" * 21 in shown("{% field form.text %}", form=Long({"text": "x" * 21}))


def test_an_address_breaks_at_its_at_and_dots() -> None:
    html = shown("{{ v|breaks }}", v="a.meyer@stateagency.example")
    assert html == "a<wbr>.meyer<wbr>@stateagency<wbr>.example"
    assert shown("{{ v|breaks }}", v="") == ""
    hostile = shown("{{ v|breaks }}", v="<b>\u202e@x.example")
    assert "<b>" not in hostile
    assert "\u202e" not in hostile
