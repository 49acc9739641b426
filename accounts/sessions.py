"""Ending what is signed in.

Rules
- A session belongs to a browser and an account; `allauth.usersessions` keeps which is whose.
- Ending them deletes the rows: an old cookie opens nothing.
"""

from allauth.usersessions.models import UserSession

from accounts.models import User


def end_sessions(user: User, *, keep: str = "") -> int:
    """End every session of `user` but the one whose key is `keep`; returns how many ended."""
    ended = 0
    for session in UserSession.objects.filter(user=user).exclude(session_key=keep):
        session.end()
        ended += 1
    return ended
