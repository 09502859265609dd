# SPDX-License-Identifier: GPL-3.0-or-later
"""The SMTP session that a report's notice quotes: what the remote server itself said about an address, and
after what.

Sendmail writes ">>> DATA", "<<< 550 …" and "(reason: …)"; Postfix and OpenSMTPD "addr: …". The fields of a
report can be a local summary ("550 5.1.1 User unknown" for any refusal at RCPT); these lines are the evidence
behind it.
"""

from __future__ import annotations

import re
from functools import cached_property

from bouncestream.mail.address import addresses, normalise
from bouncestream.mail.phrases.clauses import has_any
from bouncestream.record import record

_REMOTE = re.compile(r"^<<< ?([45]\d\d[^\n]{0,1000})", re.MULTILINE)
_COMMAND = re.compile(r"^>>>[ \t>]{0,4}([A-Za-z]{4})", re.MULTILINE)
_EXPANDED = re.compile(r"\(expanded from:? <?([^\s<>]{1,320})>?\)")
_REJECTED = re.compile(r"was automatically rejected:\s{0,4}([^\n]{1,500})")
_NEXT = re.compile(r"\n<?[^\s<>@:]{1,64}@[^\s<>@:]{1,255}>?:")
_LOCAL = re.compile(r"5\d\d 5\.\d{1,3}\.\d{1,3} <")
_NO_RECIPIENTS = re.compile(r"^<<< ?(?:503|554)[^\n]{0,60}?(?:recipient|rcpt)", re.MULTILINE | re.IGNORECASE)
_SENDMAIL_AFTER_DATA = re.compile(r"^554 5\.0\.0 Service unavailable", re.MULTILINE)
_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z][a-z ])")
MAX_PLACES = 20  #: places of one address that are looked at
_LIST = "following addresses had"
PLAIN_SPOKEN = ("this is the mailer-daemon, please do not reply", "this is the nullmailer delivery system")
"""How the notices of OpenSMTPD and nullmailer begin."""
QUOTING = (
    "the response from the remote server was:",
    "the error that the other server returned was:",
    "diagnostic information for administrators:",
)
"""Before what Google and Microsoft quote: they name no stage, and refusals of an address are answers to RCPT."""


@record(frozen=True, slots=True)
class Reply:
    """Words about an address; '' when there are none."""

    text: str
    after_data: bool = False


NOTHING = Reply("")


def _same_reply(text: str) -> list[str]:
    """The lines of the first reply in `text`: those that follow one another, until one ends it ("550 ", not
    "550-")."""
    lines = []
    for line in text.split("\n", 20):
        if not line.startswith("<<<"):
            break
        lines.append(line[3:].strip()[:1000])
        if lines[-1][3:4] != "-":
            break
    return lines


_TURN = re.compile(
    r"^[^\n<>]{0,40}?(?P<who><--|-->|<<<|>>>|(?<![A-Za-z])[CS]:)[ \t]{0,4}(?P<said>[^\n]{0,1000})", re.MULTILINE
)

_SIDES = re.compile(r"\s(?=[CS]: )")

_ARROWS = ("<--", "-->", "<<<", ">>>", "C:", "S:")


def last_refusal(text: str) -> tuple[str, str]:
    """(the last 4xx or 5xx answer of the remote server, the command it answered) of a transcript with arrows or
    letters, each turn perhaps behind a time (MDaemon and others); ("", "") when there is none."""
    answer = command = sent = ""
    if not has_any(text, _ARROWS):
        return answer, command
    for turn in _TURN.finditer(text):
        said = turn["said"].strip()
        if turn["who"] in ("-->", ">>>", "C:"):
            sent = said[:4].upper()
        elif said[:1] in ("4", "5") and said[:3].isdigit():
            answer, command = said, sent
    return answer, command


