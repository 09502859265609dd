# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream provider try FILE…`: what comes of saved requests, and which key decided it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.cli import out
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Commands, command
from bouncestream.errors import Malformed, TooLarge, Unauthorized, UsageError
from bouncestream.event import BounceEvent
from bouncestream.judging.webhook import judge
from bouncestream.policy import Rules
from bouncestream.ports import RawInput
from bouncestream.providers._contract import WebhookRequest, admit, prove
from bouncestream.providers._settings import Webhook
from bouncestream.providers._trace import Piece, trace

if TYPE_CHECKING:
    from bouncestream.config.model import Config

#: Headers that say how a body is written, and prove nothing.
_CONTENT = frozenset({"content-type"})
#: A larger file is no request: `[server] max_body` is 10 MiB.
_LARGEST = 64 * 1024 * 1024

_UNPROVEN = "not checked: no headers are given (--header)"


def options(inner: Commands) -> None:
    """The options of `bouncestream provider try`."""
    parser = inner.add_parser("try", help="read saved requests", description="Read saved requests.")
    command(
        parser,
        run,
        "A file has the body of one request, as `bouncestream outbox show 12 --raw --reveal` prints one, or "
        "`outbox show 3 --quarantine --raw --reveal` one that could not be read. Nothing is stored or sent. The "
        "proof of a request is checked only if its headers are given.\n\n"
        'With --json, one object for each file: {"file", "proof", "events": [{"kind", "reason", "recipient",\n'
        '"said", "decided_by", "paths", "evidence", …}], "ignored": […], "unreadable": [{"why", "type"}]}, or '
        '"error".',
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="the body of a request; - for standard input")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--name", metavar="NAME", help="read as this webhook of the configuration does")
    which.add_argument("--provider", metavar="NAME", help="read as this provider does; needs no configuration")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="LINE",
        help='a header of the request, such as "Content-Type: text/plain"; repeat it for more',
    )
    parser.add_argument("--query", default="", metavar="TEXT", help="the URL's query, without the question mark")
    parser.add_argument("--json", action="store_true", help="one JSON object per file, one per line")


def run(args: argparse.Namespace) -> int:
    """Read each file; 1 when a file, or a part of one, could not be read."""
    headers = _headers(args.header)
    hook, rules = _webhook(args, proving=bool({*map(str.lower, headers)} - _CONTENT))
    failed = False
    if not args.json and not {*map(str.lower, headers)} - _CONTENT:
        out.mark("·", f"proof: {_UNPROVEN}")
    for name in args.files:
        told = _read(name, args, headers, hook, rules)
        failed |= bool(told.get("error") or told.get("unreadable") or str(told.get("proof")).startswith("refused"))
        if args.json:
            out.json_line(told)
        else:
            _print(told)
    return 1 if failed else 0


def _headers(lines: Sequence[str]) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or any(c.isspace() for c in name.strip()):
            raise UsageError(f'--header {line!r} is no header. Next: write it as "Name: value".')
        headers.add(name.strip(), value.strip())
    return headers


def _webhook(args: argparse.Namespace, *, proving: bool) -> tuple[Webhook, Rules]:
    """The webhook whose settings count, and the policy."""
    if args.provider is not None:
        if args.provider not in providers.names():
            raise UsageError(
                f"There is no provider {args.provider}. Next: `bouncestream provider list` shows which there are."
            )
        hook = providers.webhook(args.provider, args.provider)
        if missing := hook.needs():
            raise UsageError(
                f"{args.provider} needs a description ({', '.join(missing)}). Next: write it into the "
                "configuration, and name its webhook with --name."
            )
        return hook, Rules()
    config: Config = configuration(args, with_secrets=proving)
    names = ", ".join(config.webhooks) or "none"
    if args.name is None and len(config.webhooks) != 1:
        raise UsageError(f"Which webhook is it of? Next: choose one with --name: {names}; or name a --provider.")
    found = config.webhooks.get(args.name) if args.name is not None else next(iter(config.webhooks.values()))
    if found is None:
        raise UsageError(f"There is no webhook {args.name}. Next: name one of: {names}; or name a --provider.")
    return found, config.policy.rules


