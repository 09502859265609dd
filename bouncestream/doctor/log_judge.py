# SPDX-License-Identifier: GPL-3.0-or-later
"""What was counted in server logs → findings. Pure."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.log_paths import IMAGE_PROXIES, Subject
from bouncestream.doctor.log_tally import Seen, Tally, Trouble
from bouncestream.doctor.log_words import FINDINGS, WORDS
from bouncestream.printable import printable

__all__ = ["FINDINGS", "judge"]

TOPIC = "logs"

#: From this share of a subject's requests on, what goes wrong is an error, or a warning; less is for information.
_ERROR, _WARNING = 0.05, 0.005
_FEW = 20  #: with fewer requests some things cannot be told

_NAMES = {
    Subject.PIXEL: ("request for the pixel", "requests for the pixel"),
    Subject.LINK: ("click on a tracked link", "clicks on tracked links"),
    Subject.PAGE: ("request for a subscription page", "requests for subscription pages"),
    Subject.WEBHOOK: ("webhook", "webhooks"),
}
_REFUSED = frozenset((401, 402, 403, 405, 406, 407, 418, 429, 444, 451))
#: subject → word of its finding → statuses; what is in none of them is odd
_WORDS_OF: dict[Subject, dict[str, frozenset[int]]] = {
    Subject.PIXEL: {
        "ok": frozenset((200, 206)),
        "not-found": frozenset((404, 410)),
        "refused": _REFUSED,
        "redirected": frozenset((301, 302, 303, 307, 308)),
        "cached": frozenset((304,)),
        "malformed": frozenset((400,)),
    },
    Subject.LINK: {
        "ok": frozenset((307,)),
        "not-found": frozenset((404, 410)),
        "refused": _REFUSED,
        "redirected": frozenset((301, 302, 303, 308)),
        "unknown": frozenset((400,)),
    },
    Subject.PAGE: {
        "ok": frozenset((*range(200, 400), 400, 422)),  # forms answer with what was wrong in them
        "not-found": frozenset((404, 410)),
        "refused": _REFUSED,
    },
    Subject.WEBHOOK: {
        "ok": frozenset(range(200, 300)),
        "not-found": frozenset((404, 405, 410)),
        "refused": frozenset((401, 402, 403, 407, 418, 444, 451)),
        "too-large": frozenset((413,)),
    },
}
#: The reader went away before the answer; nothing of ours.
_GONE = frozenset((408, 499))
#: Strangers try these too, or a few of them are normal.
_AT_MOST_WARNING = frozenset(
    (
        *("logs-pixel-malformed", "logs-link-malformed", "logs-link-unknown", "logs-page-not-found"),
        *("logs-webhook-refused", "logs-webhook-not-found", "logs-pixel-cached"),
    )
)


class Counted(NamedTuple):
    """Requests that ended alike."""

    subject: Subject
    word: str
    family: str


def judge(tally: Tally, troubles: Sequence[Trouble] = (), root_host: str = "") -> tuple[list[Finding], bool]:
    """The findings, and whether all was examined. `root_host`: the host of Listmonk's public address, if known."""
    found = [_trouble(trouble) for trouble in troubles]
    whole = all(trouble.partly for trouble in troubles)
    if not tally.lines:
        if not troubles:
            found.append(Finding("logs-empty", Level.ERROR, TOPIC, "There is not one line in the log.", fix=_EMPTY))
        return found, False
    if tally.unknown + tally.error_log > tally.sampled // 2 or not tally.sampled:
        found.append(_no_access_log(tally))
        if not tally.seen and not tally.error_log:
            return found, False
        whole = whole and bool(tally.seen)
    else:
        found.append(_read(tally))
    found += _quality(tally)
    found += _requests(tally)
    found += _paths(tally, root_host)
    return found, whole


def _finding(id: str, level: Level, seen: str, **evidence: Any) -> Finding:
    why, fix = WORDS.get(id, ("", ""))
    return Finding(id, level, TOPIC, printable(seen), why, fix if level is not Level.OK else "", evidence)


_EMPTY = "logs are renamed at night: hand over the older ones too, such as /var/log/nginx/access.log*"


def _trouble(trouble: Trouble) -> Finding:
    what = "could be read only in part" if trouble.partly else "could not be read"
    return Finding(
        "logs-unreadable",
        Level.WARNING if trouble.partly else Level.ERROR,
        "logs",
        f"{printable(trouble.file)} {what}: {printable(trouble.why, 200)}.",
        "What is missing is not counted.",
        trouble.fix,
        {"file": trouble.file},
    )


