"""The implicit label of GB 45438-2025 in 17 types of files: written once, read wherever it stands."""

from watermark.aigc.carriers import AIGC_TYPES, read_aigc, write_aigc
from watermark.aigc.label import AigcLabel, ours, propagated

__all__ = ["AIGC_TYPES", "AigcLabel", "ours", "propagated", "read_aigc", "write_aigc"]
