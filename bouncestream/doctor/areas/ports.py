# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `ports`: what is open that must be, and what is open that must not.

A host cannot test its own firewall: a connection to its own public address never leaves it. There, Listmonk's port
is judged by what it is bound to, as /proc/net/tcp tells (proc(5)), and what cannot be proven is said.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.front import LISTMONK, Front
from bouncestream.doctor.probe.reply import Origin, Reply, evidence, origin, proxy_of
from bouncestream.doctor.probe.snippets import to_https
from bouncestream.doctor.probe.target import Target, from_outside
from bouncestream.doctor.probe.web import Web
from bouncestream.settings.shapes import loopback

TOPIC = "ports"
FINDINGS: Mapping[str, str] = {
    "ports-ok": "the public port accepts connections",
    "ports-closed": "the port of the public address accepts no connections",
    "ports-http-closed": "port 80 accepts no connections",
    "ports-listmonk-open": "Listmonk's own port is reachable from outside, bypassing the proxy",
    "ports-listmonk-bound": "Listmonk's own port listens on all addresses, protected only by a firewall",
    "ports-own-address": "the public address is this machine's, so its firewall cannot be tested from here",
    "http-admin": "Listmonk's login is served over plain HTTP",
}
_PROC = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class Bound:
    """A port that something listens on here."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class PortFacts:
    """The facts about ports, beside the front."""

    bound: tuple[Bound, ...] = ()
    own_port: int = LISTMONK  #: the one that Listmonk listens on
    here: bool = True  #: whether Listmonk runs on this machine, as far as its URL tells
    open_listmonk: Reply | None = None  #: what answers on Listmonk's port at the public address
    login: Reply | None = None  #: the admin's login over plain HTTP

    @property
    def login_shown(self) -> bool:
        """Whether plain HTTP shows Listmonk's login."""
        return self.login is not None and self.login.status == 200 and origin(self.login) is Origin.LISTMONK


async def collect(front: Front, listmonk: Target | None, web: Web) -> PortFacts:
    """Ask what stands behind the open ports."""
    port = listmonk.port if listmonk and listmonk.port not in (80, 443) else LISTMONK
    here = listmonk is None or loopback(listmonk.host)
    target = front.target
    asked = None
    outside = [address for address in front.open_at(port) if address not in front.own]
    if outside and target.port != port:
        site = f"[{outside[0]}]" if ":" in outside[0] else outside[0]
        asked = web.get(f"http://{site}:{port}/health", headers={"Host": f"{target.site}:{port}"})
    login = web.get(f"http://{target.site}/admin/login") if front.open_at(80) else None
    bound, open_listmonk, seen_login = await asyncio.gather(
        asyncio.to_thread(listeners), _maybe(asked), _maybe(login)
    )
    return PortFacts(tuple(bound), port, here, open_listmonk, seen_login)


async def _maybe(call: Awaitable[Reply] | None) -> Reply | None:
    return None if call is None else await call


def listeners() -> list[Bound]:
    """The TCP ports that are listened on in this network namespace."""
    found = []
    for name in _PROC:
        try:
            lines = Path(name).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            parts = line.split()
            if len(parts) > 3 and parts[3] == _LISTENING:
                address, _, port = parts[1].partition(":")
                found.append(Bound(_address(address), int(port, 16)))
    return found


def _address(text: str) -> str:
    """The kernel prints each 32 bits in the order of this machine (little-endian nearly everywhere)."""
    raw = b"".join(bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8))
    return str(ipaddress.ip_address(raw))


def judge(front: Front, seen: PortFacts, outside: str = "") -> list[Finding]:
    """The public port, port 80, and Listmonk's own. `outside`: the command that proves it from another machine."""
    if not front.resolved.addresses:
        return []
    target = front.target
    found: list[Finding] = []
    usable = front.usable()
    if not usable:
        return []
    if not front.reachable:
        told = "; ".join(f"{address}: {front.ports[address, target.port]}" for address in usable)
        text = f"port {target.port} of {target.host} accepts no connections ({told})"
        why = "Readers cannot reach the pixel, the links or the unsubscribe page."
        closed = _told(front, target.port)
        found.append(Finding("ports-closed", Level.ERROR, TOPIC, text, why, _open_for(target), closed))
    else:
        found.append(_answers(front, outside or from_outside(target.url)))
    if target.port == 443 and front.reachable and not front.open_at(80):
        told = "; ".join(f"{address}: {front.ports.get((address, 80), 'not tried')}" for address in usable)
        why = "Let's Encrypt renews certificates through it (HTTP-01), and addresses typed without https use it."
        text = f"port 80 of {target.host} accepts no connections ({told})"
        fix = f"{_open(80)}\n\n{to_https(proxy_of(), target.host)}"
        found.append(Finding("ports-http-closed", Level.WARNING, TOPIC, text, why, fix, _told(front, 80)))
    return found + _own_port(front, seen) + _login(front, seen)


