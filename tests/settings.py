"""The portal's settings for the tests: a folder of their own, nothing shared, nothing that leaves the machine.

`DATABASE_URL` is kept from the environment, so the same tests run on SQLite and on PostgreSQL.
"""

import atexit
import os
import shutil
import tempfile
from importlib import import_module

OWN = {
    "CELERY_BROKER_URL",
    "CACHE_URL",
    "EMAIL_URL",
    "STORAGE_URL",
    "PUBLIC_STORAGE_URL",
    "SECRET_KEY",
    "DEBUG",
}
KEPT = ("SMMODS_TEST_", "SMMODS_REQUIRE_", "SMMODS_FUZZ_")
for name in list(os.environ):
    if name in OWN | {"PORT"} or (name.startswith("SMMODS_") and not name.startswith(KEPT)):
        del os.environ[name]

folder = tempfile.mkdtemp(prefix="smmods-test-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ |= {
    "VAR": folder,
    "SMMODS_ENV_FILE": "",
    "SMMODS_LIVE_UPLOADS": "1",
    "SMMODS_LOG_LEVEL": "WARNING",
    "CACHE_URL": "locmem://",
    "CELERY_BROKER_URL": "memory://",
    "EMAIL_URL": "memory://",
}

portal = import_module("smmods.settings")
globals().update({name: getattr(portal, name) for name in dir(portal) if name.isupper()})

# Hashing a password slowly is the point elsewhere; here it would only be slow.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Tests lose nothing by a crash of the database: their commits need not wait for the disk.
DATABASES = {name: dict(database) for name, database in portal.DATABASES.items()}
for database in DATABASES.values():
    if database["ENGINE"].endswith("postgresql"):
        options = dict(database.get("OPTIONS", {}))
        options["options"] = f"{options.get('options', '')} -c synchronous_commit=off".strip()
        database["OPTIONS"] = options
