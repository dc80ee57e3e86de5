"""What an organisation itself registers to be found: recognisers, weighted words, cells of its tables, its documents.

`folder` says where they lie and stages them under one version; an inspector finds them beside the built-in detectors.
Tables and documents are kept as keyed hashes of one tenant: without its key they neither match nor tell anything.
"""

DOCUMENT_CLASS = "registered_document"
"""The class of a text that is part of a registered document. Here, because data workers need it and no numpy."""
