"""Test messages: opening an address, waiting, the report, its pictures, comparing and sharing."""

from django.urls import path

from portal.trials import views

urlpatterns = [
    path("branches/<slug:code>/tests/", views.trials, name="trials"),
    path("branches/<slug:code>/tests/add/", views.trial_add, name="trial_add"),
    path("tests/<uuid:code>/", views.trial, name="trial"),
    path("tests/<uuid:code>/messages/<int:pk>/", views.trial_message, name="trial_message"),
    path("tests/<uuid:code>/messages/<int:pk>/picture/<slug:kind>/", views.trial_picture, name="trial_picture"),
    path("tests/<uuid:code>/messages/<int:pk>/compare/", views.trial_compare, name="trial_compare"),
    path("tests/<uuid:code>/messages/<int:pk>/share/", views.trial_share, name="trial_share"),
    path("tests/<uuid:code>/shares/<uuid:share>/withdraw/", views.trial_withdraw, name="trial_withdraw"),
    path("shared/<str:token>/", views.shared_trial, name="shared_trial"),
    path("shared/<str:token>/picture/<slug:kind>/", views.shared_picture, name="shared_picture"),
]