def _read(
    name: str, args: argparse.Namespace, headers: CIMultiDict[str], hook: Webhook, rules: Rules
) -> dict[str, Any]:
    """What comes of one file."""
    told: dict[str, Any] = {"file": Path(name).name if name != "-" else "-"}
    try:
        body = sys.stdin.buffer.read(_LARGEST) if name == "-" else _content(Path(name))
    except OSError as error:
        return told | {"error": f"cannot be read ({error.strerror or error})"}
    provider, now = providers.get(hook.provider), datetime.now(UTC)
    request = WebhookRequest("POST", headers, body, query=args.query)
    told |= {"provider": provider.name, "proof": _proof(request, hook, now)}
    try:
        parsed, pieces = trace(provider, request, hook, now)
    except (Malformed, TooLarge) as error:
        return told | {"error": str(error), "events": [], "ignored": [], "unreadable": []}
    came = RawInput(hook.name, provider.name, now, body, headers.get("Content-Type", ""))
    judged = iter(judge(parsed, came, rules, proven=not hook.unverified).events)
    events, ignored = [], []
    for piece in pieces:
        if piece.event is not None:
            events.append(_event(piece, next(judged)))
        else:
            ignored.append({"said": piece.said, "decided_by": piece.by, "why": piece.ignored})
    ignored += [{"said": "", "decided_by": "", "why": why} for why in parsed.ignored[len(ignored) :]]
    return told | {
        "events": events,
        "ignored": ignored,
        "unreadable": [{"why": one.why, "type": one.event_type} for one in parsed.unreadable],
    }


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST)


def _proof(request: WebhookRequest, hook: Webhook, now: datetime) -> str:
    """What its headers prove, in words."""
    if not {*map(str.lower, request.headers)} - _CONTENT:
        return _UNPROVEN
    if not hook.proofs:
        return "not checked: the webhook has no proof but a secret in its URL"
    alone = replace(hook, path_secret=None, allow_ips=())
    try:
        if not admit(request, alone, now) and prove(request, alone, now) is not None:
            return "not checked: its certificate would have to be fetched"
    except Unauthorized as error:
        return f"refused: {error}"
    return "right"


def _event(piece: Piece, event: BounceEvent) -> dict[str, Any]:
    assert piece.event is not None
    return {
        "kind": event.kind.value,
        "reason": event.reason,
        "recipient": event.recipient,
        "subscriber_uuid": event.subscriber_uuid,
        "campaign_uuid": event.campaign_uuid,
        "occurred_at": out.time(event.occurred_at),
        "reply_code": event.reply_code,
        "enhanced_status": event.enhanced_status,
        "diagnostic": event.diagnostic,
        "message_id": event.message_id,
        "provider_event_id": event.provider_event_id,
        "said": piece.said,
        "decided_by": piece.by,
        "paths": dict(piece.how),
        "evidence": event.evidence,
    }


def _print(told: dict[str, Any]) -> None:
    name = told["file"]
    if "error" in told:
        out.mark("✘", f"{name}: {told['error']}")
        return
    events, ignored, unreadable = told["events"], told["ignored"], told["unreadable"]
    counts = [f"{len(events)} event{'' if len(events) == 1 else 's'}"]
    counts += [
        f"{len(found)} {word}" for found, word in ((ignored, "ignored"), (unreadable, "unreadable")) if found
    ]
    out.mark("✘" if unreadable else "✔" if events else "·", f"{name}: {', '.join(counts)}")
    if told["proof"] != _UNPROVEN:
        out.mark("✘" if told["proof"].startswith("refused") else "·", f"proof: {told['proof']}")
    for event in events:
        print()
        pairs = [(title, event[key]) for key, title in _SHOWN]
        paths = [(f"  {option}", f"from {path}") for option, path in event["paths"].items()]
        out.fields([("judged", out.judged(event["kind"], event["reason"])), *pairs, *paths], "  ")
    for one in ignored:
        print()
        out.fields([("ignored", one["why"]), ("decided by", one["decided_by"])], "  ")
    for one in unreadable:
        print()
        out.fields([("unreadable", one["why"]), ("its word", one["type"])], "  ")
    print()


_SHOWN = (
    ("said", "its word"),
    ("decided_by", "decided by"),
    ("recipient", "recipient"),
    ("subscriber_uuid", "subscriber"),
    ("campaign_uuid", "campaign"),
    ("occurred_at", "occurred"),
    ("reply_code", "reply"),
    ("enhanced_status", "status"),
    ("diagnostic", "server's words"),
    ("message_id", "Message-ID"),
    ("provider_event_id", "its id"),
    ("evidence", "evidence"),
)
