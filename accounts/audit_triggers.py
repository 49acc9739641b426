"""Triggers that keep the audit trail append-only, on PostgreSQL and SQLite.

Rules
- `accounts_auditentry`: no UPDATE, no DELETE, no TRUNCATE.
- `accounts_audithead`: moves forward by one; is never deleted.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

MESSAGE = "the audit trail is append-only"
NAMES = ("audit_no_update", "audit_no_delete", "audit_head_forward", "audit_head_stays")

SQLITE = (
    f"""CREATE TRIGGER audit_no_update BEFORE UPDATE ON accounts_auditentry
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
    f"""CREATE TRIGGER audit_no_delete BEFORE DELETE ON accounts_auditentry
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
    f"""CREATE TRIGGER audit_head_forward BEFORE UPDATE ON accounts_audithead
        WHEN NEW.sequence <> OLD.sequence + 1
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
    f"""CREATE TRIGGER audit_head_stays BEFORE DELETE ON accounts_audithead
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
)

POSTGRESQL_FUNCTIONS = (
    f"""CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$""",
    f"""CREATE OR REPLACE FUNCTION audit_forward() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
             IF NEW.sequence <> OLD.sequence + 1 THEN RAISE EXCEPTION '{MESSAGE}'; END IF;
             RETURN NEW;
           END $$""",
)
POSTGRESQL = (
    """CREATE TRIGGER audit_no_update BEFORE UPDATE ON accounts_auditentry
       FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON accounts_auditentry
       FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON accounts_auditentry
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_head_forward BEFORE UPDATE ON accounts_audithead
       FOR EACH ROW EXECUTE FUNCTION audit_forward()""",
    """CREATE TRIGGER audit_head_stays BEFORE DELETE ON accounts_audithead
       FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON accounts_audithead
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
)
POSTGRESQL_TABLES = {
    "audit_no_update": "accounts_auditentry",
    "audit_no_delete": "accounts_auditentry",
    "audit_no_truncate": "accounts_auditentry",
    "audit_head_forward": "accounts_audithead",
    "audit_head_stays": "accounts_audithead",
    "audit_head_no_truncate": "accounts_audithead",
}


def drop(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: only tests that empty the database between cases do this."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in NAMES:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            for name, table in POSTGRESQL_TABLES.items():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers anew. Raises NotImplementedError on a database that has none written for it."""
    statements = {"sqlite": SQLITE, "postgresql": (*POSTGRESQL_FUNCTIONS, *POSTGRESQL)}.get(connection.vendor)
    if statements is None:
        raise NotImplementedError(f"no audit triggers for {connection.vendor}: use PostgreSQL or SQLite")
    drop(connection)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def present(connection: BaseDatabaseWrapper) -> frozenset[str]:
    """The names of the triggers that are there and enabled, for readiness and `verify_audit`."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT tgisinternal AND tgenabled <> 'D' AND c.relname LIKE 'accounts_audit%%'"
            )
        found = {row[0] for row in cursor.fetchall()}
    return frozenset(found) & frozenset(expected(connection))


def expected(connection: BaseDatabaseWrapper) -> frozenset[str]:
    """The names of the triggers that must be there."""
    return frozenset(NAMES if connection.vendor == "sqlite" else POSTGRESQL_TABLES)