class Session:
    """A notice, asked for what it says about single addresses. Nothing is looked at before it is asked for."""

    def __init__(self, notice: str) -> None:
        self.notice = notice

    @cached_property
    def lower(self) -> str:
        """The notice in lower case, of the same length."""
        lower = self.notice.lower()
        return lower if len(lower) == len(self.notice) else self.notice

    def local_line(self, address: str) -> bool:
        """Whether Sendmail's own line below the remote server's words names the address, as it does after RCPT."""
        lower = self.lower
        place = lower.find(f" <{address}>... ") if "\n<<< " in lower else -1
        return place > 0 and _LOCAL.match(lower, lower.rfind("\n", 0, place) + 1) is not None

    def whole(self, words: str) -> str:
        """`words` with those that follow in the session, if they are the first line of a longer reply; of words
        that are a session the last refusal."""
        if "C: " in words and " S: " in words:
            answer, command = last_refusal(_SIDES.sub("\n", words))
            command = {"MAIL": "MAIL FROM", "RCPT": "RCPT TO"}.get(command, command)
            return f"{answer} (in reply to {command} command)" if answer else words
        if words[3:4] != "-" or "\n" in words:
            return words
        place = self.notice.find(f"<<< {words}")
        return "\n".join(_same_reply(self.notice[place:])) if place >= 0 else words

    @cached_property
    def no_recipients(self) -> bool:
        """Whether DATA, sent too early by pipelining, was refused because RCPT had been."""
        return "\n>>> DATA" in self.notice and _NO_RECIPIENTS.search(self.notice) is not None

    @property
    def of_sendmail(self) -> bool:
        """Whether the notice is Sendmail's."""
        return "----- Transcript of session follows -----" in self.notice

    @cached_property
    def plain_spoken(self) -> bool:
        """Whether its writer speaks to the remote server itself and names no stage: what it quotes answers RCPT."""
        start = self.notice[:1000].lower()
        return any(mark in start for mark in PLAIN_SPOKEN)

    @property
    def quotes(self) -> bool:
        """Whether its writer quotes a refusal and never says of what."""
        start = self.lower[:4000]
        return any(mark in start for mark in QUOTING)

    @cached_property
    def expired(self) -> bool:
        """Whether it says that the time in the queue is over, as OpenSMTPD's last report does, worded as a
        delay."""
        return "envelope expired" in self.lower

    def contradicting(self, alone: bool, class_: str = "") -> Reply:
        """The remote server's own words, where they may differ from the fields. `class_`: the status' first digit,
        for which reply is meant where several servers answered."""
        notice = self.notice
        rejected = _REJECTED.search(notice) if "automatically rejected" in notice else None
        if rejected:
            return Reply(rejected[1])
        if "<<< " not in notice or not alone:
            return NOTHING
        return self._remote(class_)

    def _remote(self, class_: str = "") -> Reply:
        """The first refusal (of this class, if there is one) that the remote server spoke, and whether DATA had
        been sent and was what it answered."""
        notice = self.notice
        first = None
        for count, match in enumerate(_REMOTE.finditer(notice)):
            first = first or match
            if match[1][0] == class_ or not class_ or count >= MAX_PLACES:
                first = match
                break
        if first is None:
            return NOTHING
        commands = list(_COMMAND.finditer(notice, 0, first.start()))
        after = bool(commands) and commands[-1][1].upper() == "DATA"
        # Sendmail with pipelining sends DATA before it reads the answer to RCPT; then its own next line names
        # the address.
        rest = notice[first.end() : first.end() + 2000]
        after = after and not self.no_recipients and _SENDMAIL_AFTER_DATA.search(rest) is not None
        return Reply("\n".join(_same_reply(notice[first.start() :])), after)

    def about(self, address: str, alone: bool) -> Reply:
        """The words of the notice about an address whose fields tell no cause."""
        notice = self.notice
        if not notice:
            return NOTHING
        if "<<< " in notice and alone:
            said = self._remote()
            if said.text:
                return said
        lower = self.lower
        place = lower.find(address) if address else -1
        for _ in range(MAX_PLACES):
            if place < 0:
                break
            words = notice[place + len(address) : place + len(address) + 1500].partition("\n\n")[0]
            if words.lstrip("> ")[:1] == ":":
                return Reply(self._unjoined(_NEXT.split(words, maxsplit=1)[0].lstrip("> :")))
            place = lower.find(address, place + 1)
        return Reply(notice[:8000]) if alone else NOTHING

    def _unjoined(self, words: str) -> str:
        """OpenSMTPD joins the lines of a reply without a blank: a capital after a small letter begins the next."""
        return _JOINT.sub(" ", words) if self.plain_spoken else words

    def near(self, address: str) -> str:
        """The few lines behind the first place that names an address; '' when none does."""
        place = self.lower.find(address) if address else -1
        return self.notice[place : place + 600].partition("\n\n")[0] if place >= 0 else ""

    def expanded_from(self, address: str) -> str:
        """The address that the notice says `address` came from; ''."""
        match = _EXPANDED.search(self.notice)
        return normalise(match[1]) if match else ""

    @property
    def only_address(self) -> str:
        """The address under Sendmail's list of failed addresses, when it names one."""
        _, mark, rest = self.notice.partition(_LIST)
        found = addresses(rest.partition("-----\n")[2].partition("-----")[0][:2000], 2, prose=True) if mark else []
        return found[0] if len(found) == 1 else ""
