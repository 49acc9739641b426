"""How many examples property tests try: few in every run, as many as `SMMODS_FUZZ_EXAMPLES` says in a long one."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings

#: 0 in an ordinary run.
LONG = int(os.environ.get("SMMODS_FUZZ_EXAMPLES", "0"))


def examples(few: int) -> Any:
    """Settings of a property test: `few` examples, the same ones every time; in a long run other ones each time."""
    return settings(
        max_examples=LONG or few,
        derandomize=not LONG,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
