"""What the scheduler asks for, and how often (seconds): one table."""

from typing import Any

# A hint that was not taken before the next one comes is worth nothing: it expires.
SCHEDULE: dict[str, Any] = {
    "sweep": {"task": "accounts.tasks.sweep", "schedule": 5.0, "options": {"queue": "mail", "expires": 5}},
    "clean-staging": {
        "task": "uploads.tasks.clean_staging",
        "schedule": 3600.0,
        "options": {"queue": "mail", "expires": 3600},
    },
    "forget-downloads": {
        "task": "catalog.tasks.forget_downloads",
        "schedule": 3600.0,
        "options": {"queue": "mail", "expires": 3600},
    },
    "watch-scanner": {
        "task": "uploads.tasks.watch_scanner",
        "schedule": 20.0,
        "options": {"queue": "checks", "expires": 20},
    },
    "rescan-what-waits": {
        "task": "uploads.tasks.rescan_what_waits",
        "schedule": 60.0,
        "options": {"queue": "mail", "expires": 60},
    },
} | {
    f"heartbeat-{queue}": {
        "task": "catalog.tasks.heartbeat",
        "schedule": 10.0,
        "args": (queue,),
        "options": {"queue": queue, "expires": 10},
    }
    for queue in ("checks", "publication")
}
