# SPDX-License-Identifier: GPL-3.0-or-later
"""How the values of the configuration are written: durations, sizes, addresses, lists. Text or TOML value → value.

Each shape says in words what it takes, so that a refusal can name the fix.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PEM = re.compile(r"-----(?:BEGIN|END) [A-Z ]{1,40}-----")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h|d|w)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE = re.compile(r"(\d{1,12})\s*(B|KB|MB|GB|KiB|MiB|GiB)?", re.ASCII)
_BYTES = {None: 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_LISTEN = re.compile(r"\A(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]/]*)):(\d{1,5})", re.ASCII)
#: How a Unix socket begins, where an address may stand as well; behind it is its path.
UNIX = "unix:"
#: Bytes of the path of a Unix socket at most (unix(7): 108 with the zero at its end).
_PATH_OF_SOCKET = 107
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", re.ASCII)


class Wrong(ValueError):
    """The value does not have the shape; the text says what is wrong with it, without the value."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one kind of value is written."""

    words: str  #: what is expected, with an example: completes "write …"
    parse: Callable[[Any], Any]  #: a TOML value → the value; raises Wrong
    plain: bool = True  #: a text from the environment is the value itself, not TOML

    def from_text(self, text: str) -> Any:
        """The value from the text of an environment variable."""
        if self.plain:
            return self.parse(text)
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        return self.parse(value)


def any_text(value: Any) -> str:
    """A printable text without blanks around it; may be empty. Raises Wrong."""
    if not isinstance(value, str):
        raise Wrong(f"is {sort_of(value)}, not text")
    if not value.isprintable():
        raise Wrong("contains unprintable characters")
    return value.strip()


def sort_of(value: Any) -> str:
    """The sort of a TOML value, in words."""
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
        str: "text",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like a misspelt one; empty: none is."""
    from difflib import get_close_matches  # few need it

    return next(iter(get_close_matches(word, list(known), 1, 0.6)), "")


def _duration(value: Any) -> float:
    match = _DURATION.fullmatch(any_text(value))
    if match is None:
        raise Wrong("is not a duration")
    return float(match[1]) * _SECONDS[match[2]]


def _positive_duration(value: Any) -> float:
    seconds = _duration(value)
    if seconds <= 0:
        raise Wrong("must be more than zero")
    return seconds


def _size(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    match = _SIZE.fullmatch(any_text(value))
    if match is None:
        raise Wrong("is not a size")
    size = int(match[1]) * _BYTES[match[2]]
    if not 1024 <= size <= 2**30:
        raise Wrong("is not between 1 KiB and 1 GiB")
    return size


def is_http(url: str) -> bool:
    """Whether it is an http or https URL with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _url(value: Any) -> str:
    text = any_text(value)
    if not text:
        return ""
    if not is_http(text) or any(c.isspace() for c in text):
        raise Wrong("is not an http or https URL")
    parts = urlsplit(text)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Wrong("must not contain a user, a password, a query or a fragment")
    return text.rstrip("/")


def _listen(value: Any) -> str:
    match = _LISTEN.fullmatch(any_text(value))
    if match is None or int(match[3]) > 65535:
        raise Wrong("is not an address and a port")
    return match[0]


def address_of(listen: str) -> tuple[str | None, int]:
    """Host (None: every address) and port of a `listen` value."""
    match = _LISTEN.fullmatch(listen)
    assert match is not None
    return match[1] or match[2] or None, int(match[3])


def _socket(value: Any) -> str:
    text = any_text(value)
    if not text.startswith(UNIX):
        return _listen(text)
    path = socket_of(text)
    if not path.startswith("/") or path.endswith("/"):
        raise Wrong("is not unix: and the absolute path of a socket")
    if len(path.encode()) > _PATH_OF_SOCKET:
        raise Wrong(f"has a path longer than {_PATH_OF_SOCKET} bytes, which no socket can have")
    return text


def socket_of(listen: str) -> str:
    """The path of the Unix socket that a `listen` value names; empty: it names an address."""
    return listen.removeprefix(UNIX) if listen.startswith(UNIX) else ""


def _mode(value: Any) -> int:
    text = any_text(value)
    if not re.fullmatch(r"0?[0-7]{3}", text):
        raise Wrong("is not a mode of three octal digits")
    return int(text, 8)


def near_url(listen: str) -> str:
    """The URL by which this machine reaches whatever listens there; empty: at any port."""
    host, port = address_of(listen)
    if port == 0:
        return ""
    near = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    return f"http://[{near}]:{port}" if near and ":" in near else f"http://{near}:{port}"


def _network(value: Any) -> Network:
    try:
        network = ipaddress.ip_network(any_text(value), strict=False)
    except ValueError:
        raise Wrong("is not an IP address or network") from None
    # The sender of a request is told as IPv4 where IPv6 only carries it (RFC 4291 section 2.5.5.2).
    if network.version == 6 and network.prefixlen >= 96 and network.network_address.ipv4_mapped is not None:
        return ipaddress.ip_network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


def _pattern(value: Any) -> str:
    text = any_text(value).lower()
    if text.count("@") != 1 or "*" not in text.partition("@")[0]:
        raise Wrong("is not an address with a * before its @")
    return text


def _own_address(value: Any) -> str:
    text = any_text(value).lower()
    local, _, domain = text.partition("@")
    if not local or not domain or "@" in domain or any(c in ' <>",;:*' for c in domain):
        raise Wrong("is not an address")
    if any(c in ' <>",;:' for c in local) or local.count("*") > 1:
        raise Wrong("is not an address with at most one * before its @")
    return text


