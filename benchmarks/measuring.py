"""How figures are taken, printed and kept."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import ROOT

RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True, slots=True)
class Times:
    """Half the calls took at most `p50`, 95 of a hundred at most `p95`; in milliseconds."""

    p50: float
    p95: float


def timed(call: Callable[[], Any], times: int, warm: int = 5) -> Times:
    """Call `times` times after `warm` calls that don't count."""
    for _ in range(warm):
        call()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return Times(statistics.median(taken), statistics.quantiles(taken, n=20)[-1])


def machine() -> dict[str, Any]:
    """What these figures were taken on."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "loadAverage": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def keep(name: str, figures: dict[str, Any]) -> None:
    """Write the figures to `benchmarks/results/{name}.json`, with machine and date."""
    RESULTS.mkdir(exist_ok=True)
    document = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()} | figures
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"kept in {path.relative_to(ROOT)}")
