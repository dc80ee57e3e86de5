"""C2PA manifests: made over finished outputs, read from files of anybody. Nothing is fetched from the network.

`sign_manifest` embeds a manifest or writes it beside the file; `read_manifest` tells integrity and trust apart.
"""

from watermark.manifest.evidence import ManifestEvidence, ManifestTime
from watermark.manifest.reading import carries_manifest, read_manifest
from watermark.manifest.sidecar import sign_sidecar
from watermark.manifest.signing import EMBEDDED, ManifestResult, restamp_manifest, sign_manifest

__all__ = [
    "EMBEDDED",
    "ManifestEvidence",
    "ManifestResult",
    "ManifestTime",
    "carries_manifest",
    "read_manifest",
    "restamp_manifest",
    "sign_manifest",
    "sign_sidecar",
]
