"""The studio: a page on which a transfer is steered while it is painted. Chapter 06.

`painter` paints, in one thread that owns everything that changes; `page` shows its snapshots and posts commands;
`settings`, `files` and `words` are what both speak of.
"""

from helpers.studio.page import Studio
from helpers.studio.painter import Painter
from helpers.studio.settings import Settings
from helpers.studio.snapshot import Snapshot

__all__ = ["Painter", "Settings", "Snapshot", "Studio"]
