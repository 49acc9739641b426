"""What each entry of the audit trail says, as a sentence: actor, words, target."""

from accounts.audit import Action

WORDS: dict[Action, str] = {
    Action.ACCOUNT_REGISTERED: "made the account",
    Action.ACCOUNT_VERIFIED: "confirmed the mail address of",
    Action.ACCOUNT_SIGNED_IN: "signed in to",
    Action.ACCOUNT_SIGNED_OUT: "signed out of",
    Action.ACCOUNT_EMAIL_CHANGED: "changed the mail address of",
    Action.ACCOUNT_PASSWORD_CHANGED: "set or changed the password of",
    Action.ACCOUNT_PROFILE_CHANGED: "changed the profile of",
    Action.ACCOUNT_FACTOR_CHANGED: "changed a second factor of",
    Action.ACCOUNT_ROLES_ASSIGNED: "changed the role of",
    Action.ACCOUNT_AGREEMENT_ACCEPTED: "accepted the modder agreement for",
    Action.ACCOUNT_KEY_ISSUED: "made the API key",
    Action.ACCOUNT_KEY_REVOKED: "revoked the API key",
    Action.ACCOUNT_EXPORTED: "exported the data of",
    Action.ACCOUNT_CLOSED: "closed the account",
    Action.UPLOAD_RECEIVED: "sent the package of",
    Action.UPLOAD_SUBMITTED: "submitted",
    Action.UPLOAD_REPLACED: "replaced the package of",
    Action.UPLOAD_WITHDRAWN: "withdrew",
    Action.UPLOAD_MESSAGE_POSTED: "wrote in the thread of",
    Action.UPLOAD_STAGING_CLEANED: "took the bytes out of staging of",
    Action.VALIDATION_STARTED: "began to check",
    Action.VALIDATION_FINISHED: "finished checking",
    Action.VALIDATION_RETURNED: "put back, to be checked again,",
    Action.RESCAN_STARTED: "started the rescan",
    Action.RESCAN_FINISHED: "came to the end of the rescan",
    Action.RESCAN_HIT_CLOSED: "left published, after a rescan's hit,",
    Action.MODERATION_LEASED: "took for review",
    Action.MODERATION_RELEASED: "let go of the review of",
    Action.MODERATION_ASSIGNED: "assigned the review of",
    Action.MODERATION_DECIDED: "decided on",
    Action.MODERATION_SECONDED: "asked for a second person on",
    Action.MODERATION_FINDING_JUDGED: "judged a finding of",
    Action.MODERATION_NOTE_WRITTEN: "wrote a staff note on",
    Action.MODERATION_POLICY_CHANGED: "changed the policy",
    Action.REPORT_FILED: "filed the report",
    Action.REPORT_CLOSED: "closed the report",
    Action.PUBLICATION_PLANNED: "planned the publication",
    Action.PUBLICATION_REFUSED: "refused to publish",
    Action.PUBLICATION_FINISHED: "finished the publication",
    Action.PUBLICATION_SMOKED: "checked the publication",
    Action.CATALOG_BUILD_CHANGED: "changed the game build",
    Action.CATALOG_CATEGORY_CHANGED: "changed the category",
    Action.CATALOG_PLATFORM_CHANGED: "changed the platform release",
    Action.CATALOG_NAMESPACE_CLAIMED: "claimed or handed out the namespace",
    Action.CATALOG_MAINTAINERS_ASKED: "asked, answered or took back about the maintainers of",
    Action.CATALOG_MAINTAINERS_CHANGED: "changed the maintainers of",
    Action.AUDIT_EXPORTED: "exported the audit trail:",
}


def words(action: str) -> str:
    """The words for `action`; for one of an older version that is no longer in the table, its name."""
    return WORDS[Action(action)] if action in set(Action) else action
