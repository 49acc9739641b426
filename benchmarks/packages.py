"""What it costs to inspect a package, beside the floor, beside `unzip -t` with `sha256sum`, and beside clamd.

The package has 100 MiB and 2,000 members: scripts, and data that deflates to about two fifths (270 MiB unpacked).
Measured are the whole inspection as the worker asks for it (the child's start, verdict, inventory, all hashes),
without signals and with them, by the clock and in processor time; the child's peak memory; ten thousand tiny
members; a refusal that the headers decide; and the antivirus, alone and with the inspection beside it. The floor is
what nobody can do without: inflating each member with ISA-L, its CRC and its SHA-256, in this process and without
asking any question.

`python -m benchmarks.packages [--mebibytes 100] [--times 5] [--clamd clamd://127.0.0.1:3310]`
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from isal import isal_zlib

from benchmarks.measuring import keep
from uploads.checks import prepare
from uploads.isolation import inspect
from uploads.package import PackageReport, read_package
from uploads.package.writing import write_package
from uploads.scanners import clamd
from uploads.scanners.beside import Scanner
from uploads.scanners.verdict import Verdict

MIB = 1024 * 1024
MEMBERS = 2_000
TINY = 10_000
#: Of the floor; of clamd alone; in seconds; in MiB.
FLOOR_GOAL, CLAMD_GOAL, TINY_GOAL, REFUSAL_GOAL, MEMORY_GOAL = 1.5, 1.1, 2.0, 0.05, 64
MANIFEST = {
    "schema": "starminer.mod-manifest.v1",
    "id": "bench.large",
    "name": "Measured",
    "version": "1.0.0",
    "targetGameBuild": "0.9.0",
    "entrypoints": [{"type": "lua", "path": "Content/script-0000.lua"}],
}
SCRIPT = """\
-- {salt}
local M = {{ speed = {number}, name = "ship {number}" }}
function M.update(dt) M.x = (M.x or 0) + dt * M.speed; return M.x > {number} and "far" or "near" end
"""


def build(path: Path, mebibytes: int, salt: str) -> None:
    """A package of about that size; `salt` makes every member of it another one."""
    draw = random.Random(salt)
    words = [draw.randbytes(24) for _ in range(256)]
    each = mebibytes * MIB // (MEMBERS // 2)

    def script(number: int) -> bytes:
        lines = [SCRIPT.format(salt=salt, number=draw.randrange(10**9)) for _ in range(200)]
        return "".join(lines).encode()

    def data(number: int) -> bytes:
        # Noise, and words of a small vocabulary: it deflates to about two fifths, as the mods of other games do.
        noise = draw.randbytes(int(each * 0.7))
        told = b"".join(draw.choices(words, k=int(each * 1.6) // 24))
        return b"\0\1\2" + f"{salt}{number}".encode() + noise + told

    def bodies() -> Any:
        raw = json.dumps(MANIFEST).encode()
        yield "manifest.json", len(raw), iter([raw])
        for number in range(MEMBERS // 2):
            for name, make in ((f"script-{number:04}.lua", script), (f"data-{number:04}.ucas", data)):
                body = make(number)
                yield f"Content/{name}", len(body), iter([body])

    with path.open("w+b") as out:
        write_package(out, bodies())


def build_tiny(path: Path) -> None:
    """Ten thousand members of a few bytes."""
    rows = [(f"Content/{n // 100}/{n}.txt", f"{n}\n".encode()) for n in range(TINY - 1)]
    rows.append(("manifest.json", json.dumps(MANIFEST).encode()))
    with path.open("w+b") as out:
        write_package(out, ((name, len(body), iter([body])) for name, body in sorted(rows)))


def refusable(source: Path, path: Path) -> None:
    """The same package, but its first member's name is one that no package may have, in both headers."""
    shutil.copyfile(source, path)
    name, bad = b"Content/data-0000.ucas", b"Content/data-0000.uca."
    raw = path.read_bytes()
    with path.open("r+b") as file:
        for at in (raw.index(name), raw.rindex(name)):
            file.seek(at)
            file.write(bad)


def floor(path: Path, report: PackageReport) -> None:
    """Inflate with ISA-L, CRC and SHA-256 of each member."""
    with path.open("rb") as file:
        for member in report.members:
            file.seek(member.offset)
            raw = file.read(member.compressed)
            data = isal_zlib.decompress(raw, -15) if member.method else raw
            if isal_zlib.crc32(data) != member.crc or hashlib.sha256(data).hexdigest() != member.sha256:
                raise AssertionError(member.path)


