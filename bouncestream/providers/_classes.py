# SPDX-License-Identifier: GPL-3.0-or-later
"""Classes: what a provider calls a piece of feedback → kind and reason, in one place for all providers.

A provider's table maps its words to a class: `hard`, `soft`, `complaint`, `unsubscribe`; `deferral` (one failed
attempt, it goes on trying), `info` (delivered, opened, …), `auto-reply`, and `suppressed` (it did not even try, as
the address is on a list of its own; what was before, if it says so, stands behind a hyphen, as in
`suppressed-hard`; if not, the event is kept, but told as nothing); `judge` and `judge-hard` ask our own reading.

A label "hard" is not always the address's fault: where the code says policy, routing, system or a full mailbox, or
there is no code and the words say so, the event is soft, unless our own reading says that the address is dead (as
in Microsoft's 5.4.1 for a mailbox that does not exist).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bouncestream.event import Kind
from bouncestream.policy import LISTED

if TYPE_CHECKING:
    from bouncestream.mail.classify import Judged

#: Why feedback of a class is no event.
NO_EVENT: Mapping[str, str] = {
    "deferral": "one failed attempt; it keeps retrying",
    "info": "neither a bounce nor a complaint",
    "auto-reply": "likely an automatic answer, such as a vacation notice",
    "ignore": "ignored as configured",
}

_KINDS = {kind.value: kind for kind in Kind}
CLASSES = frozenset(
    {
        *NO_EVENT,
        *_KINDS,
        "judge",
        "judge-hard",
        "suppressed",
        "suppressed-hard",
        "suppressed-complaint",
        "suppressed-unsubscribe",
    }
)

#: Our own reading has no cause; the provider's word for it says more.
_VAGUE = ("undetermined", "rejected")

#: RFC 3463: policy, system, routing and a full mailbox are not the address's fault; 5.4.4, no route to it, is.
_NOT_ITS_FAULT = re.compile(r"4\.\d+\.\d+|5\.7\.\d+|5\.3\.\d+|5\.4\.(?!4$)\d+|5\.2\.2")
#: A code that says nothing of the cause (RFC 3463 section 3.1), or none.
_NO_CODE = re.compile(r"(?:5\.0\.0)?")
#: Causes in the words that are not the address's fault either.
_OTHER_CAUSES = frozenset({
    "mailbox_full", "system_full", "spam", "blocklisted", "content", "virus", "auth_failure", "greylisted",
    "too_many", "too_big", "relaying", "sender_rejected", "no_ptr",
})  # fmt: skip


def info(*words: str) -> dict[str, str]:
    """The part of a table with the words that tell nothing about an address."""
    return dict.fromkeys(words, "info")


def class_of(said: str, *tables: Mapping[str, str]) -> str | None:
    """The class of a provider's word, by the first table that knows it. None: in no table."""
    for table in tables:
        if (key := key_of(said, table)) is not None:
            return table[key]
    return None


def key_of(said: str, table: Mapping[str, str]) -> str | None:
    """The key of a table by which a provider's word is known: the longest fitting beginning. None: it has none."""
    word = said.casefold()
    return max((key for key in table if key and word.startswith(key.casefold())), key=len, default=None)


def judged(class_: str, *, status: str, reply_code: str, diagnostic: str, reason: str = "") -> tuple[Kind, Judged]:
    """The kind, and the judgement with reason, codes and evidence, of a class that is not in `NO_EVENT`. `reason`
    is the one that the provider has, in our words, where codes and words tell none. What the provider is certain of
    is sure; our own reading says itself whether it is."""
    found = classified(status=status, reply_code=reply_code, diagnostic=diagnostic)
    read = found.reason
    if reason and read in _VAGUE:
        found = replace(found, reason=reason)
    first, _, why = class_.partition("-")
    if class_ == "suppressed":
        return Kind.SOFT, replace(found, reason=LISTED, evidence="", sure=True)
    if first == "suppressed":
        return _KINDS[why], replace(found, reason="suppressed", evidence="", sure=True)
    if class_ in ("complaint", "unsubscribe"):
        return _KINDS[class_], replace(found, reason="", evidence="")
    if first == "judge":
        return _KINDS[found.kind], found
    if class_ == "hard" and found.kind != class_:
        if _NOT_ITS_FAULT.fullmatch(found.status):
            return Kind.SOFT, replace(found, evidence=f"{found.status} is not the address's fault")
        if _NO_CODE.fullmatch(found.status) and (read in _OTHER_CAUSES or found.reply_code.startswith("4")):
            return Kind.SOFT, replace(found, evidence=f"{found.evidence}: not the address's fault")
    return _KINDS[class_], replace(found, evidence="", sure=True)


def classified(*, status: str = "", reply_code: str = "", diagnostic: str = "", heard: str = "") -> Judged:
    """Our own reading of codes and words; `heard`: the address, by which a carrier is recognised. Nothing but a
    failure is reported here, however its words sound."""
    # Imported when it is needed: reading the configuration needs the providers, but not the whole mail reader.
    from bouncestream.mail.classify import classify

    found = classify(status=status, reply_code=reply_code, diagnostic=diagnostic, heard=heard)
    return found if found.kind in _KINDS else replace(found, kind=Kind.SOFT.value)
