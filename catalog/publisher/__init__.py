"""The publisher: the only writer of mods, releases, the journal and the public tree.

What it is asked and answers stands in `changes`; the order of its steps in `run`; who may pass in `gate`.
"""

from catalog.publisher.changes import (
    Applied,
    Change,
    EditListing,
    Hide,
    NewListing,
    NewRelease,
    Publish,
    Refresh,
    Restore,
    Supersede,
)
from catalog.publisher.journal import note_smoke, record_of
from catalog.publisher.plan import Planned, PlannedArtifact
from catalog.publisher.run import STEPS, finish_unfinished, public_tree, publish

__all__ = [
    "STEPS",
    "Applied",
    "Change",
    "EditListing",
    "Hide",
    "NewListing",
    "NewRelease",
    "Planned",
    "PlannedArtifact",
    "Publish",
    "Refresh",
    "Restore",
    "Supersede",
    "finish_unfinished",
    "note_smoke",
    "public_tree",
    "publish",
    "record_of",
]
