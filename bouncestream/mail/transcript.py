# SPDX-License-Identifier: GPL-3.0-or-later
"""The SMTP session that a report's notice quotes: what the remote server itself said about an address, and after what.

Sendmail writes ">>> DATA", "<<< 550 …" and "(reason: …)"; Postfix and OpenSMTPD "addr: …". The fields of a report can be
a local summary ("550 5.1.1 User unknown" for any refusal at RCPT); these lines are the evidence behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bouncestream.mail.address import addresses, normalise

_REMOTE = re.compile(r"^<<< ?([45]\d\d[^\n]{0,1000})", re.MULTILINE)
_COMMAND = re.compile(r"^>>>[ \t>]{0,4}([A-Za-z]{4})", re.MULTILINE)
_EXPANDED = re.compile(r"\(expanded from:? <?([^\s<>]{1,320})>?\)")
_REJECTED = re.compile(r"was automatically rejected:\s{0,4}([^\n]{1,500})")
_LIST = "following addresses had"


@dataclass(frozen=True, slots=True)
class Said:
    """Words about an address; '' when there are none."""

    text: str
    after_data: bool = False


NOTHING = Said("")


def _same_reply(text: str) -> list[str]:
    """The lines of the first reply in `text`: those that follow one another, until one ends it ("550 ", not "550-")."""
    lines = []
    for line in text.split("\n", 20):
        if not line.startswith("<<<"):
            break
        lines.append(line[3:].strip()[:1000])
        if lines[-1][3:4] != "-":
            break
    return lines


@dataclass(frozen=True, slots=True)
class Session:
    """A notice, asked for what it says about single addresses."""

    notice: str

    def contradicting(self, alone: bool) -> Said:
        """The remote server's own words, where they may differ from the fields."""
        notice = self.notice
        rejected = _REJECTED.search(notice) if "automatically rejected" in notice else None
        if rejected:
            return Said(rejected[1])
        if "<<< " not in notice or not alone:
            return NOTHING
        return self._remote()

    def _remote(self) -> Said:
        """The first refusal that the remote server spoke, and whether DATA had been sent and was what it answered."""
        notice = self.notice
        first = _REMOTE.search(notice)
        if first is None:
            return NOTHING
        commands = [m for m in _COMMAND.finditer(notice, 0, first.start())]
        after = bool(commands) and commands[-1][1].upper() == "DATA"
        # Sendmail with pipelining sends DATA before it reads the answer to RCPT; then its own next line names the address.
        rest = notice[first.end() : first.end() + 2000]
        if after and not re.search(r"^554 5\.0\.0 Service unavailable", rest, re.MULTILINE):
            after = False
        return Said("\n".join(_same_reply(notice[first.start() :])), after)

    def about(self, address: str, alone: bool) -> Said:
        """What the notice says about an address whose fields tell no cause."""
        notice = self.notice
        if not notice:
            return NOTHING
        if "<<< " in notice and alone:
            said = self._remote()
            if said.text:
                return said
        lower = notice.lower()
        place = lower.find(address)
        while place >= 0:
            line = notice[place + len(address) : place + len(address) + 1500].partition("\n\n")[0]
            if line.lstrip("> ")[:1] == ":":
                return Said(line.lstrip("> :"))
            place = lower.find(address, place + 1)
        return Said(notice[:8000]) if alone else NOTHING

    def expanded_from(self, address: str) -> str:
        """The address that the notice says `address` came from; ''."""
        match = _EXPANDED.search(self.notice)
        return normalise(match[1]) if match else ""

    @property
    def only_address(self) -> str:
        """The address under Sendmail's list of failed addresses, when it names one."""
        _, mark, rest = self.notice.partition(_LIST)
        found = addresses(rest.partition("-----\n")[2].partition("-----")[0][:2000], 2) if mark else []
        return found[0] if len(found) == 1 else ""
