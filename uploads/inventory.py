"""The files of a package as rows, and sets of hashes as one parameter: as many statements for 10,000 as for 10.

Rules
- The whole inventory is written by one statement, whatever the number of members: the rows travel as one JSON
  text that the database takes apart (SQLite `json_each`, PostgreSQL `jsonb_to_recordset`).
- A path is kept once, cut to what the column holds: refused packages may say the same one twice.
- Hashes are compared inside the database in the same way, so no list is ever cut into pieces.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from uploads.models import Revision
from uploads.package.reader import Member

Json = dict[str, Any]

MAX_PATH = 400

_ON_POSTGRESQL = """
INSERT INTO uploads_packagefile (revision_id, path, size_bytes, crc32, sha256, kind, executable, facts)
SELECT %s::bigint, path, size_bytes, crc32, sha256, kind, executable, facts
FROM jsonb_to_recordset(%s::jsonb) AS rows(
    path text, size_bytes bigint, crc32 bigint, sha256 text, kind text, executable boolean, facts jsonb)
"""
_ON_SQLITE = """
INSERT INTO uploads_packagefile (revision_id, path, size_bytes, crc32, sha256, kind, executable, facts)
SELECT %s, json_extract(value, '$.path'), json_extract(value, '$.size_bytes'), json_extract(value, '$.crc32'),
    json_extract(value, '$.sha256'), json_extract(value, '$.kind'), json_extract(value, '$.executable'),
    json_extract(value, '$.facts')
FROM json_each(%s)
"""


def write(revision: Revision, members: Sequence[Member], programs: Mapping[str, Json]) -> None:
    """Write the files of `revision`, which has none yet; `programs` has the facts of programs by path.

    Belongs into the caller's transaction.
    """
    if not members:
        return
    named = {member.path[:MAX_PATH]: member for member in reversed(members)}
    rows = [
        {
            "path": path,
            "size_bytes": member.size,
            "crc32": member.crc,
            "sha256": member.sha256,
            "kind": member.kind[:40],
            "executable": member.executable,
            "facts": programs.get(member.path, {}),
        }
        for path, member in reversed(named.items())
    ]
    statement = _ON_POSTGRESQL if connection.vendor == "postgresql" else _ON_SQLITE
    with connection.cursor() as cursor:
        cursor.execute(statement, [revision.pk, json.dumps(rows)])


def any_of(values: Iterable[str]) -> RawSQL:
    """A set of any size for `field__in`, sent as one parameter."""
    listed = sorted(set(values))
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::text[])", [listed])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(listed)])
