# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `root-url`: the address that Listmonk prints into each mail, and whether its name leads anywhere.

Listmonk's setting `app.root_url`: it trims one trailing slash, and does not work below a sub-path (seen on 6.2.0,
2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import clean
from bouncestream.doctor.probe.target import Target, fault_of, from_outside, is_local, is_private, meant

if TYPE_CHECKING:
    from bouncestream.doctor.probe.front import Front

TOPIC = "root-url"
FINDINGS: Mapping[str, str] = {
    "root-url-ok": "Listmonk puts the public address into mails",
    "root-url-empty": "Listmonk has no root URL",
    "root-url-invalid": "the root URL is not a web address",
    "root-url-localhost": "the root URL points to the reader's own computer",
    "root-url-private": "the root URL only works inside your network",
    "root-url-http": "the root URL is not https",
    "root-url-port": "the root URL contains a port, such as Listmonk's own 9000",
    "root-url-subpath": "the root URL has a path, which Listmonk does not support",
    "root-url-slashes": "the root URL ends in more than one slash, so that its links have two in them",
    "root-url-other-host": "the root URL has another host than your public address",
    "dns-failed": "the name of the public address cannot be resolved",
    "dns-private": "the name of the public address resolves to a private address",
    "dns-address-dead": "one address of the name accepts no connections, while another does",
}
_WHERE = "in Listmonk: Settings, General, Root URL"


def judge(root: str | None, public: Target | None, *, wrong_port: bool = False) -> list[Finding]:
    """Findings about Listmonk's setting, as written there (None: not known), beside the operator's public address.
    `wrong_port`: no reader can come in by the port that it names."""
    if root is None:
        return []
    wanted = "https://news.example.com"
    if public and not is_private(public.host):
        wanted = public.url if public.usual else f"https://{public.site}"
    prints = "pixel and links in mails begin with it"

    def finding(name: str, seen: str, why: str, url: str = wanted, level: Level = Level.ERROR) -> Finding:
        return Finding(name, level, TOPIC, seen, why, f"{_WHERE}:\n\n    {url}", {"root_url": clean(root)})

    shown = clean(root, 120)
    target = Target.read(root)
    if not root.strip():
        why = "Pixel and links in mails have no host, so they lead nowhere."
        return [finding("root-url-empty", "Listmonk's root URL is empty", why)]
    if target is None:
        why = "Mail programs cannot open it: no open is counted, and every link leads nowhere."
        seen = f"Listmonk's root URL is {shown!r}, {fault_of(root)}"
        return [finding("root-url-invalid", seen, why, wanted if public else meant(root) or wanted)]
    if is_local(target.host):
        why = "Readers' mail programs look for pixel and links on their own computer: nothing is counted."
        return [finding("root-url-localhost", f"Listmonk's root URL is {shown}: {prints}", why)]
    if is_private(target.host):
        why = "It only works inside your network: nothing from outside is counted."
        return [finding("root-url-private", f"Listmonk's root URL is {shown}: {prints}", why)]
    found = _shape(finding, root, target, shown, Level.ERROR if wrong_port else Level.WARNING)
    if public and target.host != public.host:
        seen = f"Listmonk's root URL is {shown}, but your public address is {public.url}"
        why = "Mails use the first. If only the second reaches Listmonk, nothing is counted."
        found = [finding("root-url-other-host", seen, why)]
    if found:
        return found
    seen = f"mails will contain {target.url}/campaign/…/px.png and {target.url}/link/…"
    return [Finding("root-url-ok", Level.OK, TOPIC, seen, evidence={"root_url": shown})]


def _shape(finding: Callable[..., Finding], root: str, target: Target, shown: str, port: Level) -> list[Finding]:
    found = []
    host = f"https://{target.site}"
    if target.path:
        why = "Listmonk does not support a path: it answers 404, so nothing is counted."
        found.append(finding("root-url-subpath", f"Listmonk's root URL is {shown}, with a path", why, host))
    if root.rstrip().endswith("//"):
        why = "Links get two slashes, which Listmonk answers with 404."
        found.append(finding("root-url-slashes", f"Listmonk's root URL is {shown}", why, target.url))
    if not target.usual:
        why = (
            "Mails send readers to that port. Many networks allow only 443 and 80; and Listmonk's "
            "own port has no TLS and must stay closed to the Internet."
        )
        found.append(finding("root-url-port", f"Listmonk's root URL is {shown}, with a port", why, host, port))
    elif target.scheme == "http":
        why = "Readers' clicks are sent unencrypted; image proxies and browsers may refuse plain HTTP."
        found.append(finding("root-url-http", f"Listmonk's root URL is {shown}", why, host, Level.WARNING))
    return found


def examined(root: str) -> Target | None:
    """The address that a root URL means, so that the rest can be examined even where it is no web address."""
    return Target.read(root) or Target.read(meant(root))


def judge_names(front: Front, outside: str = "") -> list[Finding]:
    """Findings about the name of a public address. Which ports answer there is judged in `ports`. `outside`: the
    command that proves it from another machine."""
    target, resolved = front.target, front.resolved
    evidence = {"host": target.host, "addresses": ", ".join(resolved.addresses)}
    if not resolved.addresses:
        seen = f"{target.host} cannot be resolved: {resolved.trouble}"
        why = "Mail programs cannot find it: no pixel, click or unsubscription arrives."
        fix = f"create an A record (and AAAA, if the server has IPv6) for {target.host}, then:\n\n"
        fix += f"    dig +short {target.host}"
        return [Finding("dns-failed", Level.ERROR, TOPIC, seen, why, fix, evidence)]
    private = [address for address in resolved.addresses if is_private(address)]
    if private and not is_private(target.host):
        seen = f"{target.host} resolves to {', '.join(private)} on this machine"
        why = "That address only works inside your network, so it is unreachable from outside."
        fix = (
            f"set the A and AAAA records of {target.host} to the server's public addresses; if only /etc/hosts "
            "or your own DNS server says so, run this from outside:\n\n    " + (outside or from_outside(target.url))
        )
        return [Finding("dns-private", Level.WARNING, TOPIC, seen, why, fix, evidence)]
    alive = front.open_at(target.port)
    dead = [address for address in front.usable() if address not in alive]
    if alive and dead:
        told = "; ".join(f"{address}: {front.ports.get((address, target.port), '')}" for address in dead)
        kind = "AAAA" if ":" in dead[0] else "A"
        seen = f"{target.host} has {len(alive) + len(dead)} addresses, and not all accept connections ({told})"
        why = "Some mail programs try that one first, and give up or wait seconds."
        fix = f"remove the {kind} record of {dead[0]}"
        if target.usual:
            listen = f"[::]:{target.port}" if kind == "AAAA" else f"{dead[0]}:{target.port}"
            fix += f", or let the proxy listen there too; nginx, in the server block:\n\n    listen {listen} ssl;"
        return [Finding("dns-address-dead", Level.WARNING, TOPIC, seen, why, fix, evidence)]
    return []
