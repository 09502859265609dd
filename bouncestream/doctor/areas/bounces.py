# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `bounces`: Listmonk's own settings for bounces, and who else feeds it.

Defaults and effects as measured on Listmonk 4.1 to 6.2 (2026-07): soft 2 → none, hard 1 → blocklist, complaint 1 →
blocklist; its POP scanner deletes every mail that it fetches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import Origin, clean, origin

if TYPE_CHECKING:
    from bouncestream.doctor.areas.listmonk import ListmonkFacts

TOPIC = "bounces"
FINDINGS: Mapping[str, str] = {
    "bounces-ok": "Listmonk accepts bounces and acts on them",
    "bounces-webhooks-off": "Listmonk's bounce webhooks are off",
    "bounces-processing-off": "Listmonk's bounce processing is off",
    "bounces-never-acts": "Listmonk never acts on hard bounces or complaints",
    "bounces-soft-never": "Listmonk's threshold for soft bounces is too high to be reached, so it never acts",
    "bounces-soft-none": "soft bounces have no effect in Listmonk",
    "bounces-soft-both": "Listmonk counts soft bounces as well, though bouncestream decides about them",
    "bounces-acts-at-once": "Listmonk acts on a subscriber at the first soft bounce",
    "bounces-deletes": "Listmonk deletes subscribers who bounce, and their bounces with them",
    "bounces-same-mailbox": "Listmonk's POP scanner empties the mailbox that bouncestream reads",
    "bounces-own-mailbox": "Listmonk's POP scanner reads a bounce mailbox of its own",
    "bounces-own-webhooks": "providers post bounces to Listmonk itself too",
    "bounces-own-twice": "Listmonk accepts the webhooks of a provider that bouncestream receives",
    "bounces-own-unproven": "Listmonk believes webhooks that anybody can forge",
    "bounces-doubled": "another bridge feeds the same bounces: they count twice",
    "bounces-refusals": "Listmonk's log is read for recipients whom the SMTP server refuses",
    "bounces-unanswered": "Listmonk does not answer a bounce as expected",
}
#: A count that is hardly ever reached.
NEVER = 50
_WHERE = "in Listmonk: Settings, Bounces"
_OWN = {
    "bounce.ses_enabled": "Amazon SES",
    "bounce.sendgrid_enabled": "SendGrid",
    "bounce.postmark": "Postmark",
    "bounce.forwardemail": "Forward Email",
    "bounce.azure": "Azure",
    "bounce.lettermint": "Lettermint",
}
#: What Listmonk's own webhook believes without proof, and what to do.
_FORGED = {
    "Amazon SES": (
        "messages of every SNS topic, not only of yours",
        "switch off Amazon SES, and let bouncestream receive them: its `topics` names yours",
    ),
    "Azure": ("posts without any secret", "give Azure a shared secret, or switch it off"),
}


def own_hooks(settings: Mapping[str, Any] | None) -> list[str]:
    """The providers whose webhooks Listmonk takes itself."""
    found = []
    for key, name in _OWN.items():
        value = (settings or {}).get(key)
        if value is True or (isinstance(value, dict) and value.get("enabled") is True):
            found.append(name)
    return found


def judge(
    seen: ListmonkFacts,
    mailboxes: Iterable[tuple[str, str]],
    labels: Iterable[str],
    providers: Collection[str] = (),
    *,
    soft_mode: str = "listmonk",
) -> list[Finding]:
    """`mailboxes`: host and user of those that bouncestream reads; `labels`: the names of its sources; `providers`:
    the titles of those whose webhooks it receives; `soft_mode`: `[policy.soft] mode`."""
    if not seen.known:  # whoever we are there, that the webhooks are off is seen
        return [one for one in _switches(seen, None) if one.id == "bounces-webhooks-off"] if seen.stranger else []
    settings = seen.settings
    found = _switches(seen, settings)
    if settings is not None:
        found += _actions(settings.get("bounce.actions"), soft_mode)
        found += _mailboxes(settings.get("bounce.mailboxes"), mailboxes)
        found += _own(settings, providers)
    found += _doubled(_rows(seen), tuple(labels))
    if not any(one.level in (Level.WARNING, Level.ERROR) for one in found):
        text = "bounce webhooks and processing are on"
        if settings is not None:
            text += f"; {_told(settings.get('bounce.actions'))}"
        found.append(Finding("bounces-ok", Level.OK, TOPIC, text))
    return found


def judge_log(seen: ListmonkFacts, *, enabled: bool) -> list[Finding]:
    """What is done about refusals while sending, which Listmonk writes into its log and counts nowhere."""
    if not enabled or not seen.known or seen.settings is None:
        return []
    text = "Listmonk's log is read for recipients whom your SMTP server refuses while a campaign is sent"
    return [Finding("bounces-refusals", Level.OK, TOPIC, text)]


