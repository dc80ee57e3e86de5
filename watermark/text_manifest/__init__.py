"""The C2PA manifest of a whole text, in invisible characters at its end (C2PA 2.x, Appendix A.8).

`TextManifest` works on a stream: every delta passes unchanged and at once, and the wrapper is one more delta after the
last (after the explicit label, which is part of what is signed). Text that is not in Unicode Normalization Form C is
not wrapped: verifiers would hash another text, and changing it is not ours to do. It is fingerprinted all the same.
Some 8 KB of UTF-8; any edit of the text breaks it, and `strip_manifest` takes it off what is sent back to a model.
"""

from watermark.text_manifest.reading import read_text_manifest
from watermark.text_manifest.writing import Reason, TextManifest
from watermark.text_wrapper import manifest_beginning, strip_manifest

__all__ = ["Reason", "TextManifest", "manifest_beginning", "read_text_manifest", "strip_manifest"]
