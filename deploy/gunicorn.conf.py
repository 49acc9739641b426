"""How gunicorn serves the portal: sync workers behind nginx, on loopback, ready before the first request."""

import os
import shutil
from pathlib import Path
from typing import Any

from smmods import settings

# Threads halved the throughput in trials; what is slow (uploads from slow lines) nginx holds back.
worker_class = "sync"
workers = int(os.environ.get("SMMODS_WEB_WORKERS", "4"))
bind = os.environ.get("SMMODS_BIND", f"127.0.0.1:{settings.PORT}")
# Long enough for 100 MiB over a slow line where no nginx stands in front.
timeout = 120
graceful_timeout = 10
keepalive = 0
preload_app = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
forwarded_allow_ips = ""
limit_request_line = 4094
limit_request_field_size = 8190
accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "smmods-web"

# Counters of several workers meet in files; those of an earlier start are swept away.
metrics = settings.VAR / "metrics"
shutil.rmtree(metrics, ignore_errors=True)
metrics.mkdir(parents=True)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)


def child_exit(server: Any, worker: Any) -> None:
    """Take a dead worker's gauges out of the sums."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
