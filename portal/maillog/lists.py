"""Lists of deliveries in the browser, of one branch or of all: filters, files of what they find, filters kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.access import person_required, support_required
from portal.branches.access import branch_for, branches_of
from portal.branches.models import BranchProfile
from portal.maillog import saved as keeping
from portal.maillog import searching
from portal.maillog.erased import erased_for
from portal.maillog.export import FORMS
from portal.maillog.filters import Filters
from portal.maillog.forms import DeliveryFilter, SaveForm
from portal.maillog.models import Delivery
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest


class _List:
    """One list: of a branch, or (``branch`` None) of all of them."""

    def __init__(self, request: PersonRequest, branch: BranchProfile | None, data: Any) -> None:
        self.request = request
        self.branch = branch
        self.zone: tzinfo = ZoneInfo(branch.time_zone) if branch else UTC
        self.address = reverse("deliveries", args=[branch.code]) if branch else reverse("all_deliveries")
        self.branches: list[BranchProfile] = []
        if branch:
            self.form = DeliveryFilter(data, zone=self.zone)
        else:
            self.branches = list(branches_of(request.user).order_by("organisation"))
            self.form = DeliveryFilter(data, zone=self.zone, branches=self.branches)

    @property
    def of(self) -> BranchProfile | None:
        """The branch whose deliveries are asked for; None: all of them."""
        return self.branch or self.form.chosen_branch

    @property
    def filters(self) -> Filters:
        return self.form.filters

    @property
    def is_asked(self) -> bool:
        """Something can be shown: a branch has a list without any filter, all branches together have none."""
        return self.branch is not None or bool(self.filters or self.form.chosen_branch)

    @property
    def query(self) -> str:
        """The filters as a query string, with nothing else in it."""
        query = QueryDict(mutable=True)
        if self.branch is None and self.form.chosen_branch:
            query["branch"] = self.form.chosen_branch.code
        query.update(self.filters.pairs(self.zone))
        return query.urlencode()

    def page(self, save_form: SaveForm | None = None, status: int = 200) -> HttpResponse:
        """The page: form, rows, what is saved beside them. Wrong input stays in the form, with what is wrong."""
        context: dict[str, Any] = {
            "branch": self.branch,
            "form": self.form,
            "zone": str(self.zone),
            "address": self.address,
            "saved": keeping.saved_filters_of(self.request.user, self.branch),
            "save_form": save_form or SaveForm(),
            "is_asked": False,
        }
        if not self.form.is_valid():
            status = 400
        elif self.is_asked:
            filters = self.filters
            found = searching.find(self.request.user, self.of, filters, self.request.GET)
            if self.branch is None:
                _name_branches(found.rows, self.branches)
            context |= {"found": found, "query": self.query, "is_narrowed": bool(self.query), "is_asked": True}
            context["erased"] = self._erased(filters)
            if found.further:
                place = {"after" if found.is_backwards else "before": found.further}
                context["further_url"] = f"{self.address}?{self.query}&{urlencode(place)}"
        return page_or_fragment(self.request, "maillog/deliveries.html", "maillog/_delivery_rows.html", context, status)

    def _erased(self, filters: Filters) -> datetime | None:
        """When what was known of the recipient was erased, if it was known of a part of the time that is asked for."""
        at = erased_for(self.request.user, self.of, filters.recipient) if filters.recipient else None
        return at if at and (filters.since is None or filters.since < at) else None

    def file(self) -> HttpResponseBase:
        """All that the filters find, as a file; wrong filters show the page instead."""
        kind = self.request.GET.get("form", "csv")
        if self.form.is_valid() and self.of is None and self.filters and not self.filters.is_bounded:
            self.form.add_error(
                None,
                ValidationError(
                    "For a file over all branches say from when (“Sent from”), or give an address, a recipient domain, "
                    "a cause, a Message-ID or a queue id; or choose a branch.",
                    code="no_bound",
                ),
            )
        if not self.form.is_valid() or not self.is_asked or kind not in FORMS:
            return self.page(status=400)
        lines, content_type = FORMS[kind]
        branches = [self.of] if self.of else self.branches
        rows = searching.every(self.request.user, self.of, self.filters)
        codes = {branch.pk: branch.code for branch in branches}
        response = StreamingHttpResponse(lines(rows, zone=self.zone, codes=codes), content_type=content_type)
        name = self.filters.file_name(self.zone, self.of.code if self.of else "all-branches")
        response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
        return response

    def save(self) -> HttpResponse:
        """Save the filters under a name; with a name that cannot be, the page comes back with it."""
        form = SaveForm(self.request.POST)
        if not self.form.is_valid():
            return self.page(form, 400)
        if not self.query:
            form.add_error(None, "There is no filter to save yet: narrow the list first.")
        if form.is_valid():
            name = form.cleaned_data["name"]
            try:
                keeping.save_filter(self.branch, by=self.request.user, name=name, query=self.query)
            except keeping.NameTakenError:
                form.add_error("name", "You have a filter of this name already. Choose another, or delete that one.")
            except keeping.TooManyError:
                form.add_error(None, f"{keeping.MOST} filters are saved here already. Delete one first.")
            else:
                messages.success(self.request, f"The filter “{name}” is saved.")
                return redirect(f"{self.address}?{self.query}")
        return self.page(form, 400)


def _name_branches(rows: Iterable[Delivery], branches: list[BranchProfile]) -> None:
    """Give each row its branch, which is known already."""
    known = {branch.pk: branch for branch in branches}
    for row in rows:
        if row.branch_id in known:
            row.branch = known[row.branch_id]


@require_safe
@person_required
def deliveries(request: PersonRequest, code: str) -> HttpResponse:
    """The deliveries of a branch, newest first."""
    return _List(request, branch_for(request.user, code), request.GET).page()


@require_safe
@person_required
def deliveries_export(request: PersonRequest, code: str) -> HttpResponseBase:
    """What is filtered of a branch, as a file."""
    return _List(request, branch_for(request.user, code), request.GET).file()


@require_POST
@person_required
def filter_save(request: PersonRequest, code: str) -> HttpResponse:
    """Save a filter of a branch's list under a name."""
    return _List(request, branch_for(request.user, code), request.GET).save()


@require_safe
@support_required
def all_deliveries(request: PersonRequest) -> HttpResponse:
    """Deliveries of all branches, by any filter."""
    return _List(request, None, request.GET).page()


@require_safe
@support_required
def all_deliveries_export(request: PersonRequest) -> HttpResponseBase:
    """What is filtered over all branches, as a file."""
    return _List(request, None, request.GET).file()


@require_POST
@support_required
def all_filter_save(request: PersonRequest) -> HttpResponse:
    """Save a filter of the list over all branches."""
    return _List(request, None, request.GET).save()


@require_POST
@person_required
def filter_delete(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget a filter of one's own."""
    found = keeping.saved_filter_for(request.user, pk)
    keeping.delete_filter(found)
    messages.success(request, f"The filter “{found.name}” is deleted.")
    return redirect("deliveries", code=found.branch.code) if found.branch else redirect("all_deliveries")
