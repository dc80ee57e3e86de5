"""What can go wrong in this package. Messages carry no content."""


class WatermarkError(Exception):
    """Root of this package's errors."""


class BadFingerprint(WatermarkError):
    """A stored fingerprint cannot be read."""


class UnknownProfile(WatermarkError):
    """No labelling profile has this name."""


class MalformedMedia(WatermarkError):
    """A file is not what its media type says: truncated, of impossible lengths, or made to harm its reader."""


class MarkingFailed(WatermarkError):
    """A demanded mark could not be made; the output must not be delivered as if it carried it."""


class Unsupported(WatermarkError):
    """A type of content cannot carry a demanded mark, and policy says to refuse it then."""


class SigningKeyUnusable(WatermarkError):
    """The content-signing key or its certificates are missing, damaged, locked or not fit for C2PA."""


class NotWaivable(WatermarkError):
    """An explicit label was to be left out where the profile or the decision does not allow it."""


class BadTrustAnchors(WatermarkError):
    """What is to be trusted is no list of certificates: nothing can be said of anybody's manifest then."""
