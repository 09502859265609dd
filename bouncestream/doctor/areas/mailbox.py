# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `mailbox`: whether each mailbox lets bouncestream in, and has and can what its settings ask for.

The visit is that of `bouncestream mailbox test`. With `--write` a mail of our own must be told of by IDLE, and is
removed again. The running bridge has connections of its own: where the visit goes well and those do not, that is a
finding too.
"""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config
from bouncestream.config.oauth import CLIENT, flow_of, needs_token
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.names import Names
from bouncestream.doctor.probe.reply import clean
from bouncestream.errors import (
    AuthFailed,
    CertificateRefused,
    ConnectionLost,
    LoginRefused,
    MailboxError,
    ServerRefused,
    TokenError,
)
from bouncestream.outbox.place import Place, place_of
from bouncestream.outbox.view import read_so_far
from bouncestream.sources.mailbox.own_mail import SUBJECT
from bouncestream.sources.mailbox.visit import (
    SOON,
    Contact,
    FolderSeen,
    Heard,
    Look,
    Untried,
    Visitor,
    hear,
    look,
    moved,
    remedy,
    writes,
)
from bouncestream.sources.oauth.file import login_command, token_path

TOPIC = "mailbox"
FINDINGS: Mapping[str, str] = {
    "mailbox-ok": "the mailbox accepts the login, and its folders exist",
    "mailbox-unreachable": "the mail server cannot be reached, or does not speak IMAP",
    "mailbox-certificate": "the mail server's certificate is not trusted, or it has no TLS",
    "mailbox-certificate-soon": "the mail server's certificate expires soon",
    "mailbox-login": "the mail server refuses user and password",
    "mailbox-no-token": "a mailbox that uses OAuth has no login yet",
    "mailbox-token-refused": "the OAuth permission is no longer accepted",
    "mailbox-token-provider": "the OAuth provider issues no access token right now",
    "mailbox-token-open": "other users of this machine can read the OAuth permission",
    "mailbox-token": "the age of the OAuth permission and the lifetime of its access tokens",
    "mailbox-refused": "the mail server refuses, for now or always",
    "mailbox-folder": "a folder to read does not exist",
    "mailbox-read-only": "a folder is read-only, but its mails should be flagged or moved",
    "mailbox-folder-unmade": "a folder to move mails to does not exist yet and will be created",
    "mailbox-waiting": "the number of mails, and how many of them are not read yet",
    "mailbox-no-idle": "the mail server has no IDLE, so its folders are polled",
    "mailbox-no-move": "the mail server has no MOVE, but mails should be moved",
    "mailbox-no-uidplus": "the mail server has no UIDPLUS, which the canary needs",
    "mailbox-bridge": "the running bouncestream cannot read a mailbox that the doctor can",
    "mailbox-heard": "a test mail was put into the mailbox, reported by IDLE, and removed (--write)",
    "mailbox-mute": "the mail server did not report a test mail (--write)",
    "mailbox-canary-left": "the test mail could not be removed (--write)",
    "mailbox-canary-failed": "no test mail could be put into the mailbox (--write)",
    "mailbox-canary-untried": "no test mail was put into the mailbox, and why (--write)",
}
#: Seconds: for one answer; for a look; until a mail of our own is heard of, at most; for all of a mailbox.
PATIENCE, LOOK, HEARING, ALL = 4.0, 9.0, 7.0, 11.5
#: Seconds that are kept for removing the mail of our own.
_CLEANING = 1.5

_WHY = "Until then bounce mails are not read. They stay in the mailbox, so nothing is lost."
_SLOWER = "Bounces are noticed later; none is lost."


@dataclass(frozen=True, slots=True)
class Token:
    """The file that keeps the OAuth permission."""

    path: str
    written: datetime | None = None  #: when it was made, or renewed before the visit; None: there is none
    mode: int = 0o600
    lasts: float | None = None  #: seconds that an access token is good for, if one was got


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """The facts about one mailbox. Either `look` or `error` is set."""

    box: Mailbox
    look: Look | None = None
    error: MailboxError | None = None
    token: Token | None = None  #: None: it needs none
    heard: Heard | None = None  #: what became of a mail of our own
    failed: str = ""  #: why it could not be put there
    at: datetime = field(default_factory=lambda: datetime(1970, 1, 1, tzinfo=UTC))


async def collect(config: Config, names: Names, now: datetime, *, write: bool = False) -> list[MailboxFacts]:
    """Visit all mailboxes at the same time; `write`: and put a mail of our own into the first folder of each."""
    path, place = Path(config.outbox.path), place_of(config)
    boxes = config.mailboxes.values()
    return list(await asyncio.gather(*(_visit_in_time(box, path, place, names, now, write) for box in boxes)))


async def visit(visitor: Visitor, now: datetime, place: Place | None = None) -> MailboxFacts:
    """Visit one mailbox with the patience of its settings, for a command that is about nothing else. `place`: of
    the outbox, which knows how far it was read; None: the file that its permission lies beside."""
    box, outbox = visitor.settings, visitor.outbox
    file = _token_file(box, outbox)
    seen = MailboxFacts(box, at=now, token=_token(file) if file is not None else None)
    try:
        async with visitor.open() as session:
            return replace(seen, look=await look(box, session, partial(read_so_far, place or outbox, box.name)))
    except MailboxError as error:
        return replace(seen, error=error)


async def _visit_in_time(
    box: Mailbox, outbox: Path, place: Place, names: Names, now: datetime, write: bool
) -> MailboxFacts:
    """Visit one mailbox among all: within `LOOK`, or `ALL`, however slow its name or its server is."""
    began = time.monotonic()
    seen = MailboxFacts(box, at=now)
    resolved = await names.find(box.host)  # in a thread that nobody waits for, where a resolver hangs
    if not resolved.addresses:
        where = f"{box.host}:{box.real_port}"
        return replace(seen, error=ConnectionLost(f"{where} could not be reached: {resolved.trouble}"))
    visitor = Visitor(box, outbox, PATIENCE)
    file = _token_file(box, outbox)
    if file is not None:
        seen = replace(seen, token=await asyncio.to_thread(_token, file))
    try:
        async with asyncio.timeout(ALL if write else LOOK):
            async with visitor.open() as session:
                async with asyncio.timeout(LOOK):
                    seen = replace(
                        seen, look=await look(visitor.settings, session, partial(read_so_far, place, box.name))
                    )
                if write and seen.look is not None:
                    left = ALL - _CLEANING - (time.monotonic() - began)
                    heard = await hear(visitor, session, seen.look.first, max(1.0, min(HEARING, left - 2.0)))
                    seen = replace(seen, heard=heard)
    except (MailboxError, TimeoutError) as error:
        told = error if isinstance(error, MailboxError) else _too_slow(box)
        seen = replace(seen, error=told) if seen.look is None else replace(seen, failed=remedy(box, told)[0])
    if file is not None and seen.token is not None and visitor.tokens is not None:
        after = await asyncio.to_thread(_token, file)  # the visit may have renewed it
        seen = replace(seen, token=replace(seen.token, mode=after.mode, lasts=visitor.tokens.lasts))
    return seen


def _token_file(box: Mailbox, outbox: Path) -> Path | None:
    return token_path(outbox, box.name) if needs_token(box) and flow_of(box) != CLIENT else None


def _too_slow(box: Mailbox) -> ConnectionLost:
    return ConnectionLost(f"{box.host}:{box.real_port} is too slow: not finished within {LOOK:g} s")


def _token(path: Path) -> Token:
    try:
        found = path.stat()
    except OSError:
        return Token(str(path))
    return Token(str(path), datetime.fromtimestamp(found.st_mtime, UTC), stat.S_IMODE(found.st_mode))


def judge(seen: Sequence[MailboxFacts], parts: Mapping[str, Any]) -> list[Finding]:
    """Each mailbox by itself. `parts`: those of the running bridge, as /readyz tells them; empty: none runs."""
    return [finding for one in seen for finding in _Judge(one).all(parts.get(f"mailbox:{one.box.name}"))]


def judge_heard(seen: MailboxFacts) -> list[Finding]:
    """Findings about a mail of our own that was put there."""
    return _Judge(seen).heard()


class _Judge:
    """The findings about one mailbox."""

    def __init__(self, seen: MailboxFacts) -> None:
        self._seen = seen
        self._box = seen.box
        self._found: list[Finding] = []

    def all(self, part: object) -> list[Finding]:
        seen = self._seen
        self._permission()
        if seen.error is not None:
            self._trouble(seen.error)
        elif seen.look is not None:
            self._server(seen.look)
            for folder in seen.look.folders:
                self._folder(folder)
            self._canary()
            self._bridge(part)
            if not any(one.level in (Level.WARNING, Level.ERROR) for one in self._found):
                self._fine(seen.look)
        return self._found

    def heard(self) -> list[Finding]:
        self._canary()
        return self._found

    def _add(self, ident: str, level: Level, text: str, why: str = "", fix: str = "", **told: Any) -> None:
        box = self._box
        evidence = {"mailbox": box.name, "host": box.host, "port": box.real_port, **told}
        text = f"{clean(box.name, 60)}: {clean(text, 400)}"
        self._found.append(Finding(ident, level, TOPIC, text, why, fix, evidence))

    def _fine(self, seen: Look) -> None:
        box, idle = self._box, "IDLE" in seen.can
        names = ", ".join(folder.name for folder in seen.folders)
        text = f"{box.host}:{box.real_port} accepts the login of {box.user} ({box.auth}; {seen.tls or 'no TLS'})"
        text += f", {'offers IDLE, and has' if idle else 'and has'} {names}"
        able = sorted(seen.can & {"IDLE", "MOVE", "UIDPLUS", "CONDSTORE", "NAMESPACE"})
        self._add("mailbox-ok", Level.OK, text, tls=seen.tls, capabilities=able)

    def _trouble(self, error: MailboxError) -> None:
        what, fix = remedy(self._box, error)
        level, ident = Level.ERROR, "mailbox-unreachable"
        if isinstance(error, CertificateRefused):
            ident = "mailbox-certificate"
        elif isinstance(error, LoginRefused) and not needs_token(self._box):
            ident = "mailbox-login"
        elif isinstance(error, LoginRefused):
            missing = self._seen.token is not None and self._seen.token.written is None
            ident = "mailbox-no-token" if missing and not isinstance(error, AuthFailed) else "mailbox-token-refused"
        elif isinstance(error, TokenError):
            ident = "mailbox-token-provider"
        elif isinstance(error, ServerRefused):
            ident, level = "mailbox-refused", Level.WARNING
        self._add(
            ident, level, what, _WHY, f"{clean(fix, 400)}; then:\n\n    bouncestream mailbox test {self._box.name}"
        )

    def _permission(self) -> None:
        token = self._seen.token
        if token is None or token.written is None:
            return
        if token.mode & 0o077:
            text = (
                f"other users of this machine can read the OAuth permission ({token.path}, mode {token.mode:04o})"
            )
            why = "It grants access to the mailbox, and maybe sending, without the password."
            fix = (
                f"restrict it to its owner, and log in again if others have read it:\n\n    chmod 600 {token.path}"
            )
            self._add("mailbox-token-open", Level.WARNING, text, why, fix, mode=f"{token.mode:04o}")
        days = max(0, (self._seen.at - token.written).days)
        text = f"the OAuth permission is {_some(days, 'day', 'days')} old"
        if token.lasts is not None:
            text += f"; an access token lasts {token.lasts / 60:.0f} minutes and is renewed in time"
        told: dict[str, Any] = {
            "written": token.written.isoformat(timespec="seconds"),
            "access_token_seconds": token.lasts,
        }
        self._add("mailbox-token", Level.INFO, text, *self._lapse(), **told)

    def _lapse(self) -> tuple[str, str]:
        """The lifetime of such a permission, where it is known, and the step to take then."""
        if self._box.oauth_provider == "google":
            why = (
                "Google revokes it after 7 days while the application is in “Testing”, or when unused for 6 months."
            )
            return why, "Google Cloud, OAuth consent screen: publish the application (status “In production”)"
        if self._box.oauth_provider == "microsoft":
            why = "Microsoft revokes it when unused for 90 days, or when the password changes."
            return why, f"then: run {login_command(self._box.name)}"
        return "", ""

    def _server(self, seen: Look) -> None:
        box, can = self._box, seen.can
        days = (seen.ends - self._seen.at).days if seen.ends is not None else SOON
        if days < SOON:
            text = f"the certificate of {box.host} expires in {days} days"
            fix = "have the mail server's administrator renew and reload it:\n\n    doveadm reload        # Dovecot"
            self._add("mailbox-certificate-soon", Level.WARNING, text, f"Then: {_WHY}", fix, days=days)
        if "IDLE" not in can:
            text = f"the server has no IDLE: its folders are polled every {box.poll:g} s"
            self._add("mailbox-no-idle", Level.INFO, text, _SLOWER)
        moves = moved(box)
        if moves and "MOVE" not in can:
            if "UIDPLUS" in can:
                text = (
                    f"the server has no MOVE: {moves} are copied, and then that one mail is removed (UID EXPUNGE)"
                )
                self._add("mailbox-no-move", Level.INFO, text)
            else:
                text = f"the server has no MOVE and no UIDPLUS: {moves} are flagged and stay where they are"
                why = "Without them a mail cannot be moved safely, and bouncestream never risks a removal."
                fix = f'set:\n\n    [mailboxes.{box.name}]\n    after = "flag"\n    unidentified = ""'
                self._add("mailbox-no-move", Level.WARNING, text, why, fix)
        if box.canary and "UIDPLUS" not in can:
            text = "the server has no UIDPLUS: the canary is not used; STATUS is polled instead"
            why = "The canary's test mail could not be removed safely."
            fix = f"set:\n\n    [mailboxes.{box.name}]\n    canary = false"
            self._add("mailbox-no-uidplus", Level.WARNING, text, why, fix)
        for name in seen.unmade:
            text = f"{name} does not exist yet: it is created when the first mail is moved there"
            self._add("mailbox-folder-unmade", Level.INFO, text)

    def _folder(self, folder: FolderSeen) -> None:
        box = self._box
        if folder.fix:
            fix = f"{clean(folder.fix, 400)}; then:\n\n    bouncestream mailbox test {box.name}"
            self._add("mailbox-refused", Level.WARNING, folder.trouble, _WHY, fix, folder=clean(folder.name))
            return
        if folder.trouble:
            names = [clean(name, 60) for name in folder.near]
            first = names[0] if names else "INBOX"
            fix = f"existing folders include {', '.join(names)}" if names else "name an existing one"
            right = dict.fromkeys(first if name == folder.name else clean(name, 60) for name in box.folders)
            listed = ", ".join(f'"{name}"' for name in right)
            fix += f":\n\n    [mailboxes.{box.name}]\n    folders = [{listed}]"
            self._add("mailbox-folder", Level.ERROR, folder.trouble, _WHY, fix, folder=clean(folder.name))
            return
        if folder.read_only and writes(box):
            text = f"{folder.name} is read-only: its mails are neither flagged nor moved"
            why = "Their bounces are delivered anyway, but the folder does not show which ones."
            fix = (
                f'grant {clean(box.user)} write access, or set:\n\n    [mailboxes.{box.name}]\n    after = "leave"'
            )
            self._add("mailbox-read-only", Level.WARNING, text, why, fix, folder=clean(folder.name))
        text = f"{folder.name}: {_some(folder.mails, 'mail', 'mails')}"
        if folder.contact is Contact.KNOWN:
            text += f", {folder.waiting} not read yet"
        elif folder.contact is Contact.RENUMBERED:
            text += "; the server renumbered them, so they are read again; none is counted twice"
        else:
            text += f"; the first contact reads {folder.waiting} (start = {box.start})"
        told: dict[str, Any] = {"folder": clean(folder.name), "mails": folder.mails, "waiting": folder.waiting}
        self._add("mailbox-waiting", Level.INFO, text, contact=folder.contact.value, **told)

    def _canary(self) -> None:
        seen, box = self._seen, self._box
        test = f"    bouncestream mailbox test {box.name}"
        if seen.failed:
            text = f"no test mail could be put into it: {seen.failed}"
            fix = f"check that it is not full and that {clean(box.user)} may write there, then try again:\n\n{test}"
            why = "New-mail notifications are not tested."
            self._add("mailbox-canary-failed", Level.WARNING, text, why, fix)
        heard = seen.heard
        if heard is None:
            return
        if heard.untried is not None:
            if heard.untried is not Untried.NO_FOLDER:  # said already
                text = f"no test mail was put into it: {heard.untried}"
                self._add("mailbox-canary-untried", Level.INFO, text)
            return
        if heard.seconds is not None:
            text = f"a test mail in {heard.folder} was reported after {heard.seconds:.2f} s"
            text += "" if heard.left else " and removed"
            text += " (Gmail may keep it under All Mail)" if heard.kept else ""
            self._add("mailbox-heard", Level.OK, text, seconds=round(heard.seconds, 3))
        else:
            text = f"the server offers IDLE, but did not report a test mail in {heard.folder}"
            fix = f"try it with more time:\n\n{test}\n\nand if it fails again, poll more often:\n\n"
            fix += f'    [mailboxes.{box.name}]\n    idle = "1m"'
            self._add("mailbox-mute", Level.WARNING, text, _SLOWER, fix)
        if heard.left:
            text = f"the test mail could not be removed from {heard.folder}: {heard.left}"
            fix = f"delete it by hand; its subject is “{SUBJECT}”"
            why = "It is not a bounce, so it does no harm."
            self._add("mailbox-canary-left", Level.WARNING, text, why, fix)

    def _bridge(self, part: object) -> None:
        if not isinstance(part, dict) or part.get("state") != "red":
            return
        said = clean(str(part.get("why", "")), 300)
        text = f"the running bouncestream cannot read it, although the doctor can: {said}"
        fix = "it retries by itself, after a refused login only in some minutes; to retry now:\n\n"
        fix += "    systemctl restart bouncestream"
        self._add("mailbox-bridge", Level.ERROR, text, _WHY, fix)


def _some(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
