"""Addresses that exist in development only."""

from django.urls import URLPattern, path

from smmods import dev_views

urlpatterns: list[URLPattern] = [
    path("", dev_views.index, name="dev"),
    path("sign-in", dev_views.sign_in, name="dev_sign_in"),
    path("mail/", dev_views.mail, name="dev_mail"),
]