def fitting(pattern: re.Pattern[str], wrong: str) -> Callable[[Any], str]:
    """A text of this pattern; `wrong`: what any other one is."""

    def parse(value: Any) -> str:
        text = any_text(value)
        if not pattern.fullmatch(text):
            raise Wrong(wrong)
        return text

    return parse


def _truth(value: Any) -> bool:
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.strip().lower())
    if not isinstance(value, bool):
        raise Wrong("is neither true nor false")
    return value


def any_line(value: Any) -> str:
    """A text as `any_text` takes it, but not empty. Raises Wrong."""
    text = any_text(value)
    if not text:
        raise Wrong("is empty")
    return text


def each(parse: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    """A list of what `parse` takes; from the environment also with commas."""

    def parse_list(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):  # from the environment, or a list of one
            value = [part for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            raise Wrong(f"is {sort_of(value)}, not a list")
        return tuple(dict.fromkeys(parse(item) for item in value))

    return parse_list


def whole(low: int, high: int) -> Shape:
    """A whole number within bounds."""

    def parse(value: Any) -> int:
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 12:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong("is not a whole number")
        if not low <= value <= high:
            raise Wrong(f"is not between {low} and {high}")
        return value

    return Shape(f"a whole number from {low} to {high}", parse, plain=False)


def choice(*words: str) -> Shape:
    """The shape of a key that is one of a few words."""

    def parse(value: Any) -> str:
        text = any_text(value).lower()
        if text not in words:
            raise Wrong("is not one of the words")
        return text

    return Shape(" or ".join(f'"{word}"' for word in words), parse)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        raise Wrong(f"is {sort_of(value)}, not a list")
    if not value:
        raise Wrong("is empty")
    return tuple(dict.fromkeys(any_line(item) for item in value))


def _public_key(value: Any) -> str:
    """A key as base64 in one line, without the first and last line of PEM."""
    if not isinstance(value, str):
        raise Wrong(f"is {sort_of(value)}, not text")
    return any_line("".join(_PEM.sub("", value).split()))


def _start(value: Any) -> str:
    if isinstance(value, date):  # a date of TOML's own, without quotes
        value = value.isoformat()
    text = any_text(value)
    if text in ("all", "now"):
        return text
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    if _DURATION.fullmatch(text) is None:
        raise Wrong("is neither a duration nor a date")
    return text


def since(start: str, now: datetime) -> datetime | None:
    """The moment that a `start` names: mails that arrived earlier are not read. None: all are."""
    if start == "all":
        return None
    if start == "now":
        return now
    if _DURATION.fullmatch(start):
        return now - timedelta(seconds=min(_duration(start), 100 * 365 * 86400.0))
    day = date.fromisoformat(start)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def by_name(inner: Shape, name: Callable[[Any], str] = any_line) -> Shape:
    """A table of tables; its keys are names."""

    def parse(value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise Wrong(f"is {sort_of(value)}, not a table")
        table: dict[str, Any] = {}
        for key, part in value.items():
            try:
                table[name(key)] = inner.parse(part)
            except Wrong as wrong:
                raise Wrong(f"at {key!r}: {wrong}") from None
        return MappingProxyType(table)

    return Shape(f"a table of such tables: {inner.words}", parse, plain=False)


def words_table(*words: str) -> Shape:
    """A table whose values are a few words; its keys are free."""
    listed = ", ".join(f'"{word}"' for word in words)
    return Shape(f'{{ "Their words" = one of {listed} }}', by_name(choice(*words)).parse, plain=False)


TEXT = Shape("text in quotes", any_line)
PATH = Shape("a path in quotes", any_line)
DURATION = Shape('a number and its unit (ms, s, m, h, d, w), such as "10s"', _positive_duration)
DELAY = Shape('a number and its unit (ms, s, m, h, d, w), such as "20ms"', _duration)
SIZE = Shape('a number and its unit (KiB, MiB, GiB), such as "10MiB"', _size)
URL = Shape('a URL such as "https://news.example.org"', _url)
LISTEN = Shape('an address and a port, such as "127.0.0.1:8025" or "[::1]:8025"', _listen)
NETWORKS = Shape(
    'a list of addresses or networks, such as ["10.0.0.1", "192.0.2.0/24"]', each(_network), plain=False
)
PATTERNS = Shape('a list of addresses with a *, such as ["bounce+*@example.org"]', each(_pattern), plain=False)
OWN_ADDRESSES = Shape(
    'a list of addresses, with a * where the UUID stands, such as ["unsub+*@example.org"]',
    each(_own_address),
    plain=False,
)
RECIPIENTS = Shape(
    'a list of addresses, with at most one * before the @, such as ["bounces@example.org"]',
    each(_own_address),
    plain=False,
)
SOCKET = Shape('"unix:/run/bouncestream/mta.sock", or an address and a port such as "127.0.0.1:8026"', _socket)
MODE = Shape('a mode in quotes, such as "0660"', _mode)
HEADER = Shape(
    'the name of a header, such as "X-Webhook-Secret"', fitting(_HEADER, "is not the name of an HTTP header")
)
TEXTS = Shape('a list of texts, such as ["INBOX", "Junk"]', _texts, plain=False)
PUBLIC_KEYS = Shape("a list of public keys, as PEM or base64", each(_public_key), plain=False)
OPTIONAL = Shape('text in quotes, "" for none', any_text)
START = Shape('a duration such as "30d", a date such as "2026-09-01", "all" or "now"', _start)
TRUTH = Shape("true or false", _truth, plain=False)
