"""The modder agreement: its version, when it came into force, and its text.

Rules
- A change of meaning is a new version; modders are asked again before their next upload.
- What somebody accepted is kept on the account and in the audit trail, by version.
"""

VERSION = "1"
IN_FORCE_SINCE = "2026-11-01"

#: Title and text of each section, in the order in which they are read.
SECTIONS: tuple[tuple[str, str], ...] = (
    (
        "What you upload is yours to give",
        "You made it, or its licence lets you publish it here. You name the licence, and it holds for everybody "
        "who downloads the release. You don't upload the game's own files.",
    ),
    (
        "It does what its page says",
        "No harm to people's computers, saves or accounts. Nothing hidden, nothing that loads code from elsewhere, "
        "no collecting of data without asking first.",
    ),
    (
        "People review it",
        "Each release is checked by programs and read by a moderator before it is published. A moderator may ask for "
        "changes or reject it, and says which rule is behind that. You can answer, submit again and appeal.",
    ),
    (
        "A published release stays as it is",
        "Its bytes are never replaced: you publish a new version instead. We may hide a release that breaks these "
        "rules or puts people in danger, and tell them so.",
    ),
    (
        "You keep your account safe",
        "Your keys and your mailbox are your responsibility. Tell us at once when somebody else may have them.",
    ),
    (
        "You may leave",
        "You can close your account whenever you like. What is published stays downloadable, so that saves keep "
        "working, under the name of a former member.",
    ),
)
