"""Public identifiers: short, unguessable, readable aloud."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread


def public_id(prefix: str, length: int = 16) -> str:
    """A new identifier, `prefix_` and `length` characters of 5 random bits each."""
    return prefix + "_" + "".join(secrets.choice(ALPHABET) for _ in range(length))


def account_id() -> str:
    """A new account's identifier."""
    return public_id("acc")
