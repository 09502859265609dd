# SPDX-License-Identifier: GPL-3.0-or-later
"""Tolerant MIME (RFC 2045, 2046, 2047): header blocks, parts, encodings, charsets. Bounded in depth and number.

Text travels as latin-1 strings (one character for one byte) until a part is really needed, then `decoded` turns it
into the text that was meant. The stdlib's parser is not used for the structure: a bounce is parsed on the webhook
path, where its 200 to 2000 microseconds are too many, and half of all bounces are malformed anyway.
"""

from __future__ import annotations

import binascii
import html
import quopri
import re
from email.errors import MessageError
from email.header import decode_header

from bouncestream.mail.charsets import WIDER, charset_of, told_by_words
from bouncestream.record import record

MAX_DEPTH = 5  #: multiparts within multiparts
MAX_PARTS = 64  #: parts of one mail
MAX_HEADERS = 500  #: fields of one header block

_FIELD = re.compile(r"\A[!-9;-~]{1,200}[ \t]{0,20}:")
_PARAMETER = re.compile(r';[ \t\n]*([\w.*-]{1,40})[ \t]*=[ \t\n]*(?:"([^"]{0,300})"|([^\s;"]{1,300}))')
_DASHES = re.compile(r"(?m)^--([^\s].{0,199})\n(?=Content-)")
# What stands in an enclosed message or report, and in no part's own header.
_RUNS_ON = re.compile(
    r"(?mi)^(?:reporting-mta|final-recipient|original-recipient|feedback-type|return-path|received|message-id|from|to"
    r"|subject|dkim-signature|arc-seal)[ \t]{0,4}:"
)
_TAG = re.compile(r"<[^<>]{0,1000}>")
# The end of a row and the begin of the next are one line end.
_BREAK = re.compile(r"(?i)<(?:/(div|tr|li)> ?<\1|br|/?p|/?div|/?tr|/?li|/?h\d)\b[^<>]{0,200}>")
#: A numeric character reference longer than any character's; Python refuses to read a number of 4,300 digits.
_ABSURD = re.compile(r"&#(?:[0-9]{12}[0-9]*|[xX][0-9A-Fa-f]{12}[0-9A-Fa-f]*);?")
_PRE = re.compile(r"(?i)</?pre\b[^<>]{0,200}>")
_WBR = re.compile(r"(?i)<wbr\b[^<>]{0,20}>")
_BLANKS = re.compile(r"\n[ \t]+")
_INVISIBLE = ("\u200b", "\u2060", "\ufeff", "\xad")
"""Characters that only say where a line may be broken."""
_HIDDEN = re.compile(r"<(/?)(style|script|head)\b[^<>]{0,500}>", re.IGNORECASE)

_JAPANESE = ("euc_jp", "cp932")
"""What stands in mails that are called ISO-2022-JP and have 8-bit text."""
_SEVERAL = ("utf", "gb", "big5", "cp9", "euc", "iso2022", "shift", "hz", "johab")
"""How the names of codecs begin in which a character may have several bytes."""
_UNDEFINED = re.compile(r"[\x81\x8d\x8f\x90\x9d]")
"""What windows-1252 leaves undefined."""

Fields = dict[str, str]
"""Header fields by lower-case name; of a repeated field the first value is kept."""


@record(frozen=True, slots=True)
class Part:
    """A part of a mail: one leaf of the MIME tree."""

    kind: str  #: media type, lower case; text/plain when none is given
    fields: Fields
    body: str  #: undecoded, as latin-1
    number: str = ""  #: where it stands in the tree: "2", "1.2"; "" when it is the whole mail


def parse_fields(block: str) -> Fields:
    """The fields of a header block (RFC 5322 section 2.2), unfolded; lines that are no field are skipped."""
    if "\n " in block or "\n\t" in block:
        block = block.replace("\n\t", "\n ").replace("\n ", " ")
    fields: Fields = {}
    for line in block.split("\n", MAX_HEADERS)[:MAX_HEADERS]:
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.rstrip().lower(), value.strip())
    return fields


