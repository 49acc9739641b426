"""What must be there before anything happens: the system's account, the chain's head, the triggers."""

from typing import Any

from django.db import connections

from accounts import audit_triggers
from accounts.audit import GENESIS
from accounts.models import SYSTEM_EMAIL, AuditHead, User
from accounts.roles import Role


def lay_ground(using: str = "default", **_: Any) -> None:
    """Write the rows that everything stands on, where they are missing; safe to repeat.

    Connected to `post_migrate`, since a table that a migration rebuilds loses its triggers on SQLite.
    """
    connection = connections[using]
    if AuditHead._meta.db_table not in connection.introspection.table_names():
        return
    system, made = User.objects.using(using).get_or_create(
        role=Role.SYSTEM, defaults={"email": SYSTEM_EMAIL, "display_name": "SMMODS", "is_active": False}
    )
    if made:
        system.set_unusable_password()
        system.save(using=using, update_fields=["password"])
    AuditHead.objects.using(using).get_or_create(pk=1, defaults={"sequence": 0, "hash": GENESIS})
    audit_triggers.install(connection)
