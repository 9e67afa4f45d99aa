"""What the words for how sure a cause is mean: one page, and a link to it wherever such a word stands."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.test import Client

from diagnostics.engine.causes import Confidence
from portal.web import words


@pytest.mark.django_db
def test_the_page_defines_every_word(client: Client) -> None:
    content = client.get("/how-sure/").content.decode()
    for word in (*Confidence, "confirmed"):
        assert f'id="{word}"' in content
        assert words.CONFIDENCES[word].hint


@pytest.mark.parametrize("word", [*Confidence, "confirmed"])
def test_a_word_explains_itself_where_it_stands(word: str) -> None:
    chip = Template("{% load desk %}{% confidence word %}").render(Context({"word": word}))
    assert f'href="/how-sure/#{word}"' in chip
    assert "title=" in chip


def test_no_word_is_no_chip() -> None:
    assert Template("{% load desk %}{% confidence '' %}").render(Context()) == ""


def test_looking_changes_nothing(client: Client) -> None:
    assert client.post("/how-sure/").status_code == 405
