# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue: every text of the dashboard's pages that is ours. Another language is another instance of it.
`{…}` stands for what is filled in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts in one language; in English, unless they are given."""

    lang: str = "en"

    # the frame of each page
    skip: str = "To the content"
    pages: str = "Pages"
    now: str = "Now"
    sources: str = "Sources"
    show: str = "Show addresses"
    hide: str = "Hide addresses"
    shown: str = "Addresses are shown until {time} UTC."
    sealed: str = "The outbox is sealed, and the dashboard has no key: addresses and words of servers stay sealed."
    logout: str = "Log out"
    user: str = "Logged in as {who}"
    anonymous: str = "Logged in with the token"
    as_of: str = "As of {time} UTC"
    refresh: str = "Refresh every 30 seconds"
    no_refresh: str = "Stop refreshing"

    # times and numbers
    ago: str = "{span} ago"
    never: str = "never"
    unknown: str = "unknown"
    too_slow: str = (
        "This was not read: it takes longer than the dashboard lets it, so that the bridge is not held up."
    )

    # login
    login: str = "Log in"
    login_field: str = "Token"
    login_hint: str = "The token is [dashboard] token of the configuration."
    login_wrong: str = "This is not the token. Next: see [dashboard] token in the configuration."
    login_often: str = "Too many wrong tokens came from your address. Next: wait {span}, then try again."
    no_user: str = (
        "Your proxy named no user. Next: log in there; if you did, see [dashboard] trusted_header in the "
        "configuration."
    )

    # refusals
    not_found: str = "There is no such page."
    not_ours: str = (
        "This dashboard does not answer to the name {host}. Next: set [dashboard] public_url to the URL that you "
        "open, then restart bouncestream."
    )
    stale_form: str = (
        "This form is out of date, or of another site. Next: load the page again, then press once more."
    )
    home: str = "To the first page"
    went_wrong: str = "The page could not be made"

    # now
    all_works: str = "All works"
    works_but: str = "It works, and needs you"
    broken: str = "Something does not work"
    no_bridge: str = "No bridge is running"
    no_answer: str = "No bridge answers at [server] listen"
    start: str = "systemctl start bouncestream"
    not_proven: str = "Nothing is wrong, and not all is proven"
    last_bounce: str = "Last bounce {ago}"
    no_bounce: str = "No bounce yet"
    waiting: str = "{n} waiting"
    proven: str = "proven {ago}"
    long_proven: str = "last proven {ago}"
    unproven: str = "not proven yet"
    needs_you: str = "Needs you"
    day: str = "24 hours"
    week: str = "7 days"
    no_source: str = "No source is configured, so nothing can arrive."
    bars: str = "The last 30 days, by day: {told}."
    bars_none: str = "The last 30 days: nothing."
    outbox: str = "Outbox"
    on_its_way: str = "On their way"
    waiting_for: str = "Waiting"
    oldest: str = "the oldest for {span}"
    held: str = "Held"
    dead: str = "Dead"
    quarantine: str = "In quarantine"
    unidentified: str = "Unidentified"
    delivered: str = "In Listmonk"
    disk: str = "On disk"
    disk_free: str = "{free} free"
    listmonk: str = "Listmonk"
    state: str = "State"
    recorded: str = "Recorded and read back"
    restarts: str = "Restarts noticed"
    lost: str = "Lost by it, and posted again"
    since_start: str = "since the bridge started"
    doubled: str = "Stored twice"
    latest: str = "The last events"
    none_yet: str = "The outbox has no events yet."

    # tables
    time: str = "Time, UTC"
    judged: str = "Judged"
    person: str = "Recipient"
    source: str = "Source"
    hard: str = "hard"
    soft: str = "soft"
    complaint: str = "complaint"
    unsubscribe: str = "unsubscribe"

    # health
    green: str = "works"
    yellow: str = "needs a look"
    red: str = "does not work"


ENGLISH = Texts()
