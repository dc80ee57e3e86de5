"""What can go wrong in this package. Messages carry no content."""


class WatermarkError(Exception):
    """Root of this package's errors."""


class BadFingerprint(WatermarkError):
    """A stored fingerprint cannot be read."""


class UnknownProfile(WatermarkError):
    """No labelling profile has this name."""
