"""From bytes to a verdict."""

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    """Fills the catalog's register and declares this room's owed work."""

    name = "uploads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.conf import settings

        from accounts import outbox
        from accounts import own_data as accounts_own_data
        from catalog import contract
        from uploads import (
            checking,
            checks,
            facts,
            fairness,
            listings,
            own_data,
            rescan_work,
            rescans,
            services,
            states,
        )

        contract.fill("states", states.states_document)
        contract.fill("transitions", states.transitions_document)
        contract.fill("checks", checks.checks_document)
        contract.fill("package_rules", checks.package_rules_document)
        contract.fill("limits", checks.limits_document)
        contract.fill("rules_version", lambda: checks.RULES_VERSION)
        contract.fill("waived_checks", facts.waived_checks)
        contract.fill("listing_rules", listings.rules)
        accounts_own_data.add_part("submissions", own_data.submissions)
        outbox.register(
            services.CHECKS,
            "checks",
            checking.work,
            lease=2 * settings.CELERY_TASK_TIME_LIMIT,
            attempts=3,
            retry_after=2,
            exhausted=checking.give_up,
            choose=fairness.whose_turn,
        )
        outbox.register(services.EXPIRE, "mail", services.expire)
        outbox.register(
            rescans.KIND,
            "checks",
            rescan_work.work,
            lease=2 * settings.CELERY_TASK_TIME_LIMIT,
            attempts=3,
            retry_after=2,
            exhausted=rescan_work.give_up,
        )
