"""The independent reader: what a mod manager does, knowing nothing but the published documents.

Rules
- It shares no code with the publisher and none with the schemas: what it can't read, a manager can't either.
- Nothing that it reads is trusted before it was checked: documents are read strictly, bytes are believed by
  their SHA-256, members of a package are written inside their folder or not at all.
- It needs no database and no settings; a base URL or a folder with the published tree is enough.
"""

from catalog.client.errors import ClientError
from catalog.client.manager import Client, Installed, TakenBack
from catalog.client.reading import (
    Blocked,
    Catalog,
    CatalogMod,
    Relation,
    VersionRow,
    parse_catalog,
    read_blocklist,
    read_catalog,
    read_versions,
)
from catalog.client.resolve import UnresolvableError, resolve
from catalog.client.sources import FolderSource, HttpSource, Source, source_for

__all__ = [
    "Blocked",
    "Catalog",
    "CatalogMod",
    "Client",
    "ClientError",
    "FolderSource",
    "HttpSource",
    "Installed",
    "Relation",
    "Source",
    "TakenBack",
    "UnresolvableError",
    "VersionRow",
    "parse_catalog",
    "read_blocklist",
    "read_catalog",
    "read_versions",
    "resolve",
    "source_for",
]
