"""The suppression list in the browser, and the public page by which a recipient signs off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import person_required, support_required
from portal.branches.access import branch_for
from portal.branches.models import BranchProfile
from portal.suppression import selectors, services
from portal.suppression.access import may_end
from portal.suppression.forms import AddForm, EndForm, ImportForm, SuppressionFilter
from portal.suppression.loading import Loaded, load
from portal.suppression.models import Suppression
from portal.suppression.sheets import SheetProblem, csv_of, json_of, read_sheet
from portal.suppression.unsubscribe import ONE_CLICK, Way, way_of
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of

GET_AND_POST = ["GET", "HEAD", "POST"]
#: So many rows are read from the database at once while a list is written.
CHUNK = 2000


def _bound(request: PersonRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _list(request: PersonRequest, branch: BranchProfile | None) -> HttpResponse:
    form = SuppressionFilter(request.GET, viewer=request.user, is_of_branch=branch is not None)
    narrowed = form.narrowed()
    if branch is not None:
        narrowed["branch"] = branch
    page = page_of(selectors.suppressions(request.user, **narrowed), request.GET, by="since")
    is_narrowed = bool(set(narrowed) - ({"branch"} if branch else set()))
    context = {"form": form, "page": page, "branch": branch, "is_narrowed": is_narrowed}
    return page_or_fragment(request, "suppression/suppressions.html", "suppression/_rows.html", context)


@require_safe
@person_required
def suppressions(request: PersonRequest) -> HttpResponse:
    """Who is not written to, over all branches that the viewer may see."""
    return _list(request, None)


@require_safe
@person_required
def branch_suppressions(request: PersonRequest, code: str) -> HttpResponse:
    """Whom a branch does not write to."""
    return _list(request, branch_for(request.user, code))


@require_http_methods(GET_AND_POST)
@person_required
def suppression_add(request: PersonRequest, code: str) -> HttpResponse:
    """An address that asked, or that is not to be written to for another reason."""
    branch = branch_for(request.user, code)
    form = AddForm(_bound(request))
    if form.is_valid():
        try:
            made = services.suppress(branch, by=request.user, **form.cleaned_data)
        except services.SuppressionProblem as problem:
            form.add_error("address", str(problem))
        else:
            messages.success(request, f"{branch} does not write to {made.address} any more.")
            return redirect("suppression", pk=made.pk)
    context = {"form": form, "branch": branch}
    return render(request, "suppression/add.html", context, status=400 if form.is_bound else 200)


def _entry(request: PersonRequest, entry: Suppression, form: EndForm, status: int = 200) -> HttpResponse:
    context = {
        "entry": entry,
        "branch": entry.branch,
        "others": selectors.others_of(request.user, entry),
        "may_end": may_end(request.user, entry),
        "form": form,
    }
    return render(request, "suppression/suppression.html", context, status=status)


@require_safe
@person_required
def suppression(request: PersonRequest, pk: int) -> HttpResponse:
    """One entry: why, since when, until when, and what was there before."""
    return _entry(request, selectors.suppression_for(request.user, pk), EndForm())


@require_POST
@person_required
def suppression_end(request: PersonRequest, pk: int) -> HttpResponse:
    """Write to the address again, with the reason."""
    entry = selectors.suppression_for(request.user, pk)
    form = EndForm(request.POST)
    if not form.is_valid():
        return _entry(request, entry, form, 400)
    try:
        services.end(entry, by=request.user, **form.cleaned_data)
    except services.SuppressionProblem as problem:
        form.add_error(None, str(problem))
        return _entry(request, entry, form, 403)
    messages.success(request, f"{entry.branch} may write to {entry.address} again.")
    return redirect("suppression", pk=pk)


@require_http_methods(GET_AND_POST)
@support_required
def suppression_import(request: PersonRequest, code: str) -> HttpResponse:
    """Take in a list from another program; what could not be used is told line by line."""
    branch = branch_for(request.user, code)
    form = ImportForm(_bound(request), request.FILES if request.method == "POST" else None)
    loaded: Loaded | None = None
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            left_out: set[str] = set()
            lines = read_sheet(file.read(), left_out)
            loaded = load(branch, lines, by=request.user, source=f"Imported from {file.name}")
            loaded.left_out = sorted(left_out)
        except SheetProblem as problem:
            form.add_error("file", str(problem))
    context = {"form": form, "branch": branch, "loaded": loaded}
    return render(request, "suppression/import.html", context, status=400 if form.errors else 200)


@require_safe
@person_required
def suppression_export(request: PersonRequest, code: str, kind: str) -> StreamingHttpResponse:
    """Exactly what the list is narrowed to, as a file."""
    branch = branch_for(request.user, code)
    if kind not in ("csv", "json"):
        raise Http404("There is no such kind of file.")
    narrowed = SuppressionFilter(request.GET, viewer=request.user, is_of_branch=True).narrowed()
    rows = selectors.suppressions(request.user, branch=branch, **narrowed).order_by("-since", "-pk")
    write, content_type = (csv_of, "text/csv; charset=utf-8") if kind == "csv" else (json_of, "application/json")
    response = StreamingHttpResponse(write(rows.iterator(CHUNK)), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="suppression-{branch.code}.{kind}"'
    return response


@csrf_exempt
@never_cache
@require_http_methods(GET_AND_POST)
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The recipient's way out: a page with a button, or one click of their mail program.

    RFC 8058 §3.2: the mail program posts just that one pair, without cookies, so no CSRF token can be asked of it.
    Everything else goes through the page's own form. Looking never changes anything: scanners follow links.
    """
    way = way_of(token)
    if way is None:
        raise Http404("This way out is none of ours.")
    if request.method == "POST" and _is_one_click(request):
        _sign_off(way)
        return HttpResponse("Done.\n", content_type="text/plain; charset=utf-8")
    return _confirm(request, way)


def _is_one_click(request: HttpRequest) -> bool:
    name, value = ONE_CLICK
    return dict(request.POST.lists()) == {name: [value]} and not request.FILES


@csrf_protect
def _confirm(request: HttpRequest, way: Way) -> HttpResponse:
    """The page with the button, and what it says afterwards: the same, whatever stood there before."""
    is_done = request.method == "POST"
    if is_done:
        _sign_off(way)
    response = render(request, "suppression/unsubscribe.html", {"way": way, "is_done": is_done})
    response["X-Robots-Tag"] = "noindex"
    return response


def _sign_off(way: Way) -> None:
    services.opt_out(way.branch, address=way.address, source=f"Unsubscribed by link{_of(way)}")


def _of(way: Way) -> str:
    return f" of {way.list}" if way.list else ""
