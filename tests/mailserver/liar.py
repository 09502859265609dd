# SPDX-License-Identifier: GPL-3.0-or-later
"""A small IMAP server with one folder, right but for the lies of a test, with what was done to its mails."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from tests.mailserver.scripted import Peer, Scripted

CAPABILITIES = "IMAP4rev1 SASL-IR IDLE UIDPLUS MOVE AUTH=PLAIN"
ARRIVED = "22-Nov-2026 08:00:10 +0000"

#: Answers one command in its own way: the server, the connection, what follows the command's name. False: the usual
#: answer is given after all.
Lie = Callable[["Liar", Peer, str], "Awaitable[bool | None]"]


@dataclass
class Kept:
    """One mail in the folder."""

    raw: bytes
    flags: set[str] = field(default_factory=set)
    arrived: str = ARRIVED


class Liar:
    """`async with Liar(mails).serve() as server`. `lies`: by command, such as `UID SEARCH`."""

    def __init__(self, mails: Iterable[bytes] = (), *, first: int = 101, capabilities: str = CAPABILITIES) -> None:
        self.mails = {first + number: Kept(raw) for number, raw in enumerate(mails)}
        self.uidvalidity = 7
        self.uidnext = first + len(self.mails)
        self.lies: dict[str, Lie] = {}
        self.commands: list[str] = []  #: all that was asked for, without tags
        self.moved: dict[int, Kept] = {}
        self.copied: list[int] = []
        self.gone: list[int] = []  #: UIDs that were expunged
        self.pushed = asyncio.Event()
        self._capabilities = capabilities

    def serve(self) -> Scripted:
        return Scripted(self._script)

    def add(self, raw: bytes, arrived: str = ARRIVED) -> int:
        """A new mail; its UID."""
        uid, self.uidnext = self.uidnext, self.uidnext + 1
        self.mails[uid] = Kept(raw, arrived=arrived)
        self.pushed.set()
        return uid

    def asked(self, beginning: str) -> list[str]:
        """The commands that begin so."""
        return [command for command in self.commands if command.upper().startswith(beginning)]

    def some(self, text: str) -> list[int]:
        """The UIDs of the mails in a set."""
        top, found = max(self.mails, default=0), set()
        for part in text.split(","):
            first, colon, second = part.partition(":")
            low, high = (top if one == "*" else int(one) for one in (first, second if colon else first))
            found |= {uid for uid in self.mails if min(low, high) <= uid <= max(low, high)}
        return sorted(found)

    def number(self, uid: int) -> int:
        return sorted(self.mails).index(uid) + 1

    async def _script(self, peer: Peer) -> None:
        await peer.greet(self._capabilities)
        while True:
            rest = await peer.command()
            self.commands.append(rest)
            words = rest.split()
            name = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
            rest = rest[len(name) :].strip()
            lie = self.lies.get(name)
            if lie is not None and await lie(self, peer, rest) is not False:
                continue
            await getattr(self, "_" + name.lower().replace(" ", "_"), self._other)(peer, rest)

    async def _other(self, peer: Peer, rest: str) -> None:
        peer.done()

    async def _select(self, peer: Peer, rest: str) -> None:
        peer.done("OK [READ-WRITE] done", *self.opened())

    def opened(self, **other: int) -> list[str]:
        """The untagged lines of SELECT, with `exists`, `uidvalidity` and `uidnext` as they are, or other ones."""
        told = {"exists": len(self.mails), "uidvalidity": self.uidvalidity, "uidnext": self.uidnext} | other
        return [
            f"{told['exists']} EXISTS",
            f"OK [UIDVALIDITY {told['uidvalidity']}] x",
            f"OK [UIDNEXT {told['uidnext']}] x",
            "OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] x",
        ]

    async def _status(self, peer: Peer, rest: str) -> None:
        told = f"(MESSAGES {len(self.mails)} UIDNEXT {self.uidnext} UIDVALIDITY {self.uidvalidity})"
        peer.done("OK done", f"STATUS INBOX {told}")

    async def _uid_search(self, peer: Peer, rest: str) -> None:
        within = re.search(r"UID (\S+)", rest)
        header = re.search(r'HEADER (\S+) "([^"]*)"', rest)
        found = self.some(within[1]) if within else sorted(self.mails)
        if header:
            line = f"{header[1]}: {header[2]}".encode()
            found = [uid for uid in found if line in self.mails[uid].raw]
        if rest == "DELETED":
            found = [uid for uid in found if "\\Deleted" in self.mails[uid].flags]
        peer.done("OK done", " ".join(["SEARCH", *map(str, found)]))

    async def _uid_fetch(self, peer: Peer, rest: str) -> None:
        for uid in self.some(rest.split()[0]):
            peer.say(b"* " + self.shown(uid, rest))
        peer.done()

    def shown(self, uid: int, what: str, *, under: int = 0) -> bytes:
        """One FETCH response about a mail, told as if it had the UID `under`."""
        kept = self.mails[uid]
        items = [f"UID {under or uid}"]
        if "FLAGS" in what.upper():
            items.append(f"FLAGS ({' '.join(sorted(kept.flags))})")
        if "INTERNALDATE" in what.upper():
            items.append(f'INTERNALDATE "{kept.arrived}"')
        head = f"{self.number(uid)} FETCH ({' '.join(items)}"
        if "BODY" not in what.upper():
            return head.encode() + b")"
        return b"%b BODY[]<0> {%d}\r\n%b)" % (head.encode(), len(kept.raw), kept.raw)

    async def _uid_store(self, peer: Peer, rest: str) -> None:
        for uid in self.some(rest.split()[0]):
            self.mails[uid].flags |= set(re.findall(r"[\\$]\w+", rest.split(None, 1)[1]))
        peer.done()

    async def _uid_expunge(self, peer: Peer, rest: str) -> None:
        self.expunge(peer, self.some(rest))
        peer.done()

    def expunge(self, peer: Peer, uids: Iterable[int]) -> None:
        """Remove those of the mails that are flagged \\Deleted."""
        for uid in uids:
            if "\\Deleted" in self.mails[uid].flags:
                peer.say(f"* {self.number(uid)} EXPUNGE")
                del self.mails[uid]
                self.gone.append(uid)

    async def _uid_move(self, peer: Peer, rest: str) -> None:
        for uid in self.some(rest.split()[0]):
            peer.say(f"* {self.number(uid)} EXPUNGE")
            self.moved[uid] = self.mails.pop(uid)
        peer.done()

    async def _uid_copy(self, peer: Peer, rest: str) -> None:
        uids = self.some(rest.split()[0])
        self.copied += uids
        peer.done(f"OK [COPYUID 9 {','.join(map(str, uids))} 501:{500 + len(uids)}] done")

    async def _append(self, peer: Peer, rest: str) -> None:
        uid = await self.appended(peer, rest)
        peer.done(f"OK [APPENDUID {self.uidvalidity} {uid}] done")

    async def appended(self, peer: Peer, rest: str) -> int:
        """Take the mail of an APPEND in; its UID."""
        size = re.search(r"\{(\d+)\+?\}", rest)
        assert size is not None
        peer.say("+ go on")
        raw = await peer.reader.readexactly(int(size[1]))
        await peer.reader.readline()
        return self.add(raw)

    async def _idle(self, peer: Peer, rest: str) -> None:
        tag = peer.tag
        peer.say("+ idling")
        line = asyncio.create_task(peer.line())
        try:
            while not line.done():
                pushed = asyncio.create_task(self.pushed.wait())
                await asyncio.wait({line, pushed}, return_when=asyncio.FIRST_COMPLETED)
                pushed.cancel()
                if self.pushed.is_set():
                    self.pushed.clear()
                    peer.say(f"* {len(self.mails)} EXISTS")
            await line
        finally:
            line.cancel()
        peer.say(f"{tag} OK done")
