"""What can go wrong in this package. Messages carry no content."""


class WatermarkError(Exception):
    """Root of this package's errors."""


class BadFingerprint(WatermarkError):
    """A stored fingerprint cannot be read."""


class UnknownProfile(WatermarkError):
    """No labelling profile has this name."""


class MarkingFailed(WatermarkError):
    """A file cannot be given its marks: unreadable, beyond the limits, or too small for a legible notice."""


class Unsupported(WatermarkError):
    """Files of this media type cannot carry the demanded mark."""


class NotWaivable(WatermarkError):
    """An explicit label was to be left out where the profile or the decision does not allow it."""
