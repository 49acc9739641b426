"""Which address is answered by which room."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from accounts.urls import admin_urlpatterns
from catalog import views_sharing
from moderation import views_reports
from smmods import health, pages
from smmods.api import api

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/v1/openapi.json", pages.openapi_document, name="openapi"),
    path("api/v1/docs", pages.api_docs, name="api-docs"),
    path("api/v1/", api.urls),
    path("account/mods/", views_sharing.mods, name="account_mods"),
    path("account/mods/act/", views_sharing.act, name="account_mods_act"),
    path("account/", include("accounts.urls")),
    path("upload/", include("uploads.urls")),
    path("moderation/adoptions/", views_sharing.adoptions, name="moderation-adoptions"),
    path("moderation/", include("moderation.urls")),
    path("admin/", include(admin_urlpatterns)),
    path("admin/", admin.site.urls),
    path("mods/<slug:slug>/adopt/", views_sharing.adopt, name="adopt"),
    path("mods/<slug:slug>/report/", views_reports.form, name="report"),
    path("", include("catalog.urls")),
]

if settings.SMMODS_ENVIRONMENT == "development":
    urlpatterns.insert(0, path("dev/", include("smmods.dev_urls")))

handler400 = "smmods.pages.bad_request"
handler403 = "smmods.pages.forbidden"
handler404 = "smmods.pages.not_found"
handler500 = "smmods.pages.server_error"
# Not Django's own, but asked for by allauth where one of its limits refuses.
handler429 = "smmods.pages.too_many_requests"