def _told(front: Front, port: int) -> dict[str, object]:
    return {
        "host": front.target.host,
        "port": port,
        "addresses": {address: front.ports.get((address, port), "") or "open" for address in front.usable()},
    }


def _open_for(target: Target) -> str:
    """The way to open a port for readers. Other ports than 80 and 443 stay closed: many networks block them, and it
    may be Listmonk's own."""
    if target.usual:
        return _open(target.port)
    return (
        f"keep port {target.port} closed, and remove it from the address: https://{target.site}, wherever it is "
        "set (Listmonk's root URL, public_url in the configuration); let the proxy listen on port 443"
    )


def _open(port: int) -> str:
    return (
        f"let the proxy listen on {port}, and open it in the firewalls (the provider's too):\n\n"
        f"    ss -ltn 'sport = :{port}'        # does anything listen?\n"
        f"    ufw allow {port}/tcp             # or: nft / firewall-cmd / the provider's panel"
    )


def _answers(front: Front, outside: str) -> Finding:
    target = front.target
    alive = front.open_at(target.port)
    own = [address for address in alive if address in front.own]
    if own:
        seen = f"port {target.port} of {target.host} answers here; access from outside is not proven"
        why = f"{own[0]} is this machine's: connections to it do not pass the firewall."
        fix = f"run this on another machine:\n\n    {outside}"
        return Finding("ports-own-address", Level.INFO, TOPIC, seen, why, fix, _told(front, target.port))
    seen = f"port {target.port} of {target.host} accepts connections ({', '.join(alive)})"
    return Finding("ports-ok", Level.OK, TOPIC, seen, evidence=_told(front, target.port))


def _own_port(front: Front, seen: PortFacts) -> list[Finding]:
    """Listmonk's own port, past the proxy."""
    target, port = front.target, seen.own_port
    if target.port == port:
        return []
    bind = 'bind Listmonk to this machine only, in its config.toml (docker: ports: ["127.0.0.1:9000:9000"]):\n\n'
    bind += f'    [app]\n    address = "127.0.0.1:{port}"'
    why = "It uses plain HTTP: passwords and addresses are sent unencrypted, and the proxy's rules do not apply."
    reply = seen.open_listmonk
    if reply is not None and reply.status:
        what = "Listmonk" if _is_listmonk(reply) else "something"
        level = Level.ERROR if what == "Listmonk" else Level.WARNING
        text = f"{what} answers on port {port} of {target.host} itself"
        return [Finding("ports-listmonk-open", level, TOPIC, text, why, bind, evidence(reply))]
    if not front.own or not seen.here:
        return []
    wide = [one.address for one in seen.bound if one.port == port and one.address in ("0.0.0.0", "::")]  # noqa: S104
    named = [one.address for one in seen.bound if one.port == port and one.address in front.own]
    if not wide and not named:
        return []
    text = (
        f"port {port} listens on {', '.join(wide or named)}: only a firewall protects it, which cannot be tested "
    )
    text += "from here"
    fix = f"{bind}\n\nTest it from another machine; it should not answer:\n\n"
    fix += f"    curl -m 5 http://{target.site}:{port}/health"
    told = {"port": port, "bound": ", ".join(wide or named)}
    return [Finding("ports-listmonk-bound", Level.WARNING, TOPIC, text, why, fix, told)]


def _is_listmonk(reply: Reply) -> bool:
    return reply.data() is True or origin(reply) in (Origin.LISTMONK, Origin.TRACKING)


def _login(front: Front, seen: PortFacts) -> list[Finding]:
    reply = seen.login
    if reply is None or not seen.login_shown:
        return []
    text = f"http://{front.target.site}/admin/login serves Listmonk's login over plain HTTP"
    why = "Logging in there sends the password unencrypted."
    fix = to_https(proxy_of(reply), front.target.host)
    return [Finding("http-admin", Level.ERROR, TOPIC, text, why, fix, evidence(reply))]


def ports_to_try(listmonk: Target | None) -> Sequence[int]:
    """The ports that the front is to try, beside the target's own."""
    return (80, listmonk.port if listmonk and listmonk.port not in (80, 443) else LISTMONK)