def _no_access_log(tally: Tally) -> Finding:
    if tally.error_log > tally.unknown:
        parts = ["This is an error log"]
        if tally.opened_as_file:
            parts.append(
                f"{tally.opened_as_file:,} times the server looked for a tracking path on its disk instead of "
                "asking "
                "Listmonk"
            )
        if tally.upstream_failed:
            parts.append(f"{tally.upstream_failed:,} times Listmonk did not answer a tracking request")
        bad = tally.opened_as_file or tally.upstream_failed
        finding = _finding(
            "logs-error-log",
            Level.ERROR if bad else Level.WARNING,
            "; ".join(parts) + ".",
            opened_as_file=tally.opened_as_file,
            upstream_failed=tally.upstream_failed,
        )
        if not bad:
            return finding
        fix = WORDS["logs-pixel-not-found" if tally.opened_as_file else "logs-pixel-failed"][1]
        return Finding(finding.id, finding.level, TOPIC, finding.seen, finding.why, fix, finding.evidence)
    if not tally.sampled:
        return _finding(
            "logs-unknown-format", Level.ERROR, "This is no text, so no access log.", sampled=0, unknown=0
        )
    share = tally.unknown / tally.sampled
    return _finding(
        "logs-unknown-format",
        Level.ERROR,
        f"{share:.0%} of the lines looked at are no lines of an access log.",
        sampled=tally.sampled,
        unknown=tally.unknown,
    )


def _read(tally: Tally) -> Finding:
    period = f", {_when(tally.first)} to {_when(tally.last)}" if tally.first and tally.last else ""
    return _finding(
        "logs-read",
        Level.OK,
        f"{tally.lines:,} lines were read{period}.",
        lines=tally.lines,
        first=tally.first.isoformat() if tally.first else None,
        last=tally.last.isoformat() if tally.last else None,
    )


def _quality(tally: Tally) -> Iterable[Finding]:
    if tally.junk:
        level = Level.WARNING if tally.junk > tally.lines * 0.01 else Level.INFO
        seen = f"{_number(tally.junk, 'line is', 'lines are')} binary or absurdly long."
        yield _finding("logs-junk", level, seen, lines=tally.junk)
    if tally.unread:
        seen = f"{_number(tally.unread, 'line names', 'lines name')} a tracking path, but could not be read."
        level = Level.WARNING if tally.unread > sum(tally.seen.values()) * 0.05 else Level.INFO
        yield _finding("logs-unread", level, seen, lines=tally.unread)


# -- requests and their ends ------------------------------------------------------------------------------------


def _word(seen: Seen) -> str:
    """How a request ended: `ok`, or the last part of the finding's id."""
    if seen.status in _GONE:
        return "gone"
    if not seen.whole and seen.status < 500:
        return "malformed"
    for word, statuses in _WORDS_OF[seen.subject].items():
        if seen.status in statuses:
            return word
    if seen.status >= 500 or seen.subject in (Subject.PAGE, Subject.WEBHOOK):
        return "failed"
    return "odd"


def _requests(tally: Tally) -> Iterable[Finding]:
    counted: Counter[Counted] = Counter()
    totals: Counter[Subject] = Counter()
    heads = probes = 0
    for key, times in tally.seen.items():
        seen = Seen(*key)
        if seen.subject is Subject.PROBE:
            probes += times
        elif seen.subject is Subject.GUIDE or (seen.subject is Subject.WEBHOOK and seen.method != "POST"):
            continue
        elif seen.method == "HEAD":
            heads += times
        else:
            counted[Counted(seen.subject, _word(seen), seen.family)] += times
            totals[seen.subject] += times
    pixels, links = totals[Subject.PIXEL], totals[Subject.LINK]
    if not pixels and not links and not (tally.opened_as_file or tally.upstream_failed):
        yield _finding(
            "logs-no-tracking",
            Level.ERROR,
            f"None of the {tally.lines:,} lines asks for a pixel or a tracked link.",
        )
    elif links and not pixels:
        seen_words = f"{_number(links, 'click arrives', 'clicks arrive')}, but nobody asks for the pixel."
        yield _finding("logs-no-pixel", Level.WARNING, seen_words)
    elif pixels >= _FEW and not links:
        yield _finding(
            "logs-no-link", Level.INFO, f"{pixels:,} requests for the pixel, but no click on a tracked link."
        )
    yield from _image_proxies(counted, tally.last_open)
    yield from _ends(counted, totals, tally)
    if heads:
        yield _finding("logs-head", Level.INFO, f"{heads:,} HEAD requests for Listmonk's paths.", requests=heads)
    if probes:
        seen_words = f"{_number(probes, 'request has', 'requests have')} all-zero UUIDs: somebody tests."
        yield _finding("logs-probes", Level.INFO, seen_words, requests=probes)
    if tally.anonymous:
        seen_words = f"{_number(tally.anonymous, 'request names', 'requests name')} no subscriber."
        yield _finding("logs-anonymous", Level.INFO, seen_words, requests=tally.anonymous)


