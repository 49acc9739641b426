"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from uploads import views, views_listing, views_repack, views_wizard

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views_wizard.start, name="upload"),
    path("try/", views_wizard.rehearse, name="upload-try"),
    path("try/repack/", views_repack.of_anything, name="upload-try-repack"),
    path("mine/", views.mine, name="upload-mine"),
    path("listing/<str:mod_id>/", views_listing.edit, name="listing-edit"),
    path("<str:submission_id>/", views.status, name="submission"),
    path("<str:submission_id>/details/", views_wizard.details, name="submission-details"),
    path("<str:submission_id>/progress/", views.progress, name="submission-progress"),
    path("<str:submission_id>/message/", views.message, name="submission-message"),
    path("<str:submission_id>/replace/", views_wizard.replace, name="submission-replace"),
    path("<str:submission_id>/follow/", views.follow, name="submission-follow"),
    path("<str:submission_id>/repack/", views_repack.of_submission, name="submission-repack"),
    path("<str:submission_id>/withdraw/", views.withdraw, name="submission-withdraw"),
]
