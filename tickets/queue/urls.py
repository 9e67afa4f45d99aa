"""The queue and its tickets."""

from django.urls import path

from tickets.queue import bulk, views

urlpatterns = [
    path("tickets/", views.queue, name="queue"),
    path("tickets/bulk/", bulk.tickets_bulk, name="tickets_bulk"),
    path("tickets/<int:number>/", views.ticket, name="ticket"),
    path("tickets/<int:number>/findings/", views.ticket_findings, name="ticket_findings"),
    path("tickets/<int:number>/reply/", views.ticket_reply, name="ticket_reply"),
    path("tickets/<int:number>/files/", views.ticket_files, name="ticket_files"),
    path("tickets/<int:number>/note/", views.ticket_note, name="ticket_note"),
    path("tickets/<int:number>/assign/", views.ticket_assign, name="ticket_assign"),
    path("tickets/<int:number>/state/", views.ticket_state, name="ticket_state"),
    path("tickets/<int:number>/cause/", views.ticket_cause, name="ticket_cause"),
    path("tickets/<int:number>/examine/", views.ticket_examine, name="ticket_examine"),
    path("tickets/<int:number>/unmerge/", bulk.ticket_unmerge, name="ticket_unmerge"),
    path("tickets/<int:number>/unlink/", bulk.ticket_unlink, name="ticket_unlink"),
]
