"""Reports: the wizard, the list of them, and their files."""

from django.urls import path

from tickets.wizard import listing, together, views

urlpatterns = [
    path("reports/", listing.reports, name="reports"),
    path("reports/new/", views.report_begin, name="report_begin"),
    path("reports/together/<uuid:code>/", together.together, name="reports_together"),
    path("reports/<uuid:code>/", views.report, name="report"),
    path("reports/<uuid:code>/findings/", views.report_findings, name="report_findings"),
    path("reports/<uuid:code>/text/", views.report_text, name="report_text"),
    path("reports/<uuid:code>/message/", views.report_message, name="report_message"),
    path("reports/<uuid:code>/withdraw/", views.report_withdraw, name="report_withdraw"),
    path("reports/<uuid:code>/reopen/", views.report_reopen, name="report_reopen"),
    path("reports/<uuid:code>/<slug:slug>/", views.report_step, name="report_step"),
    path("attachments/<uuid:code>/", views.attachment, name="attachment"),
    path("attachments/<uuid:code>/remove/", views.attachment_remove, name="attachment_remove"),
]
