"""The label as an XMP property (ISO 16684-1), in a packet that keeps whatever else it holds."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

from watermark.aigc.label import NAME, NAMESPACE, PREFIX

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LARGEST = 1_000_000  # bytes of a packet that is parsed: a DOM takes a hundred times as much
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = '<?xpacket end="w"?>'


def read(packet: bytes) -> list[str]:
    """Every value of the property in the packet; none where it is no XML."""
    document = _parse(packet)
    return [] if document is None else [value for _, value in _places(document)]


def write(packet: bytes | None, value: str) -> bytes:
    """The packet with the property once. One that cannot be parsed is replaced: nobody could read it."""
    label = (
        f'<rdf:Description rdf:about="" xmlns:{PREFIX}="{NAMESPACE}">'
        f"<{PREFIX}:{NAME}>{escape(value)}</{PREFIX}:{NAME}></rdf:Description>"
    )
    return _packet(packet, label)


def without(packet: bytes) -> bytes:
    """The packet without the property."""
    return _packet(packet, "")


def _packet(packet: bytes | None, label: str) -> bytes:
    document = _parse(packet) if packet else None
    descriptions = "" if document is None else _without_label(document)
    body = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">{descriptions}{label}</rdf:RDF></x:xmpmeta>'
    )
    return f"{_BEGIN}{body}{_END}".encode()


def _parse(packet: bytes) -> Any:
    """A DOM, without entities or document types (defusedxml); None for what is not XMP."""
    minidom: Any = import_module("defusedxml.minidom")
    if len(packet) > _LARGEST:
        return None
    try:
        document = minidom.parseString(packet.strip(b"\x00 \r\n\t"), forbid_dtd=True)
    except (ExpatError, ValueError, RecursionError):  # what defusedxml refuses is a ValueError
        return None
    return document if document.getElementsByTagNameNS(_RDF, "RDF") else None


def _places(document: Any) -> list[tuple[Any, str]]:
    """Elements and attributes that are the property, with their values."""
    elements = document.getElementsByTagNameNS(NAMESPACE, NAME)
    found = [(one, "".join(node.data for node in one.childNodes if node.nodeType in {3, 4})) for one in elements]
    for description in document.getElementsByTagNameNS(_RDF, "Description"):
        attribute = description.getAttributeNodeNS(NAMESPACE, NAME)
        if attribute is not None:
            found.append((attribute, attribute.value))
    return found


def _without_label(document: Any) -> str:
    """The other properties: every top-level description, serialised with the namespaces that stand above it."""
    for place, _ in _places(document):
        if place.nodeType == place.ELEMENT_NODE:
            place.parentNode.removeChild(place)
        else:
            place.ownerElement.removeAttributeNode(place)
    root = document.getElementsByTagNameNS(_RDF, "RDF")[0]
    inherited = _namespaces(root)
    kept = []
    for node in root.childNodes:
        if node.nodeType != node.ELEMENT_NODE:
            continue
        for name, address in inherited.items():
            if not node.hasAttribute(name):
                node.setAttribute(name, address)
        if _says_something(node):
            kept.append(node.toxml())
    return "".join(kept)


def _namespaces(element: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    while element is not None and element.nodeType == element.ELEMENT_NODE:
        for name, address in element.attributes.items():
            if name.startswith("xmlns:") and name not in found:
                found[name] = address
        element = element.parentNode
    return found


def _says_something(description: Any) -> bool:
    """Whether anything but namespaces and rdf:about is left in it."""
    if any(node.nodeType == node.ELEMENT_NODE for node in description.childNodes):
        return True
    return any(not name.startswith("xmlns") and name != "rdf:about" for name in description.attributes.keys())  # noqa: SIM118  minidom's map does not iterate