def split_headers(text: str) -> tuple[str, str]:
    """Header block and body at the first blank line; a text that does not begin with a field has no headers."""
    if text.startswith("\n"):
        return "", text[1:]
    if not _FIELD.match(text):
        return "", text
    head, _, body = text.partition("\n\n")
    return head, body


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-Type or similar field, by lower-case name."""
    if ";" not in value:
        return {}
    return {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PARAMETER.finditer(value[:2000])}


def leaves(fields: Fields, body: str) -> list[Part]:
    """The leaves of a message, depth first; at most `MAX_PARTS`. message/rfc822 is a leaf: nobody descends
    into it."""
    found: list[Part] = []
    _add_leaves(found, fields, body, "", 0)
    return found


def _add_leaves(found: list[Part], fields: Fields, body: str, number: str, depth: int) -> None:
    content_type = fields.get("content-type", "")
    kind = content_type.partition(";")[0].strip(' \t"').lower()
    kind = kind if "/" in kind else "text/plain"  # RFC 2045 section 5.2
    pieces: list[str] = []
    if kind.startswith("multipart/") and depth < MAX_DEPTH:
        pieces = _pieces(body, parameters(content_type).get("boundary", ""))
    if not pieces:
        found.append(Part("text/plain" if kind.startswith("multipart/") else kind, fields, body, number))
        return
    prefix = number + "." if number else ""
    for i, piece in enumerate(pieces, 1):
        if len(found) >= MAX_PARTS:
            return
        head, inner = split_headers(piece)
        own = parse_fields(head)
        if own.get("content-type", "")[:8].lower() == "message/":
            content = _RUNS_ON.search(head)
            if content is not None and _RUNS_ON.search(inner, 0, 2000) is None:
                inner = f"{head[content.start() :]}\n\n{inner}"  # the blank line between them is missing
        _add_leaves(found, own, inner, f"{prefix}{i}", depth + 1)


def _pieces(body: str, boundary: str) -> list[str]:
    """The parts between the boundary lines. A boundary that never occurs is looked for in the body itself."""
    body = "\n" + body
    if not boundary or "\n--" + boundary not in body:
        guess = _DASHES.search(body)
        if guess is None:
            return []
        boundary = guess[1].rstrip()
    pieces: list[str] = []
    delimiter = "\n--" + boundary
    for piece in body.split(delimiter, MAX_PARTS)[1:]:
        line, newline, rest = piece.partition("\n")
        if line.startswith("--") and not line[2:].strip():
            break
        if line.strip():  # a longer boundary that begins alike: belongs to the part before
            if pieces:
                pieces[-1] += delimiter + piece
            continue
        if newline:
            pieces.append(rest)
    return pieces


def decoded(part: Part) -> str:
    """The text of a part: transfer encoding and charset undone, never failing. HTML is reduced to its text."""
    body = part.body
    encoding = part.fields.get("content-transfer-encoding", "").lower()
    content_type = part.fields.get("content-type", "")
    if encoding.startswith("quoted-printable") and "=" in body:
        body = quopri.decodestring(body.encode("latin-1", "replace")).decode("latin-1")
    elif encoding.startswith("base64"):
        body = _base64(body)
    if not body.isascii() or "\x1b" in body or "charset" in content_type.lower():
        body = in_charset(body, parameters(content_type).get("charset", ""))
    if part.kind == "text/html":
        body = _text_of_html(body)
    if "\r" in body:
        body = body.replace("\r\n", "\n").replace("\r", "\n")
    if not body.isascii():
        for character in _INVISIBLE:
            body = body.replace(character, "")
    return body


def _base64(body: str) -> str:
    try:
        return binascii.a2b_base64(body.encode("latin-1", "replace")).decode("latin-1")
    except binascii.Error:
        kept = re.sub(r"[^A-Za-z0-9+/]", "", body)
        if len(kept) % 4 == 1:
            kept = kept[:-1]
        return binascii.a2b_base64(kept + "=" * (-len(kept) % 4)).decode("latin-1")


def in_charset(text: str, charset: str) -> str:
    """`text` (latin-1 for bytes) read in `charset`, in UTF-8 where it is that whatever it is called, or, where
    neither fits everywhere, in the one that fits nearly everywhere; else as windows-1252 or latin-1."""
    name = charset.strip(" \"'").lower()
    if "\x1b" in text and ("\x1b$" in text or "\x1b(" in text):
        name = "iso2022_kr" if "\x1b$)C" in text else "iso2022_jp_ext"
    elif text.isascii() and name in ("", "us-ascii", "ascii", "utf-8", "utf8", "iso-8859-1", "windows-1252"):
        return text
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return text  # it has been read already
    codec = charset_of(name)
    codec = WIDER.get(codec, codec)
    if not codec.startswith(_SEVERAL):
        try:
            return data.decode("utf-8")  # what is not UTF-8 hardly ever looks like it
        except ValueError:
            if codec in ("", "ascii", "cp1252"):  # what programs say that do not know
                codec = told_by_words(data) or codec
    for candidate in (codec, "utf-8", *(_JAPANESE if name.startswith("iso-2022-jp") else ())):
        if candidate:
            try:
                return data.decode(candidate)
            except (LookupError, ValueError):
                if name.startswith("iso2022_"):  # all of it is ASCII, also in UTF-8
                    return data.decode(name, "replace")
    for candidate in (codec, "utf-8"):
        if candidate:
            found = data.decode(candidate, "replace")
            if found.count("\ufffd") * 8 < len(found) - len(found.encode("ascii", "ignore")):
                return found
    return data.decode("cp1252") if not _UNDEFINED.search(text) else text


def _visible(text: str) -> str:
    """HTML without its styles, scripts and head. One pass: a pattern for the whole element would be quadratic."""
    kept: list[str] = []
    at, hidden = 0, ""
    for tag in _HIDDEN.finditer(text):
        name = tag[2].lower()
        if not hidden and not tag[1]:
            kept.append(text[at : tag.start()])
            hidden, at = name, tag.end()
        elif hidden == name and tag[1]:
            hidden, at = "", tag.end()
    kept.append(text[at:])  # an element without an end hides nothing but its own tag
    return " ".join(kept)


def _text_of_html(text: str) -> str:
    pieces = _PRE.split(_visible(text))  # every second one stands between <pre> and </pre>
    for i, piece in enumerate(pieces):
        if i % 2:
            pieces[i] = _TAG.sub("", _BREAK.sub("\n", piece))
        else:
            # A line that began with a blank would continue the field above it.
            pieces[i] = _BLANKS.sub("\n", _TAG.sub(" ", _BREAK.sub("\n", _WBR.sub("", piece.replace("\n", " ")))))
    return unescaped("\n".join(pieces)).replace("\xa0", " ")


def unescaped(text: str) -> str:
    """HTML's character references (HTML 5, section 13.2.5.72) read; an absurd number is a replacement character."""
    return html.unescape(_ABSURD.sub("\ufffd", text) if "&#" in text else text)


def unencoded(value: str) -> str:
    """A header value with its encoded words (RFC 2047) read; raw 8-bit is taken for UTF-8 where it is."""
    if "=?" in value and len(value) < 5000:
        try:
            pieces = decode_header(value)
        except (MessageError, ValueError, LookupError):
            return value
        out = []
        for piece, charset in pieces:
            if isinstance(piece, str):
                out.append(piece)
            else:
                out.append(in_charset(piece.decode("latin-1"), charset or ""))
        return "".join(out)
    return value if value.isascii() else in_charset(value, "")
