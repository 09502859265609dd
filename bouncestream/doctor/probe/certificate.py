# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a certificate, whether it is believed or not. Pure: DER bytes → values.

Python's `ssl` shows the fields of a certificate only when it is believed; those that are not are the ones that a
person has to know about. RFC 5280 section 4.1 (fields), X.690 section 8 (DER).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_COMMON_NAME, _ORGANISATION = b"\x55\x04\x03", b"\x55\x04\x0a"
_SUBJECT_ALT_NAME = b"\x55\x1d\x11"
_AUTHORITY_ACCESS = b"\x2b\x06\x01\x05\x05\x07\x01\x01"
_ISSUERS_HERE = b"\x2b\x06\x01\x05\x05\x07\x30\x02"

_SEQUENCE, _OID, _EXPLICIT_0, _EXPLICIT_3, _OCTETS = 0x30, 0x06, 0xA0, 0xA3, 0x04
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_DNS, _URI, _IP = 0x82, 0x86, 0x87


@dataclass(frozen=True, slots=True)
class Certificate:
    """The fields that the doctor judges by."""

    subject: str
    issuer: str
    starts: datetime
    ends: datetime
    names: tuple[str, ...]  #: DNS names, and IP addresses as hexadecimal digits
    self_signed: bool
    issuer_url: str  #: where the issuer's own certificate can be had; public authorities always say so


def read(der: bytes) -> Certificate | None:
    """The fields, or None if the bytes are no certificate."""
    try:
        return _read(der)
    except (IndexError, ValueError):
        return None


def _read(der: bytes) -> Certificate:
    _, certificate = _first(der)
    _, signed = _first(certificate)
    fields = list(_items(signed))
    if fields[0][0] == _EXPLICIT_0:  # the version
        fields = fields[1:]
    issuer, validity, subject = fields[2][1], fields[3][1], fields[4][1]
    starts, ends = (_time(tag, value) for tag, value in list(_items(validity))[:2])
    names: list[str] = []
    issuer_url = ""
    for oid, value in _extensions(fields[5:]):
        if oid == _SUBJECT_ALT_NAME:
            for tag, name in _items(_first(value)[1]):
                if tag == _DNS:
                    names.append(name.decode("ascii", "replace").lower())
                elif tag == _IP:
                    names.append(name.hex())
        elif oid == _AUTHORITY_ACCESS:
            issuer_url = issuer_url or _issuer_url(value)
    return Certificate(_name(subject), _name(issuer), starts, ends, tuple(names), subject == issuer, issuer_url)


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element of DER, one after the other."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("length")
            length = int.from_bytes(data[at : at + count], "big")
            at += count
        if at + length > len(data):
            raise ValueError("cut")
        yield tag, data[at : at + length]
        at += length


def _first(data: bytes) -> tuple[int, bytes]:
    """The first element; ValueError if there is none."""
    for item in _items(data):
        return item
    raise ValueError("empty")


def _name(data: bytes) -> str:
    """Organisation and common name."""
    found: dict[bytes, str] = {}
    for _, group in _items(data):
        for _, pair in _items(group):
            parts = list(_items(pair))
            found.setdefault(parts[0][1], parts[1][1].decode("utf-8", "replace"))
    kept = [found[oid] for oid in (_ORGANISATION, _COMMON_NAME) if found.get(oid)]
    return ", ".join(dict.fromkeys(kept))


def _time(tag: int, value: bytes) -> datetime:
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _extensions(fields: list[tuple[int, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    for tag, content in fields:
        if tag != _EXPLICIT_3:
            continue
        for _, extension in _items(_first(content)[1]):
            parts = list(_items(extension))
            yield parts[0][1], parts[-1][1]


def _issuer_url(value: bytes) -> str:
    for _, access in _items(_first(value)[1]):
        (_, method), (tag, place) = list(_items(access))[:2]
        if method == _ISSUERS_HERE and tag == _URI:
            return place.decode("ascii", "replace")
    return ""
