"""Pages of this room."""

from django.urls import URLPattern, URLResolver, path

from catalog import pages, served_urls, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.front, name="front"),
    path("mods/", views.browse, name="browse"),
    path("mods/<slug:slug>/", views.overview, name="mod"),
    path("mods/<slug:slug>/changelog/", views.changelog, name="mod-changelog"),
    path("mods/<slug:slug>/versions/", views.versions, name="mod-versions"),
    path("mods/<slug:slug>/versions/<str:version>/", views.release, name="release"),
    path("mods/<slug:slug>/dependencies/", views.dependencies, name="mod-dependencies"),
    path("mods/<slug:slug>/dependants/", views.dependants, name="mod-dependants"),
    path("mods/<slug:slug>/compare/", views.compare, name="mod-compare"),
    path("mods/<str:mod_id>/", views.by_mod_id, name="mod-by-id"),
    path("download/", pages.download, name="download"),
    path("players/", pages.players, name="players"),
    path("modders/", pages.modders, name="modders"),
    path("support/", pages.support, name="support"),
    path("attribution/", pages.attribution, name="attribution"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("privacy/", pages.privacy, name="privacy"),
    path("wiki/getting-started/", pages.getting_started, name="getting-started"),
    *served_urls.urlpatterns,
]
