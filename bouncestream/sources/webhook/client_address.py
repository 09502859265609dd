# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's address: the peer of the connection, or what a trusted proxy says in X-Forwarded-For.

Of the list in that header only what our own proxies added can be believed, and they add at the right: the sender is
the right-most address that is not a trusted proxy. Everything left of it may have been made up by the sender.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

#: More hops than this are made up.
_MOST_HOPS = 50


def sender(peername: object, forwarded_for: Sequence[str], trusted: Networks) -> str:
    """The address of the sender; '' when it cannot be told. `forwarded_for`: the header's values, in order."""
    address = parsed(peername[0]) if isinstance(peername, tuple) and peername else None
    if address is None or not _within(address, trusted):
        return "" if address is None else str(address)
    hops = ",".join(forwarded_for).rsplit(",", _MOST_HOPS)[-_MOST_HOPS:] if forwarded_for else []
    for hop in reversed(hops):
        behind = parsed(hop)
        if behind is None:  # unreadable: whoever is behind it cannot be told
            return ""
        address = behind
        if not _within(address, trusted):
            break
    return str(address)


def parsed(text: object) -> Address | None:
    """An address as proxies write it: also with a port, in brackets, with a zone, or IPv4 mapped into IPv6."""
    if not isinstance(text, str):
        return None
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_within(text: object, networks: Networks) -> bool:
    """Whether an address, as `parsed` reads it, is of one of these networks."""
    address = parsed(text)
    return address is not None and _within(address, networks)


def _within(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