def _own(settings: Mapping[str, Any], providers: Collection[str]) -> list[Finding]:
    """Webhooks that Listmonk takes itself."""
    found, names = [], own_hooks(settings)
    if twice := [name for name in names if name in providers]:
        text = f"Listmonk accepts webhooks of {', '.join(twice)} itself, and so does bouncestream"
        why = "If the provider posts to both, each bounce counts twice, once as Listmonk reads it."
        fix = f"remove Listmonk's URL at the provider; then {_WHERE}: switch off {' and '.join(twice)}"
        found.append(Finding("bounces-own-twice", Level.WARNING, TOPIC, text, why, fix))
    azure = settings.get("bounce.azure")
    open_ones = [name for name in names if name == _OWN["bounce.ses_enabled"]]
    if isinstance(azure, dict) and azure.get("enabled") is True and not azure.get("shared_secret"):
        open_ones.append(_OWN["bounce.azure"])
    for name in open_ones:
        forged, what = _FORGED[name]
        text = f"Listmonk's own webhook for {name} believes {forged}"
        why = "A stranger can blocklist any of your subscribers."
        found.append(Finding("bounces-own-unproven", Level.WARNING, TOPIC, text, why, f"{_WHERE}: {what}"))
    if others := [name for name in names if name not in twice]:
        text = f"Listmonk accepts webhooks of {', '.join(others)} itself"
        why = "Fine unless bouncestream receives the same bounces another way: each would count twice."
        found.append(Finding("bounces-own-webhooks", Level.INFO, TOPIC, text, why))
    return found


def _switches(seen: ListmonkFacts, settings: Mapping[str, Any] | None) -> list[Finding]:
    probe = seen.replies["probe"]
    found = []
    on = (settings or {}).get
    if on("bounce.webhooks_enabled") is False or (probe.status == 404 and origin(probe) is Origin.LISTMONK):
        text = "Listmonk's bounce webhooks are off"
        what = "Enable bounce webhooks"
        if settings is None:  # so nobody can tell about the other one, and on a fresh Listmonk both are off
            what = "Enable bounce processing and Enable bounce webhooks"
        fix = f"{_WHERE}: switch on {what}, and save"
        why = "bouncestream's posts are answered 404: nothing is delivered until they are on."
        found.append(Finding("bounces-webhooks-off", Level.ERROR, TOPIC, text, why, fix, {"status": probe.status}))
    if on("bounce.enabled") is False or probe.status == 503:
        text = "Listmonk's bounce processing is off"
        fix = f"{_WHERE}: switch on Enable bounce processing, and save"
        why = "Listmonk records no bounces, from any source."
        found.append(
            Finding("bounces-processing-off", Level.ERROR, TOPIC, text, why, fix, {"status": probe.status})
        )
    if not found and probe.status not in (400, 401, 403):
        text = f"an empty bounce is answered with {probe.words()} instead of 400"
        fix = "check Listmonk's log, and any proxy between it and this machine"
        why = "A real one would not be accepted either."
        found.append(Finding("bounces-unanswered", Level.ERROR, TOPIC, text, why, fix, {"status": probe.status}))
    return found


def _actions(actions: Any, soft_mode: str) -> list[Finding]:
    rules = actions if isinstance(actions, dict) else {}
    found = []

    def rule(kind: str) -> tuple[int, str]:
        one = rules.get(kind)
        one = one if isinstance(one, dict) else {}
        count, action = one.get("count"), one.get("action")
        return (count if isinstance(count, int) else 1), (action if isinstance(action, str) else "")

    found += _soft(rules) if soft_mode == "listmonk" else _soft_both(rule("soft")[1])
    idle = [kind for kind in ("hard", "complaint") if rule(kind)[1] == "none" or rule(kind)[0] >= NEVER]
    idle = [kind for kind in idle if kind in rules]
    if idle:
        text = f"Listmonk never acts on {' and '.join(idle)} bounces ({_told(rules)})"
        why = "Dead addresses and complainers keep getting every campaign: providers and blocklists notice."
        fix = f"{_WHERE}: hard and complaint at count 1, action Blocklist"
        found.append(Finding("bounces-never-acts", Level.WARNING, TOPIC, text, why, fix))
    count, action = rule("soft")
    if count <= 1 and action in ("blocklist", "delete", "unsubscribe"):
        text = f"Listmonk's action at the first soft bounce is: {action}"
        why = "A mailbox that is full for an hour is a soft bounce: you lose subscribers permanently."
        fix = f"{_WHERE}: soft at count 3 or more, or action None"
        found.append(Finding("bounces-acts-at-once", Level.WARNING, TOPIC, text, why, fix))
    deletes = [kind for kind in ("soft", "hard", "complaint") if rule(kind)[1] == "delete"]
    if deletes:
        text = f"Listmonk deletes subscribers at {', '.join(deletes)} bounces"
        why = "Their bounces go with them, so the reason is lost, and the next import adds the address again."
        fix = f"{_WHERE}: action Blocklist instead of Delete"
        found.append(Finding("bounces-deletes", Level.WARNING, TOPIC, text, why, fix))
    return found


