"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from accounts.views_audit import audit_log
from moderation import (
    views,
    views_catalog,
    views_decide,
    views_figures,
    views_findings,
    views_holding,
    views_queue,
    views_recall,
    views_reports,
    views_rescans,
    views_review,
    views_viewer,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="moderation"),
    path("queue/", views_queue.queue_page, name="moderation-queue"),
    path("queue/next/", views_queue.take_next, name="moderation-next"),
    path("queue/bulk/", views_queue.bulk, name="moderation-bulk"),
    path("authors/<str:account_id>/hide/", views_queue.hide_author, name="moderation-hide-author"),
    path("review/<str:submission_id>/", views_review.review, name="moderation-review"),
    path("review/<str:submission_id>/decide/", views_decide.decide, name="moderation-decide"),
    path("review/<str:submission_id>/catalog/", views_catalog.catalog, name="moderation-catalog"),
    path("review/<str:submission_id>/file/", views_viewer.file, name="moderation-file"),
    path("review/<str:submission_id>/image/", views_viewer.image, name="moderation-image"),
    path("review/<str:submission_id>/findings/", views_findings.judge, name="moderation-judge"),
    path("review/<str:submission_id>/lease/", views_holding.lease, name="moderation-lease"),
    path("review/<str:submission_id>/draft/", views_holding.draft, name="moderation-draft"),
    path("review/<str:submission_id>/write/", views_review.write, name="moderation-write"),
    path("recall/", views_recall.page, name="moderation-recall"),
    path("statistics/", views_figures.page, name="moderation-statistics"),
    path("statistics/<slug:name>.csv", views_figures.as_csv, name="moderation-statistics-csv"),
    path("reports/", views_reports.listing, name="moderation-reports"),
    path("reports/<str:report_id>/", views_reports.detail, name="moderation-report"),
    path("rescans/", views_rescans.listing, name="moderation-rescans"),
    path("rescans/<int:pk>/", views_rescans.detail, name="moderation-rescan"),
    path("audit/", audit_log, name="moderation-audit"),
]