def unzip(path: Path) -> None:
    """What a person would type."""
    for command in (["unzip", "-tqq", str(path)], ["sha256sum", str(path)]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def seconds(work: Callable[[], Any], times: int) -> float:
    """The quickest of `times` runs: whatever else the machine does only makes one slower."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def processor(work: Callable[[], Any], times: int) -> float:
    """The least processor time, in seconds, that this process and its children used in one of `times` runs.

    Without bubblewrap, which does not pass on what its child used.
    """
    used, chosen = [], settings.SMMODS_ISOLATION
    settings.SMMODS_ISOLATION = "limits"
    for _ in range(times):
        before = os.times()
        work()
        used.append(sum(os.times()[:4]) - sum(before[:4]))
    settings.SMMODS_ISOLATION = chosen
    return min(used)


def inspected(path: Path, *, signals: bool) -> Callable[[], Any]:
    """The inspection of the package at `path`, as the worker asks for it."""
    return lambda: inspect(lambda: path.open("rb"), path.stat().st_size, signals=signals)


def peak(work: Callable[[], Any]) -> float:
    """The most memory, in MiB, that any process below this one held while `work` ran."""
    most, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.002):
            for pid in _below(os.getpid()):
                try:
                    status = Path(f"/proc/{pid}/status").read_text()
                except OSError:
                    continue
                line = next((row for row in status.splitlines() if row.startswith("VmHWM")), "VmHWM: 0 kB")
                most[0] = max(most[0], int(line.split()[1]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        over.set()
        watcher.join()
    return most[0] / 1024


def _below(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_below(child)]
    return found


def beside_clamd(folder: Path, mebibytes: int, address: str, times: int) -> dict[str, float]:
    """The quickest scan alone, and the quickest inspection with the scan beside it, each over bytes of its own.

    clamd remembers what it found clean, so no bytes are sent twice.
    """
    path = folder / "scanned.zip"
    taken: dict[str, list[float]] = {"alone": [], "beside": []}

    def alone() -> Verdict | None:
        with path.open("rb") as file:
            return clamd.scan(file, address, timeout=300, max_age=None)

    def beside() -> Verdict | None:
        scanner = Scanner(address, timeout=300, max_age=None)
        return prepare(lambda: path.open("rb"), path.stat().st_size, scanner=scanner).antivirus

    for number in range(times):
        for work in (alone, beside) if number % 2 else (beside, alone):
            build(path, mebibytes, f"{work.__name__}-{number}-{time.time_ns()}")
            began = time.perf_counter()
            verdict = work()
            taken[work.__name__].append(time.perf_counter() - began)
            if verdict is None or verdict.outcome != "clean":
                raise AssertionError(f"clamd said {verdict}")
    return {which: min(figures) for which, figures in taken.items()}


def measure(folder: Path, mebibytes: int, times: int) -> dict[str, Any]:
    """Everything but the antivirus, in seconds and MiB."""
    large, tiny, bad = folder / "large.zip", folder / "tiny.zip", folder / "bad.zip"
    build(large, mebibytes, "measured")
    build_tiny(tiny)
    refusable(large, bad)
    found = inspected(large, signals=True)()
    report = found.report
    if not report.accepted:
        raise AssertionError(report.problems[:3])

    def refuse() -> None:
        with bad.open("rb") as file:
            if read_package(file, bad.stat().st_size).accepted:
                raise AssertionError("the headers did not refuse it")

    return {
        "packageBytes": large.stat().st_size,
        "unpackedBytes": sum(member.size for member in report.members),
        "members": len(report.members),
        "confinedBy": found.confined_by,
        "floor": seconds(lambda: floor(large, report), times),
        "zlibFloor": seconds(lambda: _zlib_floor(large, report), 1),
        "unzip": seconds(lambda: unzip(large), times),
        "profile": seconds(inspected(large, signals=False), times),
        "signals": seconds(inspected(large, signals=True), max(1, times // 2)),
        "floorProcessor": processor(lambda: floor(large, report), times),
        "profileProcessor": processor(inspected(large, signals=False), times),
        "signalsProcessor": processor(inspected(large, signals=True), 1),
        "profileMebibytes": peak(inspected(large, signals=False)),
        "signalsMebibytes": peak(inspected(large, signals=True)),
        "tiny": seconds(inspected(tiny, signals=False), times),
        "tinySignals": seconds(inspected(tiny, signals=True), max(1, times // 2)),
        "refusal": seconds(refuse, times),
        "refusalWithChild": seconds(inspected(bad, signals=True), times),
    }


def _zlib_floor(path: Path, report: PackageReport) -> None:
    with path.open("rb") as file:
        for member in report.members:
            file.seek(member.offset)
            raw = file.read(member.compressed)
            data = zlib.decompress(raw, -15) if member.method else raw
            hashlib.sha256(data).digest()


def main() -> int:
    """Measure, print side by side, keep; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=99)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--clamd", default="", help="the address of a clamd; none leaves it out")
    chosen = parser.parse_args()
    settings.FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.VAR) as name:
        figures = measure(Path(name), chosen.mebibytes, chosen.times)
        if chosen.clamd:
            figures |= {
                f"clamd{key.title()}": value
                for key, value in beside_clamd(
                    Path(name), chosen.mebibytes, chosen.clamd, chosen.times
                ).items()
            }
    goals = [
        ("profile beside the floor", figures["profile"] / figures["floor"], FLOOR_GOAL, "×"),
        ("memory of the profile pass", figures["profileMebibytes"], MEMORY_GOAL, "MiB"),
        ("10,000 tiny members", figures["tiny"], TINY_GOAL, "s"),
        ("refusal by the headers", figures["refusal"], REFUSAL_GOAL, "s"),
    ]
    if chosen.clamd:
        goals.append(
            ("with clamd beside clamd alone", figures["clamdBeside"] / figures["clamdAlone"], CLAMD_GOAL, "×")
        )
    for name, value in figures.items():
        print(f"{name:20} {value:>14,.3f}" if isinstance(value, float) else f"{name:20} {value!s:>14}")
    print(f"beside `unzip -t` and `sha256sum`: {figures['profile'] / figures['unzip']:.2f} of their time")
    for what, value, goal, unit in goals:
        print(f"{'missed' if value > goal else 'kept':6} {what}: {value:.3f} {unit} (goal {goal} {unit})")
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}
    keep("packages", {"unit": "s", "goals": {what: round(value, 3) for what, value, _, _ in goals}} | rounded)
    return int(any(value > goal for _, value, goal, _ in goals))


if __name__ == "__main__":
    sys.exit(main())
