"""Intake checks that this installation may leave `not_run`, and still publish.

One rule: where no antivirus is configured, a development portal does without its scan. Elsewhere the settings
refuse to start without one, and a scan that could not be made keeps the submission waiting.
"""

from django.conf import settings

from uploads.checks import antivirus_scan


def waived_checks() -> frozenset[str]:
    """The ids of the checks that may be left out here."""
    if settings.SMMODS_ENVIRONMENT == "development" and settings.SMMODS_ANTIVIRUS == antivirus_scan.OFF:
        return frozenset({antivirus_scan.ID})
    return frozenset()
