"""What is asked of somebody who brings a log in: the file, and what its columns are."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.intake.cap import most_octets
from portal.intake.models import Upload
from portal.intake.preview import Table, words_in
from portal.maillog.importers.columns import FIELDS, LEFT_OUT, TIME_FORMS, Columns, likely_forms, meaning_of
from portal.maillog.importers.event import Kind
from portal.web.text import visible

SOURCES = [
    ("", "Found out by its first lines"),
    ("postfix", "Postfix’s log"),
    ("exim", "Exim’s main log"),
    ("csv", "A table (CSV)"),
    ("jsonl", "JSON, one object a line"),
]
#: What a row may be, as people say it.
KINDS = [
    (Kind.MESSAGE.value, "The application handed it over"),
    (Kind.HANDED.value, "The sending server has it"),
    (Kind.DEFERRED.value, "Their server put it off"),
    (Kind.ACCEPTED.value, "Their server accepted it"),
    (Kind.REFUSED.value, "Their server refused it"),
    (Kind.EXPIRED.value, "Our server gave up"),
    (Kind.ERROR.value, "It failed before it went out"),
    (Kind.COMPLAINED.value, "The recipient complained"),
    (Kind.CASE_NOTE.value, "A case note"),
    (Kind.CLIENT.value, "A client’s profile"),
]


class UploadForm(forms.Form):
    """The file and whose it is. Staff bring in their branch's log only; for support the lines may say it."""

    file = forms.FileField(label="The log")
    source = forms.ChoiceField(label="What it is", choices=SOURCES, required=False)
    branch = forms.ModelChoiceField(queryset=BranchProfile.objects.none(), to_field_name="code")
    mends = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, viewer: User, is_too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        megabytes = most_octets() // (1024 * 1024)
        self.fields["file"].help_text = f"Up to {megabytes} MB, as it is or packed (gzip, bzip2, xz)."
        if is_too_large:
            too_large = f"The file is larger than {megabytes} MB. Pack it (gzip), or bring it in in parts."
            self.fields["file"].error_messages["required"] = too_large
        branch = self.fields["branch"]
        assert isinstance(branch, forms.ModelChoiceField)  # It is declared so above.
        branch.queryset = branches_of(viewer).order_by("organisation")
        branch.required = not viewer.is_support
        if viewer.is_support:
            branch.empty_label = "The lines say it, or their senders do"
            branch.help_text = "For lines that name none. Choose none only for a log of several branches."
        elif branch.queryset.count() == 1:
            branch.empty_label = None

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > most_octets():
            raise forms.ValidationError(f"The file is larger than {most_octets() // (1024 * 1024)} MB.")
        return file


class ZoneForm(forms.Form):
    """In which time zone the server writes its log."""

    time_zone = forms.ChoiceField(label="The server’s time zone")

    def __init__(self, data: Any = None, *, upload: Upload) -> None:
        super().__init__(data, initial={"time_zone": upload.time_zone})
        near = ["UTC"]
        if upload.branch is not None and upload.branch.time_zone != "UTC":
            near.append(upload.branch.time_zone)
        choices = [("Likely", [(name, name) for name in near]), ("All", [(name, name) for name in _zones()])]
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)  # It is declared so above.
        field.choices = [*choices]
        field.help_text = "For lines that do not name it themselves. It is that of the server, not of the branch."


@cache
def _zones() -> list[str]:
    """The names of places, in the order of the alphabet; not the short ones that mean several."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/")))


class ColumnsForm(forms.Form):
    """One choice a column; then how times are written, and what the words of the state mean."""

    form = forms.ChoiceField(
        label="Times are written", choices=[(name, item.word) for name, item in TIME_FORMS.items()]
    )
    kind = forms.ChoiceField(
        label="What a row is", choices=KINDS, help_text="Where no column, or an empty cell, says what happened."
    )

    def __init__(self, data: Any = None, *, table: Table, columns: Columns) -> None:
        super().__init__(data)
        self._table, self._columns = table, columns
        self.initial = {"form": columns.form, "kind": columns.kind}
        for at, column in enumerate(table.columns):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=visible(column.name),
                choices=[("", "Leave it out"), *FIELDS.items()],
                required=False,
                help_text=visible(column.sample) or "Empty in the first rows.",
            )
            self.initial[f"column_{at}"] = columns.fields.get(column.name, "")
        self._words = words_in(table, self._chosen() if self.is_bound else columns)
        for at, word in enumerate(self._words):
            self.fields[f"word_{at}"] = forms.ChoiceField(
                label=f"“{visible(word)}” means",
                choices=[("", "Unknown: reject such rows"), *KINDS, (LEFT_OUT, "Leave such rows out")],
                required=False,
            )
            self.initial[f"word_{at}"] = columns.words.get(word.lower(), "") or meaning_of(word)

    @property
    def open_words(self) -> list[str]:
        """The words of the state that mean nothing yet: rows with them are rejected."""
        known = {*self._columns.words, *Kind}
        return [visible(word) for word in self._words if word.lower() not in known]

    @property
    def is_enough(self) -> bool:
        """Whether the columns, as they are kept, tell enough for a row to be used."""
        return self._columns.is_enough

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [self[f"column_{at}"] for at in range(len(self._table.columns))]

    @property
    def word_fields(self) -> list[forms.BoundField]:
        return [self[f"word_{at}"] for at in range(len(self._words))]

    def _chosen(self) -> Columns:
        """The columns as they were just chosen, whatever else is wrong."""
        told = {column.name: self.data.get(f"column_{at}", "") for at, column in enumerate(self._table.columns)}
        return Columns(fields={name: known for name, known in told.items() if known in FIELDS})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = self._chosen()
        told = list(chosen.fields.values())
        for known in sorted({item for item in told if told.count(item) > 1 and item != "at"}):
            self.add_error(None, f"Two columns are “{FIELDS[known]}”. Choose one, and leave the other out.")
        if not chosen.is_enough:
            self.add_error(None, "Say which columns hold the recipient’s address and the time.")
        return data

    def columns(self) -> Columns:
        """What was said."""
        data = self.cleaned_data
        # What was not asked yet, since its column was just named, means what it is known to mean.
        words = {
            word.lower(): data.get(f"word_{at}", "") if f"word_{at}" in self.data else meaning_of(word)
            for at, word in enumerate(self._words)
        }
        chosen = self._chosen()
        return Columns(
            fields=chosen.fields,
            is_alone=not chosen.has_id,
            form=self._form(data["form"], chosen),
            kind=data["kind"],
            words={word: meaning for word, meaning in words.items() if meaning},
        )

    def _form(self, said: str, chosen: Columns) -> str:
        """How times are written: as was said, or, where nobody has touched that, as the column's own values show."""
        if said != self._columns.form or list(chosen.fields.values()).count("at") != 1:
            return said
        likely = likely_forms(self._table.values_of(chosen.fields, "at"))
        return said if said in likely or not likely else likely[0]


def columns_form(upload: Upload, table: Table, data: Any = None) -> ColumnsForm | None:
    """The form for an upload whose columns have to be, or may be, named; None for others."""
    if not upload.columns or not table.columns:
        return None
    return ColumnsForm(data, table=table, columns=Columns.from_json(upload.columns))
