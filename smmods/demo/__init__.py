"""Sample data for a development installation: people, the platform, mods, and a queue to decide on.

Everything goes through the services that everybody's data goes through, so nothing of it is special; running
it again does what is missing and nothing else. It exists in development only.
"""

from smmods.demo.story import Told, tell

__all__ = ["Told", "tell"]
