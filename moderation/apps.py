"""From a verdict to a decision."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ModerationConfig(AppConfig):
    """The top floor: fills the catalog's register, declares its own work, lays the starting policies."""

    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import outbox
        from catalog import contract
        from moderation import consequences, deadlines, ground, policies, queue, table

        contract.fill("decision_actions", table.document)
        contract.fill("policies", policies.document)
        contract.fill("waits", queue.waits_document)
        outbox.register(consequences.DEADLINE, "mail", deadlines.run)
        post_migrate.connect(ground.lay_ground, sender=self)
