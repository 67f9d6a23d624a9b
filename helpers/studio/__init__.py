"""The studio: a page on which a transfer is steered while it is painted. Chapter 06.

From a slider to the picture: controls.js and page.js send, `page.Studio` posts to `painter.Painter`'s queue, the one
thread that owns everything (`owner.Owner`, an `actor.Actor`) obeys and paints, `workers` descend at the fine size, a
`snapshot.Snapshot` is published, the page's timer sends it, picture.js draws. settings, library, picture, files, curves
and words are what these speak of.
"""

from helpers.studio.page import Studio
from helpers.studio.painter import Painter
from helpers.studio.settings import Settings
from helpers.studio.snapshot import Snapshot

__all__ = ["Painter", "Settings", "Snapshot", "Studio"]
