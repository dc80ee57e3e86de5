"""What is looked for in content, and what is put on it: inspection, labels, marking, verification."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from gateway.settings.section import Section


class Labels(Section):
    """Marks on synthetic content."""

    producer_code: str = Field("", description="service provider code for GB 45438 metadata")
    profile: str = Field("auto", description="jurisdiction profile; auto: by the caller's country")
    manifest_characters: int = Field(
        800,
        ge=0,
        description="public texts from this length on carry a C2PA text manifest where the profile asks for one; 0: none",
    )


class ContentVerification(Section):
    """What `lexgate content verify`, `/api/content/verify` and the page `/verify` look at, and for whom."""

    public: bool = Field(
        False, description="also answer strangers on the control plane: what a file itself carries, never the record"
    )
    public_per_minute: int = Field(10, ge=1, le=6000, description="looks of one address a minute in the public mode")
    bytes: int = Field(33_554_432, ge=1024, le=268_435_456, description="size of the largest file that is looked at")
    seconds: int = Field(20, ge=1, le=120, description="time for one file; a longer look is given up")
    trust: tuple[str, ...] = Field(
        (), description="PEM files of more certificate authorities whose signatures count as trusted; ours always does"
    )


class Marking(Section):
    """How outputs that are no text (pictures, recordings, films, documents) get their marks. Needs the extra `media`."""

    processes: int = Field(
        1,
        ge=0,
        le=16,
        description="marking workers; from 2 on one is always left for other tenants; 0: none, calls for such outputs are refused where marks are due",
    )
    video_processes: int = Field(
        1, ge=0, le=16, description="further ones for films alone, so that a film keeps no picture waiting; 0: none"
    )
    largest_bytes: int = Field(
        67_108_864, ge=65_536, description="largest output that is marked; a larger one is refused"
    )
    largest_pixels: int = Field(50_000_000, ge=65_536, description="largest picture that is unpacked, in pixels")
    seconds: int = Field(30, ge=1, description="for one output to be marked; after it the call is refused")
    video_seconds: int = Field(600, ge=1, description="the same for a film")
    unsupported: Literal["profile", "block", "sidecar", "record"] = Field(
        "profile",
        description="outputs that cannot carry a demanded mark: refused (block), marked beside the file, only recorded, "
        "or as the profile says: refused where the law asks for the mark",
    )
    timestamp_url: str = Field(
        "", pattern=r"^(https?://[^\s/]+(/\S*)?)?$", description="RFC 3161 time-stamp authority for C2PA manifests"
    )
    certificates: str = Field(
        "", description="PEM file: chain that signs C2PA manifests, leaf first; empty: one of our own in the key folder"
    )
    key: str = Field(
        "", description="PEM file with its private key (P-256), sealed by the key folder's passphrase or not"
    )
    link_seconds: int = Field(
        3600, ge=60, description="how long a link to a marked file holds, and a marked film is kept"
    )
    store_bytes: int = Field(
        2_147_483_648, ge=1_048_576, description="all marked files that wait to be fetched; half of it for one tenant"
    )

    @model_validator(mode="after")
    def _pair(self) -> Marking:
        if bool(self.certificates) != bool(self.key):
            raise ValueError("marking.certificates and marking.key go together")
        return self


class Inspection(Section):
    """What looks at content, and how."""

    names: bool = Field(True, description="find names, addresses and organisations with the tagger")
    public_figures: bool = Field(
        True,
        description="names that everybody knows (Shakespeare, 李白) count as nobody's where nothing else is personal",
    )
    cache_bytes: int = Field(25_165_824, ge=0, description="verdict cache per data worker")
    processes: int = Field(1, ge=1, le=64, description="inspector processes, and extractors beside them")
    files: bool = Field(True, description="read the text of files in a call (PDF, Office, mail, archives, tables)")
    files_as_text: bool = Field(
        True,
        description="a file from which something must be taken out goes on as its redacted text; false: it is refused",
    )
    file_seconds: float = Field(
        8.0, gt=0, le=120, description="for the reading of one file; after it the call is refused"
    )
    file_memory_bytes: int = Field(805_306_368, ge=67_108_864, description="memory for the reading of one file")
    recognizers: str = Field(
        "", description="own recognisers: a YAML file in Presidio's schema; read again when replaced"
    )
    dictionaries: str = Field("", description="weighted words of business units: a YAML file; read again when replaced")
    registered: str = Field(
        "",
        description="folder of registered tables and documents, as keyed hashes; empty: registered/ beside the store",
    )
    ocr: bool = Field(False, description="read pictures with Tesseract, which must be installed on the machine")
