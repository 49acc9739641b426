"""What this installation asks of packages, from its settings: the one place that the worker, the rehearsal, the
wizard and the command take it from.
"""

from dataclasses import replace

from django.conf import settings

from uploads import scanner as watched
from uploads.package.rules import DEFAULT, Profile
from uploads.scanners.beside import Scanner

OFF = "off"


def profile() -> Profile:
    """The package profile, with the endings and the size that this installation takes."""
    endings = frozenset(settings.SMMODS_ALLOWED_ENDINGS)
    asked = replace(DEFAULT, max_package=min(DEFAULT.max_package, settings.SMMODS_MAX_PACKAGE_BYTES))
    return replace(asked, allowed=endings) if endings else asked


def scanner() -> Scanner | None:
    """The antivirus scanner; None where it is off, or not fit to be believed (`uploads.scanner`)."""
    if settings.SMMODS_ANTIVIRUS == OFF or watched.facts()[0]:
        return None
    return Scanner(
        settings.SMMODS_ANTIVIRUS, settings.SMMODS_ANTIVIRUS_SECONDS, settings.SMMODS_ANTIVIRUS_MAX_AGE_DAYS
    )
