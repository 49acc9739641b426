"""The refusal that an act ends in."""

from collections.abc import Callable

import pytest

from accounts.errors import RefusedError


def refused(act: Callable[[], object]) -> RefusedError:
    """What `act` is refused with; it must be."""
    with pytest.raises(RefusedError) as caught:
        act()
    return caught.value
