"""JSON API of this room: publications, the fast lane to artifacts, schemas."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from ninja import Router, Status

from accounts import permissions
from accounts.api_auth import session_or_key
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from catalog import contract, schema_registry
from catalog.models import Publication, Release
from catalog.publisher import record_of

router = Router(tags=["catalog"])

PUBLISH_WAIT = 10.0
SCHEMA_KEPT = "public, max-age=300"


def _account(request: HttpRequest) -> User:
    """The account that the session or the key stands for; `auth` of the operation has seen to it."""
    carried: Any = request
    account: User = carried.auth
    return account


@router.post("/catalog/publish", auth=session_or_key("catalog:publish"), response={202: dict[str, Any]})
@limited("write")
def publish(request: HttpRequest) -> Status[dict[str, Any]]:
    """Publish whatever is due; the record of that publication, or of the last one where nothing was."""
    done = contract.value("publish")(_account(request), PUBLISH_WAIT)
    last = done or Publication.objects.order_by("-revision").first()
    if last is None:
        raise RefusedError("not_found", "Nothing has been published yet.", "Run publish_catalog.", status=404)
    return Status(202, record_of(last))


@router.get("/publications/{int:revision}", auth=session_or_key("catalog:publish"), response=dict[str, Any])
def publication(request: HttpRequest, revision: int) -> dict[str, Any]:
    """A publication with its smoke report."""
    permissions.ensure(_account(request), "catalog.publish")
    found = Publication.objects.filter(revision=revision).first()
    if found is None:
        raise RefusedError("not_found", "There is no such publication.", "Check the number.", status=404)
    return record_of(found)


@router.get("/downloads/{mod_id}/{version}", auth=session_or_key("downloads:read"), response={302: None})
def download(request: HttpRequest, mod_id: str, version: str) -> HttpResponse:
    """Leads to a release's artifact; `latest` is a version. 410 where it was taken back."""
    releases = Release.objects.select_related("mod").filter(mod__mod_id=mod_id)
    if version == "latest":
        release = releases.filter(mod__latest__isnull=False, pk__in=releases.values("mod__latest")).first()
    else:
        release = releases.filter(version=version).first()
    if release is None:
        raise RefusedError(
            "not_found", "There is no such release.", "The catalog lists what there is.", status=404
        )
    if release.taken_back_at is not None:
        raise RefusedError(
            "taken_back",
            f"{mod_id} {version} was taken back.",
            "Ask for latest, or another version.",
            status=410,
            extra={"reason": release.taken_back_reason, "level": release.taken_back_level},
        )
    response = HttpResponseRedirect(f"/{release.artifact_path}")
    response["Cache-Control"] = "no-store"
    return response


@router.get("/schemas/{schema_id}.schema.json", response={200: Any})
@limited("anonymous_read")
def schema(request: HttpRequest, schema_id: str) -> HttpResponse:
    """A document's JSON Schema (draft 2020-12), complete in itself."""
    try:
        body = schema_registry.raw(schema_id)
    except KeyError:
        raise RefusedError(
            "not_found", "There is no such schema.", "The documents name theirs.", status=404
        ) from None
    return HttpResponse(body, content_type="application/schema+json", headers={"Cache-Control": SCHEMA_KEPT})
