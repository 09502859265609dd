# SPDX-License-Identifier: GPL-3.0-or-later
"""Cleaning addresses (RFC 5321 section 4.1.2, RFC 3464 section 2.3, RFC 6533): bare, lower case, A-label domain.

The local part keeps its characters otherwise: quotes around a local part that needs them stay, a tag ("+x") stays.
There are two ways. `normalise` is for what mail servers write about somebody. `mailed_to` is for whom a mail was
sent to, by the word of who sent it: nothing is taken away that may be part of an address.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from bouncestream.mail.mime import unencoded

MAX_LENGTH = 320
"""64 octets of local part, "@" and 255 of domain (RFC 5321 section 4.5.3.1), as characters."""

_PREFIX = re.compile(r"^(?:rfc-?822|utf-?8|smtp|internet|mailto|x-local)[ \t]*[;:=][ \t]*", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_QUOTED = re.compile(r'^"([^"@\s]{1,64}@[^"@\s]{1,255})"$')
_NEEDLESS = re.compile(r'^"([\w!#$%&\'*+/=?^`{|}~.-]{1,64})"@')
_DOMAIN = re.compile(r"^[^\s@<>()\[\]\\,;:\"'/=|?*!]{1,255}$")
_LITERAL = re.compile(r"^\[(?:ipv6:)?[0-9a-f.:]{2,45}\]$")
_UTF8_HEX = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_PLAIN = re.compile(r"[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")

CANDIDATE = re.compile(r"[^\s<>()\[\]\"',;:@|/]{1,64}@[\w.-]{1,255}")
"""What may be an address within an address field; `normalise` decides. Linear: both halves are bounded."""

GLUED = (
    r"\u0590-\u08ff\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u2000-\u206f\u2190-\u2bff\u2e80-\ud7ff"
    r"\uf900-\ufaff\ufe10-\ufe6f\uff00-\uffef\U00020000-\U0003ffff"
)
"""The inside of a character class: the scripts that are written without blanks (Chinese, Japanese, Korean, Thai,
and what Arabic and Hebrew prefix to a word), and their punctuation. In running text they end an address; one that
has them (RFC 6531) stands in a field or in angle brackets."""

_BARE = r"\s<>(){}\[\]\"',;:*@|"
IN_TEXT = (
    rf"(?:(?<=<)[^{_BARE}]{{1,64}}@[^{_BARE}]{{1,255}}(?=>)|[^{_BARE}{GLUED}]{{1,64}}@[^{_BARE}{GLUED}]{{1,255}})"
)
"""A pattern: what may be an address in running text. Linear: all repetitions are bounded."""
_IN_TEXT = re.compile(IN_TEXT.replace("*@", "*@/"))  # the path of a URL is no local part

X400 = re.compile(
    r"^[ \t<(\[\"']{0,8}/?[a-z]{1,4}=[^\n@]{0,300}(?:smtp|rfc-?822)="
    r"(?P<l>[\w.+%-]{1,64})(?:@|\(a\))(?P<d>[\w.-]{1,255})[;/]?",
    re.MULTILINE | re.IGNORECASE,
)
"""An X.400 name at the begin of a line, with the Internet address that it is for (RFC 2156 section 4.3.1)."""
#: An address as Listmonk takes one (RFC 5322 section 3.2.3, dot-atoms; RFC 6531): there may be a person with each.
_AS_IT_STANDS = re.compile(r"[^\s()<>\[\]:;@\\,\"]{1,320}@[^\s()<>\[\]:;@\\,\"]{1,320}")
_TYPED = re.compile(r"^(?:rfc-?822|utf-?8|smtp|mailto)[ \t]*[;:][ \t]*", re.IGNORECASE)
_DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490 section 3.1
#: Letters that IDNA2003 wrote as others (ß as ss), and IDNA2008 does not: faß.de and fass.de are two domains (UTS
#: #46 section 6, "Deviations"). Python's own codec is of 2003.
_DEVIATING = re.compile("[\u00df\u03c2]")
_IMCEA = re.compile(r"^imceasmtp-([a-z0-9+_-]{3,300})@")  # how Exchange wraps one into an address of its own
_IDS = ("message-id:", "references:", "in-reply-to:")
_HEX = re.compile(r"\+([0-9a-f]{2})")


def normalise(text: str) -> str:
    """The bare address in `text`, lower case, its domain as A-label, or "" if it is not an address.

    Takes what servers write into address fields: a type ("rfc822;", "utf-8;"), display name, comments, angle
    brackets, quotes, a source route (RFC 5321 appendix C), RFC 6533's \\x{..} escapes, encoded words.
    """
    text = text.strip()
    if text.startswith("=?") and text.endswith("?="):
        text = unencoded(text[:1000])
    text = text.lower()
    if text.startswith("imceasmtp-") and (wrapped := _IMCEA.match(text)):
        text = _HEX.sub(lambda m: chr(int(m[1], 16)), wrapped[1])
    if _PLAIN.fullmatch(text) and ".." not in text:
        return text
    if len(text) > 1000:
        return ""
    text = _PREFIX.sub("", text)
    if _PLAIN.fullmatch(text) and ".." not in text.partition("@")[2]:
        return text
    return _careful(text)


def mailed_to(text: str) -> str:
    """The bare address that a mail was sent to, by the word of who sent it, as `normalise` returns one.

    `'ann@example.com`, `smtp=ann@example.com` and `imceasmtp-ann+40example+2Ecom@example.net` are addresses
    themselves, and whoever likes can subscribe with one. Taken for ann's, its bounce would have her blocklisted.
    """
    text = text.strip()
    inner = text.lower()
    if _PLAIN.fullmatch(inner) and ".." not in inner:
        return inner
    if text.endswith(">"):
        inner = inner[inner.rfind("<") + 1 : -1]
    inner = _TYPED.sub("", inner.strip())
    if len(inner) > MAX_LENGTH:
        return ""
    if not _AS_IT_STANDS.fullmatch(inner):
        return normalise(text)
    local, _, domain = inner.rpartition("@")
    host = a_label(domain)
    if not domain.isascii() and u_label(host) != normalize("NFC", domain):
        return ""  # such as full-width letters: a server may refuse what IDNA would have mapped to another domain
    return f"{local}@{host}" if host and _good_local(local) else ""


def _careful(text: str) -> str:
    if "smtp=" in text or "822=" in text:
        text = X400.sub(r"\g<l>@\g<d>", text)
    if text.startswith("[") and text.endswith("]"):
        text = _PREFIX.sub("", text[1:-1])
    if "<" in text:
        text = text[text.rindex("<") + 1 :].partition(">")[0]
        if _PLAIN.fullmatch(text) and ".." not in text.partition("@")[2]:
            return text
        text = _PREFIX.sub("", text)
    elif "(" in text:
        text = _COMMENT.sub("", text)
    text = text.strip().strip("<>'").strip()
    if text.startswith("@") and ":" in text:  # source route
        text = text.partition(":")[2]
    quoted = _QUOTED.match(text)
    if quoted:
        text = quoted[1]
    text = _NEEDLESS.sub(r"\1@", text)
    if "\\x{" in text:
        text = _UTF8_HEX.sub(_character, text)
    local, at, domain = text.rpartition("@")
    domain = domain.rstrip(".;,>")
    if not at or not local or len(text) > MAX_LENGTH or not _good_local(local):
        return ""
    if not local.isascii():
        local = local.lower()
    if _LITERAL.match(domain):
        return f"{local}@{domain}"
    domain = a_label(domain)
    return f"{local}@{domain}" if domain else ""


def _character(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "?"


def _good_local(local: str) -> bool:
    if local.startswith('"') and local.endswith('"') and len(local) > 2:
        return local.isprintable()
    return not any(c in ' \t\n<>()[]",;:@\\' or not c.isprintable() for c in local)


def a_label(domain: str) -> str:
    """`domain` in its ASCII form (RFC 5890 A-label), lower case; as it is when IDNA cannot encode it; "" if no
    domain."""
    domain = domain.lower().strip(".")
    if not _DOMAIN.match(domain) or ".." in domain or not domain.isprintable():
        return ""
    if domain.isascii():
        return domain
    try:
        return ".".join(map(_ascii, _DOTS.split(domain))).lower().strip(".")
    except UnicodeError:
        return domain


def u_label(domain: str) -> str:
    """`domain`, of A-labels, with its U-labels (RFC 5890); as it is where it has none, or one that cannot be."""
    try:
        return ".".join(map(_shown, domain.split(".")))
    except UnicodeError:
        return domain


def _ascii(label: str) -> str:
    if _DEVIATING.search(label):
        return "xn--" + normalize("NFKC", label).encode("punycode").decode("ascii")
    return label.encode("idna").decode("ascii")


def _shown(label: str) -> str:
    if label.startswith("xn--") and _DEVIATING.search(shown := label[4:].encode("ascii").decode("punycode")):
        plain = shown.isprintable() and shown == shown.lower()
        return shown if plain and _ascii(shown) == label else label
    return label.encode("ascii").decode("idna")


def lines_with_addresses(text: str) -> str:
    """The lines of a text that may hold an address: few do, and a search for addresses is slow. What names a
    message (RFC 5322 section 3.6.4) looks like one."""
    found = [line for line in text.split("\n") if "@" in line]
    return "\n".join([line for line in found if not line.lstrip(" \t>").lower().startswith(_IDS)])


def addresses(text: str, limit: int = 50, *, prose: bool = False) -> list[str]:
    """The addresses in an address field, or in running text (`prose`), normalised, without repeats, in order."""
    if "@" not in text:
        return []
    if prose:
        text = lines_with_addresses(text)
    found: dict[str, None] = {}
    for match in (_IN_TEXT if prose else CANDIDATE).finditer(text):
        clean = normalise(match[0].rstrip("."))
        if clean:
            found[clean] = None
            if len(found) >= limit:
                break
    return list(found)
