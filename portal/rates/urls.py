"""Recipients per hour by sending server and provider, beside what is known of the limits; and what leaves its habit."""

from django.urls import path

from portal.rates import views

urlpatterns = [
    path("rates/", views.rates, name="rates"),
    path("rates/limits/", views.limits, name="limits"),
    path("rates/limits/add/", views.limit_add, name="limit_add"),
    path("rates/limits/<slug:key>/", views.limit_edit, name="limit_edit"),
    path("rates/limits/<slug:key>/reset/", views.limit_reset, name="limit_reset"),
    path("rates/to/<slug:slug>/", views.rates_provider, name="rates_provider"),
    path("rates/to/<slug:slug>/tries/", views.rates_tries, name="rates_tries"),
]
