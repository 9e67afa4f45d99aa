"""Bringing logs in by the browser: uploaded, looked at first, read with progress, every rejected line given back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import person_required
from portal.intake import selectors, services
from portal.intake.cap import is_too_large
from portal.intake.forms import UploadForm, ZoneForm, columns_form
from portal.intake.models import Upload
from portal.intake.others import MOST_OCTETS, WORDS, other_kind, take_other
from portal.intake.preview import is_sure, preview_of, table_in
from portal.intake.rejected import csv_of, first_rejected, lines_of
from portal.maillog.importers.columns import Columns
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of


@require_safe
@person_required
def logs(request: PersonRequest) -> HttpResponse:
    """What was brought in and is not read yet; below it what was read, the newest first."""
    page = page_of(selectors.batches_of(request.user), request.GET, by="at")
    context = {"page": page, "open": selectors.open_uploads(request.user)}
    return page_or_fragment(request, "intake/logs.html", "intake/_batches.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def upload_add(request: PersonRequest) -> HttpResponse:
    """Bring a log in; ``?mends`` names the upload whose rejected lines these are."""
    mended = _mended(request)
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES, viewer=request.user, is_too_large=is_too_large(request))
        if form.is_valid():
            data = form.cleaned_data
            try:
                if not data["source"] and (kind := other_kind(data["file"])):
                    return _taken_elsewhere(request, data, kind)
                made = services.take(
                    data["file"], source=data["source"], branch=data["branch"], by=request.user, mends=mended
                )
                return redirect("upload", code=made.code)
            except services.UploadProblem as problem:
                form.add_error("file", str(problem))
    else:
        asked = {"source": request.GET.get("source", ""), "branch": request.GET.get("branch", "")}
        if mended is not None:
            asked = {"source": mended.source, "branch": mended.branch.code if mended.branch else ""}
        form = UploadForm(viewer=request.user, initial={**asked, "mends": mended.code if mended else None})
    context = {"form": form, "mended": mended}
    return render(request, "intake/add.html", context, status=400 if form.is_bound else 200)


def _taken_elsewhere(request: PersonRequest, data: dict[str, Any], kind: str) -> HttpResponse:
    """Hand on what is no log to the room that reads it. UploadProblem for who may not, and for what is too large."""
    word = WORDS[kind]
    if not request.user.is_support:
        raise services.UploadProblem(f"This is {word}, no log. Support brings it in: send it to them on a ticket.")
    if data["file"].size > MOST_OCTETS:
        raise services.UploadProblem(f"This is {word}, too large to read here: manage.py ingest {kind} FILE reads it.")
    code = data["branch"].code if data["branch"] else ""
    name = services.clean_name(data["file"].name or "")
    batch = take_other(data["file"], kind, branch=code, name=name, by=request.user)
    words = f"Read as {word}: {batch.new} new, {batch.duplicate} known already, {batch.rejected_count} rejected."
    if batch.duplicate and not batch.new:
        words = f"Read as {word}, all of which was read before: nothing was added."
    if batch.rejected:
        messages.warning(request, f"{words} The first: {batch.rejected[0]['why']}")
    else:
        messages.success(request, words)
    # What came of it stands there.
    if batch.branch is not None:
        return redirect("feedback", code=batch.branch.code)
    return redirect("returned_mails" if kind == "dsn" else "logs")


def _mended(request: PersonRequest) -> Upload | None:
    asked = request.POST.get("mends") or request.GET.get("mends", "")
    return selectors.upload_for(request.user, asked) if asked else None


@require_safe
@person_required
def upload(request: PersonRequest, code: str) -> HttpResponse:
    """One upload: what it would tell, how far it was read, or what came of it."""
    found = selectors.upload_for(request.user, code)
    return _upload(request, found)


def _upload(request: PersonRequest, found: Upload, data: Any = None, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"upload": found, "zone": found.branch.time_zone if found.branch else None}
    if found.is_under_way:
        context["before"] = selectors.before_in_line(found)
    else:
        context["rejected"] = first_rejected(found)
    found.twin = selectors.twin_of(request.user, found)
    if found.is_startable and found.state != "done":
        table = table_in(found)
        context["form"] = columns_form(found, table, data)
        context["left_out"] = table.left_out
        context["is_sure"] = (
            not found.columns or is_sure(table, Columns.from_json(found.columns)) or selectors.was_told(found, table)
        )
        context["preview"] = preview_of(found)
        context["now"] = timezone.now()
        if found.time_zone:
            context["zone_form"] = ZoneForm(upload=found)
        context["is_alone"] = bool(found.columns.get("is_alone"))
    response = page_or_fragment(request, "intake/upload.html", "intake/_upload.html", context, status=status)
    if not found.is_under_way:
        # Where the part that refreshes itself finds reading over, the page around it is out of date too.
        response["HX-Refresh"] = "true"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def upload_columns(request: PersonRequest, code: str) -> HttpResponse:
    """Say what the columns are; the page then shows what would be read."""
    found = selectors.upload_for(request.user, code)
    if request.method != "POST":
        return redirect("upload", code=code)
    form = columns_form(found, table_in(found), request.POST) if found.is_startable else None
    if form is None:
        messages.error(request, "There are no columns to name.")
        return redirect("upload", code=code)
    if not form.is_valid():
        return _upload(request, found, request.POST, status=400)
    services.name_columns(found, form.columns(), by=request.user)
    messages.success(request, "So they are read, now and in the next file with the same columns.")
    return redirect("upload", code=code)


@require_POST
@person_required
def upload_zone(request: PersonRequest, code: str) -> HttpResponse:
    """Say in which time zone a server writes; the page then shows what would be read."""
    found = selectors.upload_for(request.user, code)
    form = ZoneForm(request.POST, upload=found)
    if not form.is_valid():
        messages.error(request, "Choose a time zone from the list.")
        return redirect("upload", code=code)
    try:
        services.name_zone(found, form.cleaned_data["time_zone"])
    except services.UploadProblem as problem:
        messages.error(request, str(problem))
    return redirect("upload", code=code)


@require_POST
@person_required
def upload_start(request: PersonRequest, code: str) -> HttpResponse:
    """Read it, or read it again: what is in the log already is not doubled."""
    found = selectors.upload_for(request.user, code)
    try:
        services.start(found, is_complete="complete" in request.POST)
    except services.UploadProblem as problem:
        messages.error(request, str(problem))
    return redirect("upload", code=code)


@require_POST
@person_required
def upload_stop(request: PersonRequest, code: str) -> HttpResponse:
    """Stop reading. What was stored stays."""
    services.stop(selectors.upload_for(request.user, code))
    return redirect("upload", code=code)


@require_POST
@person_required
def upload_remove(request: PersonRequest, code: str) -> HttpResponse:
    """Remove the file; what was read from it stays in the log."""
    found = selectors.upload_for(request.user, code)
    try:
        services.remove(found)
    except services.UploadProblem as problem:
        messages.error(request, str(problem))
        return redirect("upload", code=code)
    messages.success(request, f"The file {found.name} is removed.")
    return redirect("logs")


@require_safe
@person_required
def upload_rejected(request: PersonRequest, code: str) -> HttpResponseBase:
    """Every rejected line as a table: its number, the reason, the line."""
    found = selectors.upload_for(request.user, code)
    return _file(csv_of(found), "text/csv; charset=utf-8", f"rejected-{found.code}.csv")


@require_safe
@person_required
def upload_rejected_lines(request: PersonRequest, code: str) -> HttpResponseBase:
    """The rejected lines alone, to be mended and brought in again."""
    found = selectors.upload_for(request.user, code)
    return _file(lines_of(found), "text/plain; charset=utf-8", f"rejected-{found.code}.txt")


def _file(lines: Any, content_type: str, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
