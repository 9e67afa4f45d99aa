"""The message log: how a branch's mail went, lists of deliveries, one message, one delivery."""

from django.urls import path

from portal.maillog import lists, naming, views

urlpatterns = [
    path("branches/<slug:code>/history/", views.history, name="history"),
    path("branches/<slug:code>/client-email-counts/", views.client_email_counts, name="client_email_counts"),
    path("branches/<slug:code>/deliveries/", lists.deliveries, name="deliveries"),
    path("branches/<slug:code>/deliveries/export/", lists.deliveries_export, name="deliveries_export"),
    path("branches/<slug:code>/deliveries/save/", lists.filter_save, name="filter_save"),
    path("deliveries/", lists.all_deliveries, name="all_deliveries"),
    path("deliveries/export/", lists.all_deliveries_export, name="all_deliveries_export"),
    path("deliveries/save/", lists.all_filter_save, name="all_filter_save"),
    path("deliveries/<int:pk>/", views.delivery, name="delivery"),
    path("messages/<int:pk>/", views.message, name="message"),
    path("saved-filters/<int:pk>/delete/", lists.filter_delete, name="filter_delete"),
    path("comparison/", views.comparison, name="comparison"),
    path("unclassified-replies/", naming.unclassified, name="unclassified"),
    path("reply-rules/", naming.reply_rules, name="reply_rules"),
    path("reply-rules/shipped/", naming.shipped_rules, name="shipped_rules"),
    path("reply-rules/shipped/<str:ident>/", naming.shipped_rule, name="shipped_rule"),
    path("reply-rules/add/", naming.reply_rule_add, name="reply_rule_add"),
    path("reply-rules/<int:pk>/", naming.reply_rule, name="reply_rule"),
    path("reply-rules/<int:pk>/switch/", naming.reply_rule_switch, name="reply_rule_switch"),
    path("reply-rules/<int:pk>/delete/", naming.reply_rule_delete, name="reply_rule_delete"),
]
