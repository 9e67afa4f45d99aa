"""The message log of a branch."""

from django.urls import path

from portal.maillog import views

urlpatterns = [
    path("branches/<slug:code>/history/", views.history, name="history"),
    path("branches/<slug:code>/deliveries/", views.deliveries, name="deliveries"),
    path("deliveries/<int:pk>/", views.delivery, name="delivery"),
]
