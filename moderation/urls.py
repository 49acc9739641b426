"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from accounts.views_audit import audit_log
from moderation import views, views_decide, views_figures, views_holding, views_reports, views_review

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="moderation"),
    path("queue/", views.queue_page, name="moderation-queue"),
    path("queue/next/", views.take_next, name="moderation-next"),
    path("review/<str:submission_id>/", views_review.review, name="moderation-review"),
    path("review/<str:submission_id>/decide/", views_decide.decide, name="moderation-decide"),
    path("review/<str:submission_id>/file/", views_review.file, name="moderation-file"),
    path("review/<str:submission_id>/lease/", views_holding.lease, name="moderation-lease"),
    path("review/<str:submission_id>/draft/", views_holding.draft, name="moderation-draft"),
    path("review/<str:submission_id>/write/", views_review.write, name="moderation-write"),
    path("statistics/", views_figures.page, name="moderation-statistics"),
    path("statistics/<slug:name>.csv", views_figures.as_csv, name="moderation-statistics-csv"),
    path("reports/", views_reports.listing, name="moderation-reports"),
    path("reports/<str:report_id>/", views_reports.detail, name="moderation-report"),
    path("audit/", audit_log, name="moderation-audit"),
]
