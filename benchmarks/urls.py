"""The portal's addresses and the floor: every middleware, one query, a template of twenty rows."""

from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

from catalog.models import Mod
from smmods.urls import handler400, handler403, handler404, handler429, handler500
from smmods.urls import urlpatterns as of_the_portal

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

ROWS = 20
TEMPLATE = Template(
    "<!doctype html><html lang=en><title>Floor</title><table>"
    "{% for mod in mods %}<tr><td><a href='/mods/{{ mod.slug }}/'>{{ mod.name }}</a><td>{{ mod.summary }}"
    "<td>{{ mod.updated_at }}{% endfor %}</table>"
)


def floor(request: HttpRequest) -> HttpResponse:
    """What no page of twenty rows can be quicker than here."""
    mods = Mod.objects.order_by("pk").values("slug", "name", "summary", "updated_at")[:ROWS]
    return HttpResponse(TEMPLATE.render(Context({"mods": mods})))


urlpatterns = [path("floor/", floor), *of_the_portal]
