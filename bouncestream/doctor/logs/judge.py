# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of server logs → findings. Pure."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.logs.findings import FINDINGS, TOPIC, WORDS, finding, number, when
from bouncestream.doctor.logs.paths import Subject
from bouncestream.doctor.logs.people import Counted, anonymous, image_proxies, scanners
from bouncestream.doctor.logs.tally import LogFailure, RequestKey, Tally
from bouncestream.printable import printable

__all__ = ["FINDINGS", "judge"]

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
        "redirected": frozenset((301, 302, 303, 307, 308)),
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


def judge(
    tally: Tally, troubles: Sequence[LogFailure] = (), root_host: str = "", *, individual: bool | None = None
) -> tuple[list[Finding], bool]:
    """The findings, and whether all was examined. `root_host`: the host of Listmonk's public address, if known;
    `individual`: whether its individual tracking is on now, None: not known."""
    found = [_trouble(trouble) for trouble in troubles]
    whole = all(trouble.partly for trouble in troubles)
    if not tally.lines:
        if not troubles:
            found.append(Finding("logs-empty", Level.ERROR, TOPIC, "The log is empty.", fix=_EMPTY))
        return found, False
    if tally.unknown + tally.error_log > tally.sampled // 2 or not tally.sampled:
        found.append(_no_access_log(tally))
        if not tally.seen and not tally.error_log:
            return found, False
        whole = whole and bool(tally.seen)
    else:
        found.append(_read(tally))
    found += _quality(tally)
    found += _requests(tally, individual)
    found += _paths(tally, root_host)
    return found, whole


_EMPTY = "logs are rotated at night: pass the older ones too, such as /var/log/nginx/access.log*"


def _trouble(trouble: LogFailure) -> Finding:
    what = "could be read only partly" if trouble.partly else "could not be read"
    return Finding(
        "logs-unreadable",
        Level.WARNING if trouble.partly else Level.ERROR,
        "logs",
        f"{printable(trouble.file)} {what}: {printable(trouble.why, 200)}.",
        "The missing lines are not counted.",
        trouble.fix,
        {"file": trouble.file},
    )


def _no_access_log(tally: Tally) -> Finding:
    if tally.error_log > tally.unknown:
        parts = ["This is an error log"]
        if tally.opened_as_file:
            parts.append(
                f"{tally.opened_as_file:,} times the server looked for a tracking path on its disk instead of "
                "asking Listmonk"
            )
        if tally.upstream_failed:
            parts.append(f"{tally.upstream_failed:,} times Listmonk did not answer a tracking request")
        bad = tally.opened_as_file or tally.upstream_failed
        told_of = finding(
            "logs-error-log",
            Level.ERROR if bad else Level.WARNING,
            "; ".join(parts) + ".",
            opened_as_file=tally.opened_as_file,
            upstream_failed=tally.upstream_failed,
        )
        if not bad:
            return told_of
        fix = WORDS["logs-pixel-not-found" if tally.opened_as_file else "logs-pixel-failed"][1]
        return replace(told_of, fix=fix)
    if tally.sampled:
        seen = f"{tally.unknown / tally.sampled:.0%} of the examined lines are not access log lines."
    else:
        seen = "This is not text, so it is not an access log."
    told = {"sampled": tally.sampled, "unknown": tally.unknown}
    return finding("logs-unknown-format", Level.ERROR, seen, **told)


