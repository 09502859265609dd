# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from a mail to a verdict, and to what Listmonk is told, for a person."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bouncestream.cli import out
from bouncestream.config.model import Config
from bouncestream.judging.mail import Returned, judging_for, read_mail, verdict_on
from bouncestream.judging.stored import StillUnreadable
from bouncestream.judging.unsure import alone
from bouncestream.mail.decode import LIMIT, as_dict
from bouncestream.mail.reason import REASONS
from bouncestream.mail.trace import RecipientTrace
from bouncestream.mail.verdict import RecipientVerdict, Verdict
from bouncestream.survey.event import decision


def explain_mail(raw: bytes, config: Config, args: argparse.Namespace, *, name: str, source: str = "") -> None:
    """Print the way to the verdict on one mail. `source`: the mailbox whose settings count."""
    mailbox = args.mailbox or source or next(iter(config.mailed), "")
    judging = judging_for(config, mailbox)
    try:
        verdict = verdict_on(raw, judging, explain=True)
    except Exception as error:  # one bug of the reader is told, whatever it is
        raise StillUnreadable(
            f"{name}: a bug in the mail parser: {type(error).__name__}. Next: please report it."
        ) from error
    returned = read_mail(raw, judging, None)
    if args.json:
        out.json_line({"file": Path(name).name, **as_dict(verdict), "told": told(returned, config)})
        return
    out.heading(f"{name}: {out.kind(verdict.kind)}")
    out.prose(out.masked(verdict.evidence, args), "  ", "  ")
    if len(raw) >= LIMIT:
        large = f"Of a large mail the first {LIMIT >> 10} KiB are read: a bounce says there what happened."
        out.prose(large, "  ", "  ")
    trace = verdict.trace
    assert trace is not None
    print()
    out.heading("The parts of the mail")
    out.table(
        ("  part", "type", "characters", "recognised as"),
        ((f"  {part.number}", part.type, str(part.size), part.role) for part in trace.parts),
    )
    print()
    out.heading("The questions and answers")
    for step in trace.steps:
        out.prose(f"{step.question} {out.masked(step.answer, args)}", "  ", "    ")
    for recipient, way in zip(verdict.recipients, trace.recipients, strict=True):
        print()
        _recipient(recipient, way, args)
    print()
    _told(verdict, returned, config, args)


def _recipient(recipient: RecipientVerdict, way: RecipientTrace, args: argparse.Namespace) -> None:
    who = recipient.address or "someone identified only by the UUIDs of the returned message"
    out.heading(f"{out.masked(who, args)}: {out.judged(out.kind(recipient.kind), recipient.reason)}")
    known = REASONS.get(recipient.reason)
    out.fields(
        (
            (name, out.masked(value, args))
            for name, value in (
                ("means", known.sentence if known else ""),
                ("address found", recipient.source),
                ("could also be", "; ".join(f"{c.address} ({c.where})" for c in way.candidates if not c.chosen)),
                ("decided by", decision(recipient)),
                ("but", recipient.against),
                (
                    "sure",
                    "" if recipient.sure else "no: it rests on words alone, or on a carrier that masks its filters",
                ),
                ("status", recipient.status),
                ("reply", recipient.reply_code),
                ("server's words", recipient.diagnostic),
                ("evidence", recipient.evidence),
            )
        ),
        "  ",
    )
    if way.signals:
        out.table(
            ("  found in", "by", "speaks for", "words of", "", "text"),
            (
                (
                    f"  {s.part}",
                    s.rule,
                    s.reason,
                    s.said_by,
                    "decided" if s.decided else "",
                    out.masked(s.text, args),
                )
                for s in way.signals
            ),
            prose=True,
        )


def told(returned: Returned, config: Config) -> list[dict[str, Any]]:
    """The bodies that Listmonk will be told, one for each event: as JSON; empty when there is nothing to tell."""
    # what an earlier report would confirm is known to an outbox only
    events = map(alone, returned.submission.events if returned.submission is not None else ())
    return [
        {
            "kind": event.kind.value,
            "sure": event.sure,
            "recipient": event.recipient,
            "reported": event.reported,
            "told_by": "uuid" if event.by_uuid else "email",
            "subscriber_uuid": event.subscriber_uuid,
            "campaign_uuid": event.campaign_uuid,
            "held_for": event.hold,
            "ignored": config.policy.rules.ignores(event),
            "evidence": event.evidence,
        }
        for event in events
    ]


def _told(verdict: Verdict, returned: Returned, config: Config, args: argparse.Namespace) -> None:
    out.heading("What is sent to Listmonk if this mail arrives in a mailbox")
    events = told(returned, config)
    for event in events:
        who = event["recipient"] or f"subscriber {event['subscriber_uuid']}"
        if event["recipient"] and event["told_by"] == "uuid":
            who += f", by the UUID {event['subscriber_uuid']}, if it is theirs"
        if event["ignored"]:
            out.mark("·", f"nothing about {out.masked(who, args)}: {event['ignored']}")
        elif event["held_for"]:
            held = f"once released: it is held, {event['held_for']}"
            out.mark("⚠", f"{event['kind']} about {out.masked(who, args)}, {held}")
        else:
            out.mark("✔", f"{event['kind']} about {out.masked(who, args)}")
        out.prose(out.masked(event["evidence"], args), "  ", "  ")
    if not events:
        what = (
            "its recipient is unknown; it is kept as unidentified"
            if verdict.unidentified
            else ("it is not a bounce")
        )
        out.mark("·", f"nothing: {what}")
