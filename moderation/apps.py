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
        from moderation import (
            consequences,
            deadlines,
            ground,
            policies,
            publication,
            publication_smoke,
            queue,
            table,
        )

        contract.fill("decision_actions", table.document)
        contract.fill("policies", policies.document)
        contract.fill("waits", queue.waits_document)
        outbox.register(consequences.DEADLINE, "mail", deadlines.run)
        outbox.register(consequences.TELL, "mail", consequences.tell_later)
        contract.fill("publish", lambda: publication.publish_due)
        outbox.register(
            publication.RUN,
            "publication",
            publication.run,
            lease=120,
            attempts=12,
            retry_after=1,
            exhausted=publication.exhausted,
        )
        outbox.register(publication.SMOKE, "checks", publication_smoke.run, lease=120, attempts=3)
        post_migrate.connect(ground.lay_ground, sender=self)
