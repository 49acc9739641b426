"""From bytes to a verdict."""

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    """Fills the catalog's register with states, moves, checks and rules."""

    name = "uploads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from catalog import contract
        from uploads import states

        contract.fill("states", states.states_document)
        contract.fill("transitions", states.transitions_document)
