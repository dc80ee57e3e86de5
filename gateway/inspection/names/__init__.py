"""Names of people, places, addresses and organisations in running text: a small tagger of our own.

`Tagger.tag` turns texts into spans. The model was trained by `training/`; its card is `training/MODEL_CARD.md`.
"""

from gateway.inspection.names.tagger import Tagger

__all__ = ["Tagger"]
