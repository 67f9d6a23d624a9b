"""The pictures that may be chosen in the studio: the course's, and the learner's own. Chapter 06."""

from helpers import colours, images
from helpers.studio import files
from helpers.studio.settings import PICTURES, SIZES


class Library:
    """sources: {name: what `load_image` takes}; names: {"content", "style", "own": (name, …)}. Both are replaced as a
    whole, never changed: other threads may read them."""

    def __init__(self):
        available = {role: images.available(role) for role in ("content", "style")}
        self.sources = {**available["content"], **available["style"]}
        self.names = {**{role: tuple(found) for role, found in available.items()}, "own": ()}
        self._original, self._recoloured = (None, None), (None, None)

    def add(self, name, source):
        """Take in a picture of the learner's → the name that it got. Raises ImageError."""
        image, stem, number = images.load_image(source, max(SIZES)), files.clean(name), 2
        name = stem
        while name in self.sources:
            name, number = f"{stem} {number}", number + 1
        self.sources = {**self.sources, name: image}
        self.names = {**self.names, "own": (*self.names["own"], name)}
        return name

    def read(self, source, settings):
        """Take in the learner's pictures inside a PNG that `files.save` wrote → its settings, as a dictionary.

        Raises ImageError, or ValueError for settings that cannot be painted; then nothing is taken in.
        """
        values, own = files.read(source)
        settings.changed({*self.sources, *own}, **values)
        renamed = {name: self.add(name, image) for name, image in own.items()}
        return {**values, **{role: renamed.get(values[role], values[role]) for role in PICTURES if role in values}}

    def own(self):
        return {name: self.sources[name] for name in self.names["own"]}

    def original(self, settings):
        """The content image at the size that is set, (H, W, 3)."""
        key = settings.content, settings.size
        if self._original[0] != key:
            image = images.load_image(self.sources[settings.content], settings.size)
            image.flags.writeable = False
            self._original = key, image
        return self._original[1]

    def shown(self, settings, image):
        """What is to be seen of an image: itself, the content image before there is one, or with its colours."""
        if image is None or not settings.keep_colours:
            return self.original(settings) if image is None else image
        if self._recoloured[0] is not image:
            like = images.resize(self.original(settings), shape=image.shape[:2])
            recoloured = colours.keep_colours(image, like)
            recoloured.flags.writeable = False
            self._recoloured = image, recoloured
        return self._recoloured[1]

    def fitted(self, settings, image):
        """An image at the size that is set; without one, the picture that `start` names."""
        original = self.original(settings)
        if image is None and settings.start == "content":
            return original
        if image is None:
            image = images.load_image(self.sources[settings.style], settings.size)
        return image if image.shape == original.shape else images.resize(image, shape=original.shape[:2])
