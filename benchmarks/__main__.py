"""`python -m benchmarks`: every benchmark, one after the other, each in a process of its own.

Exit status 1 where one of them misses a goal. They share the machine with whatever else runs on it: look at the
load that is printed, and at the ratios.
"""

import subprocess
import sys

from benchmarks import ROOT

#: What is run, in this order: the words on the command line after Python's.
BENCHMARKS = (
    ("-m", "benchmarks.pages"),
    ("-m", "benchmarks.workbench"),
    ("-m", "benchmarks.review"),
    ("-m", "benchmarks.publication"),
    ("-m", "benchmarks.packages"),
    ("benchmarks/upload_memory.py",),
)


def main() -> int:
    """Run all of them, whatever one says; 1 where any missed its goal."""
    missed = 0
    for words in BENCHMARKS:
        print(f"\n{' '.join(words)}", flush=True)
        missed += subprocess.run([sys.executable, *words], cwd=ROOT, check=False).returncode != 0
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