def _read(tally: Tally) -> Finding:
    period = f", {when(tally.first)} to {when(tally.last)}" if tally.first and tally.last else ""
    return finding(
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
        seen = f"{number(tally.junk, 'line is', 'lines are')} binary or extremely long."
        yield finding("logs-junk", level, seen, lines=tally.junk)
    if tally.unread:
        seen = f"{number(tally.unread, 'line names', 'lines name')} a tracking path, but could not be read."
        level = Level.WARNING if tally.unread > sum(tally.seen.values()) * 0.05 else Level.INFO
        yield finding("logs-unread", level, seen, lines=tally.unread)


# -- requests and their ends ------------------------------------------------------------------------------------


def _word(seen: RequestKey) -> str:
    """The outcome of a request: `ok`, or the last part of the finding's id."""
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


def _requests(tally: Tally, individual: bool | None) -> Iterable[Finding]:
    counted: Counter[Counted] = Counter()
    totals: Counter[Subject] = Counter()
    heads = probes = asked_again = 0
    for key, times in tally.seen.items():
        seen = RequestKey(*key)
        if seen.subject is Subject.PROBE:
            probes += times
        elif seen.subject is Subject.WEBHOOK and seen.method == "GET" and seen.status in (404, 405):
            asked_again += times
        elif seen.subject is Subject.GUIDE or (seen.subject is Subject.WEBHOOK and seen.method != "POST"):
            continue
        elif seen.method == "HEAD":
            heads += times
        else:
            counted[Counted(seen.subject, _word(seen), seen.family)] += times
            totals[seen.subject] += times
    pixels, links = totals[Subject.PIXEL], totals[Subject.LINK]
    if not pixels and not links and not (tally.opened_as_file or tally.upstream_failed):
        yield finding(
            "logs-no-tracking",
            Level.ERROR,
            f"None of the {tally.lines:,} lines requests a pixel or a tracked link.",
        )
    elif links and not pixels:
        seen_words = f"{number(links, 'click arrives', 'clicks arrive')}, but the pixel is never requested."
        yield finding("logs-no-pixel", Level.WARNING, seen_words)
    elif pixels >= _FEW and not links:
        yield finding(
            "logs-no-link", Level.INFO, f"{pixels:,} requests for the pixel, but no click on a tracked link."
        )
    yield from image_proxies(counted, tally.last_open)
    yield from _ends(counted, totals, tally, asked_again)
    yield from scanners(tally, totals[Subject.LINK], counted)
    if tally.own:
        verb = "is" if tally.own == 1 else "are"
        seen_words = (
            f"{number(tally.own, 'request', 'requests')} of bouncestream's own examinations {verb} ignored."
        )
        yield finding("logs-own", Level.INFO, seen_words, requests=tally.own)
    if heads:
        yield finding("logs-head", Level.INFO, f"{heads:,} HEAD requests for Listmonk's paths.", requests=heads)
    if probes:
        seen_words = f"{number(probes, 'request has', 'requests have')} all-zero UUIDs: these are tests"
        seen_words += ", including the doctor's, under the names of image proxies." if tally.own else "."
        yield finding("logs-probes", Level.INFO, seen_words, requests=probes)
    if tally.anonymous:
        yield anonymous(tally, individual)


def _ends(counted: Counter[Counted], totals: Counter[Subject], tally: Tally, asked_again: int) -> Iterable[Finding]:
    ends: Counter[tuple[Subject, str]] = Counter()
    for key, times in counted.items():
        ends[key.subject, key.word] += times
    for (subject, word), times in sorted(ends.items()):
        one, many = _NAMES[subject]
        id = f"logs-{subject}-{word}"
        if word == "ok" and subject in (Subject.LINK, Subject.WEBHOOK):
            verb = "arrived and was accepted" if times == 1 else "arrived and were accepted"
            yield finding(id, Level.OK, f"{number(times, one, many)} {verb}.", requests=times)
        elif word not in ("ok", "gone"):
            statuses, paths = _examples(tally, subject, word)
            told = ", ".join(str(status) for status in statuses)
            verb = "was" if times == 1 else "were"
            seen = f"{number(times, one, many)} of {totals[subject]:,} {verb} answered {told}"
            seen += f": {', '.join(paths)}." if paths else "."
            if (subject, word) == (Subject.WEBHOOK, "redirected") and asked_again:
                again = number(asked_again, "GET of a webhook", "GETs of webhooks")
                seen += f" {again} came too and were refused: the sender followed without the body."
            level = _level(id, times, totals[subject])
            yield finding(id, level, seen, requests=times, of=totals[subject], statuses=statuses, paths=paths)


def _examples(tally: Tally, subject: Subject, word: str) -> tuple[list[int], list[str]]:
    """The statuses with which requests ended so, and the paths that they were for."""
    statuses = {
        seen.status
        for seen in (RequestKey(*key) for key in tally.seen)
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
        yield finding("logs-guide-paths", Level.WARNING, f"Requested: {told}.", paths=dict(guides.most_common(20)))
    wrong = Counter({prefix: times for (prefix, good), times in tally.prefixes.items() if not good})
    if wrong:
        told = ", ".join(
            f"{printable(prefix, 80)}/campaign/… {times:,} times" for prefix, times in wrong.most_common(5)
        )
        level = Level.ERROR if wrong.total() > sum(tally.seen.values()) * _ERROR else Level.WARNING
        yield finding(
            "logs-sub-path",
            level,
            f"There is an extra prefix before Listmonk's path: {told}.",
            prefixes=dict(wrong),
        )
    hosts = Counter({_host(name): times for name, times in tally.hosts.items()})
    if root_host and hosts and root_host.lower() not in hosts:
        told = ", ".join(printable(name, 80) for name, _ in hosts.most_common(5))
        yield finding(
            "logs-other-host",
            Level.WARNING,
            f"Tracking requests are for {told}; Listmonk's public address is {root_host}.",
            hosts=dict(hosts.most_common(20)),
        )
    total = sum(tally.seen.values())
    if total >= _FEW and len(tally.clients) == 1 and _is_private(next(iter(tally.clients))):
        client = next(iter(tally.clients)).decode("ascii", "replace")
        yield finding(
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