def _image_proxies(counted: Counter[Counted], last_open: datetime | None) -> Iterable[Finding]:
    """Who fetches the pixel; proxies that are refused while others are not are taken out of `counted`."""
    ended: dict[str, Counter[str]] = {}
    for key, times in counted.items():
        if key.subject is Subject.PIXEL:
            ended.setdefault(key.family, Counter())[key.word] += times
    good = sum(words["ok"] for words in ended.values())
    refused = {
        who: words["refused"]
        for who, words in ended.items()
        if who in IMAGE_PROXIES and words["refused"] * 2 >= words.total()
    }
    if refused and good:
        told = ", ".join(f"{who} {times:,} times" for who, times in refused.items())
        yield _finding(
            "logs-proxy-refused", Level.ERROR, f"Refused, while others are not: {told}.", refused=refused
        )
        for who in refused:
            del counted[Counted(Subject.PIXEL, "refused", who)]
    if good:
        by_family = {who: words["ok"] for who, words in ended.items() if words["ok"]}
        told = ", ".join(f"{who} {n:,}" for who, n in sorted(by_family.items(), key=lambda one: -one[1]))
        last = f", the last one {_when(last_open)}" if last_open else ""
        number = _number(good, "request for the pixel was", "requests for the pixel were")
        yield _finding("logs-pixel-ok", Level.OK, f"{number} answered 200{last}.", requests=good)
        yield _finding("logs-image-proxies", Level.INFO, f"Fetched by {told}.", requests=by_family)


def _ends(counted: Counter[Counted], totals: Counter[Subject], tally: Tally) -> Iterable[Finding]:
    ends: Counter[tuple[Subject, str]] = Counter()
    for key, times in counted.items():
        ends[key.subject, key.word] += times
    for (subject, word), times in sorted(ends.items()):
        one, many = _NAMES[subject]
        id = f"logs-{subject}-{word}"
        if word == "ok" and subject in (Subject.LINK, Subject.WEBHOOK):
            verb = "arrived and was taken" if times == 1 else "arrived and were taken"
            yield _finding(id, Level.OK, f"{_number(times, one, many)} {verb}.", requests=times)
        elif word not in ("ok", "gone"):
            statuses, paths = _examples(tally, subject, word)
            told = ", ".join(str(status) for status in statuses)
            verb = "was" if times == 1 else "were"
            seen = f"{_number(times, one, many)} of {totals[subject]:,} {verb} answered {told}"
            seen += f": {', '.join(paths)}." if paths else "."
            level = _level(id, times, totals[subject])
            yield _finding(id, level, seen, requests=times, of=totals[subject], statuses=statuses, paths=paths)


def _examples(tally: Tally, subject: Subject, word: str) -> tuple[list[int], list[str]]:
    """The statuses with which requests ended so, and the paths that they were for."""
    statuses = {
        seen.status
        for seen in (Seen(*key) for key in tally.seen)
        if seen.subject is subject and seen.method != "HEAD" and _word(seen) == word
    }
    paths: dict[str, None] = {}
    for (of, status, path), _ in tally.shapes.most_common():
        if of is subject and status in statuses:
            paths[printable(path, 120)] = None
    return sorted(statuses), list(paths)[:5]


def _level(id: str, times: int, total: int) -> Level:
    share = times / total
    if share < _WARNING:
        return Level.INFO
    return Level.WARNING if share < _ERROR or id in _AT_MOST_WARNING else Level.ERROR


# -- paths, hosts, clients --------------------------------------------------------------------------------------


def _paths(tally: Tally, root_host: str) -> Iterable[Finding]:
    guides = Counter[str]()
    for (subject, _, path), times in tally.shapes.items():
        if subject is Subject.GUIDE:
            guides[printable(path, 120)] += times
    if guides:
        told = ", ".join(f"{path} {times:,} times" for path, times in guides.most_common(5))
        yield _finding("logs-guide-paths", Level.WARNING, f"Asked for: {told}.", paths=dict(guides.most_common(20)))
    wrong = Counter({prefix: times for (prefix, good), times in tally.prefixes.items() if not good})
    if wrong:
        told = ", ".join(
            f"{printable(prefix, 80)}/campaign/… {times:,} times" for prefix, times in wrong.most_common(5)
        )
        level = Level.ERROR if wrong.total() > sum(tally.seen.values()) * _ERROR else Level.WARNING
        yield _finding(
            "logs-sub-path", level, f"Before Listmonk's own path stands more: {told}.", prefixes=dict(wrong)
        )
    hosts = Counter({_host(name): times for name, times in tally.hosts.items()})
    if root_host and hosts and root_host.lower() not in hosts:
        told = ", ".join(printable(name, 80) for name, _ in hosts.most_common(5))
        yield _finding(
            "logs-other-host",
            Level.WARNING,
            f"Tracking requests are for {told}; Listmonk's public address is {root_host}.",
            hosts=dict(hosts.most_common(20)),
        )
    total = sum(tally.seen.values())
    if total >= _FEW and len(tally.clients) == 1 and _is_private(next(iter(tally.clients))):
        client = next(iter(tally.clients)).decode("ascii", "replace")
        yield _finding(
            "logs-one-client",
            Level.INFO,
            f"All {total:,} requests come from {client}.",
            client=client,
            requests=total,
        )


def _host(name: bytes) -> str:
    text = name.decode("utf-8", "replace").lower()
    return text.rpartition(":")[0] if text.rpartition(":")[2].isdigit() and not text.endswith("]") else text


def _is_private(client: bytes) -> bool:
    try:
        address = ipaddress.ip_address(client.decode("ascii"))
    except (UnicodeDecodeError, ValueError):
        return False
    # the addresses for documentation count as private to Python, not here
    return (
        address.is_loopback
        or address.is_link_local
        or any(address in network for network in _LANS if network.version == address.version)
    )


_LANS = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
