"""JSON API of this room: publications, the fast lane to artifacts, schemas."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from ninja import Router, Status

from accounts import permissions
from accounts.api_auth import session_or_key
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from catalog import contract, downloads, schema_registry
from catalog.models import Publication
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


DOWNLOAD = "/downloads/{mod_id}/{version}"


@router.api_operation(
    ["HEAD"],
    DOWNLOAD,
    auth=session_or_key("downloads:read"),
    response={200: None, 302: None},
    include_in_schema=False,
)
@router.get(DOWNLOAD, auth=session_or_key("downloads:read"), response={200: None, 302: None})
def download(request: HttpRequest, mod_id: str, version: str) -> HttpResponse:
    """Hands a release's artifact over, or leads to it; `latest` is a version. 410 where it was taken back."""
    release = downloads.find(mod_id, version)
    if request.method == "GET" and downloads.from_the_start(request.headers.get("Range", "")):
        downloads.count(_account(request), release)
    path = release.artifact_path
    response: HttpResponse
    if settings.SMMODS_HAND_OVER:
        response = HttpResponse(content_type="application/zip")
        response["X-Accel-Redirect"] = f"{settings.SMMODS_HAND_OVER}{path.removeprefix('downloads')}"
        response["Content-Disposition"] = f'attachment; filename="{release.file_name}"'
    else:
        response = HttpResponseRedirect(f"/{path}")
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
