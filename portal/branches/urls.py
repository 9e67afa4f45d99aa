"""Branches and what belongs to sending as them. ``add`` stands before the codes, and no branch may be called so."""

from django.urls import path

from portal.branches import keeping, people, views

urlpatterns = [
    path("branches/", views.branches, name="branches"),
    path("branches/add/", views.branch_add, name="branch_add"),
    path("branches/<slug:code>/", views.branch, name="branch"),
    path("branches/<slug:code>/edit/", views.branch_edit, name="branch_edit"),
    path("branches/<slug:code>/suspend/", views.branch_suspend, name="branch_suspend"),
    path("branches/<slug:code>/resume/", views.branch_resume, name="branch_resume"),
    path("branches/<slug:code>/domains/add/", views.from_domain_add, name="from_domain_add"),
    path("branches/<slug:code>/domains/<int:pk>/", views.from_domain, name="from_domain"),
    path("branches/<slug:code>/domains/<int:pk>/remove/", views.from_domain_remove, name="from_domain_remove"),
    path(
        "branches/<slug:code>/domains/<int:pk>/dkim/<int:entry>/remove/",
        views.dkim_entry_remove,
        name="dkim_entry_remove",
    ),
    path("servers/", keeping.servers, name="servers"),
    path("servers/add/", keeping.server_add, name="server_add"),
    path("servers/<int:pk>/", keeping.server_edit, name="server_edit"),
    path("allow-lists/", keeping.allow_list, name="allow_list"),
    path("allow-lists/add/", keeping.allow_list_add, name="allow_list_add"),
    path("allow-lists/<int:pk>/", keeping.allow_list_edit, name="allow_list_edit"),
    path("people/", people.people, name="people"),
    path("people/add/", people.person_add, name="person_add"),
    path("people/<int:pk>/", people.person_edit, name="person_edit"),
    path("people/<int:pk>/invite/", people.person_invite, name="person_invite"),
]