def _soft(rules: Mapping[str, Any]) -> list[Finding]:
    """Soft bounces that never have an effect: fine as a choice, but not as a surprise."""
    one = rules.get("soft")
    if not isinstance(one, dict):
        return []
    count, action = one.get("count"), one.get("action")
    if action == "none":
        text = "soft bounces have no effect: Listmonk's action for them is none"
        why = f"It stores up to {clean(str(count), 10)} per subscriber for information and takes no action, "
        why += "however many arrive. Fine if you want that."
        return [Finding("bounces-soft-none", Level.INFO, TOPIC, text, why)]
    if isinstance(count, int) and count >= NEVER:
        text = f"Listmonk acts only at {count:,} soft bounces of a subscriber, so never ({clean(str(action), 20)})"
        why = "Mailboxes that have been full or gone for months keep getting every campaign."
        fix = f"{_WHERE}: soft at count 3 to 10; or action None to do nothing"
        return [Finding("bounces-soft-never", Level.WARNING, TOPIC, text, why, fix, {"count": count})]
    return []


def _soft_both(action: str) -> list[Finding]:
    """Whether Listmonk acts on soft bounces although bouncestream decides about them."""
    if action in ("", "none"):
        return []
    text = f"[policy.soft] mode is bridge, and Listmonk's action for soft bounces is {clean(action, 20)}"
    why = "Listmonk counts soft bounces for ever and acts on its own: nothing is forgotten there."
    fix = f'{_WHERE}: soft with action None; or set [policy.soft] mode = "listmonk"'
    return [Finding("bounces-soft-both", Level.ERROR, TOPIC, text, why, fix, {"action": clean(action, 20)})]


def _told(actions: Any) -> str:
    rules = actions if isinstance(actions, dict) else {}
    shown = [
        f"{clean(str(kind), 20)} {clean(str(rule.get('count')), 10)} → {clean(str(rule.get('action')), 20)}"
        for kind, rule in sorted(rules.items())
        if isinstance(rule, dict)
    ]
    return ", ".join(shown[:5])


def _mailboxes(theirs: Any, ours: Iterable[tuple[str, str]]) -> list[Finding]:
    found = []
    mine = {(host.lower().rstrip("."), user.lower()) for host, user in ours}
    accounts = {user for _, user in mine if "@" in user}
    for box in theirs if isinstance(theirs, list) else []:
        if not isinstance(box, dict) or box.get("enabled") is not True:
            continue
        host, user = str(box.get("host", "")).lower().rstrip("."), str(box.get("username", "")).lower()
        shown = f"{clean(user, 60)} at {clean(host, 60)}"
        if (host, user) in mine or user in accounts:
            text = f"Listmonk's POP scanner reads {shown}, which bouncestream reads too"
            why = "It deletes every mail that it fetches, bounce or not: bouncestream never sees those."
            fix = f"{_WHERE}, Bounce mailboxes: disable it"
            found.append(Finding("bounces-same-mailbox", Level.ERROR, TOPIC, text, why, fix))
        else:
            text = f"Listmonk's POP scanner reads {shown}"
            why = "Fine unless bouncestream receives the same bounces. It deletes every mail that it fetches."
            found.append(Finding("bounces-own-mailbox", Level.INFO, TOPIC, text, why))
    return found


def _rows(seen: ListmonkFacts) -> Sequence[Mapping[str, Any]]:
    reply = seen.replies.get("bounces")
    return (reply.rows() or []) if reply is not None else []


def _doubled(rows: Sequence[Mapping[str, Any]], labels: tuple[str, ...]) -> list[Finding]:
    """Bounces of one subscriber, campaign and type from us and from someone else, among the newest bounces."""
    ours: set[tuple[str, str, str]] = set()
    theirs: dict[tuple[str, str, str], str] = {}
    for row in rows:
        campaign = row.get("campaign")
        mark = str(campaign.get("id", "")) if isinstance(campaign, dict) else ""
        key = (str(row.get("subscriber_uuid", "")), mark, str(row.get("type", "")))
        source = str(row.get("source", ""))
        if any(source == label or source.startswith(f"{label} ") for label in labels):
            ours.add(key)
        else:
            theirs[key] = source
    both = sorted({theirs[key] for key in ours & theirs.keys()})
    if not both:
        return []
    names = ", ".join(clean(name, 40) or "no name" for name in both[:5])
    text = f"the newest bounces have {len(ours & theirs.keys())} that came from both bouncestream and {names}"
    why = "Listmonk counts both: subscribers are blocklisted at half the count that you set."
    fix = f"let only one of them feed Listmonk: disable {names}, at the provider or {_WHERE}"
    return [
        Finding("bounces-doubled", Level.WARNING, TOPIC, text, why, fix, {"sources": [clean(b, 60) for b in both]})
    ]
