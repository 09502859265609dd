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
    log_silent: str = "no refusal while sending so far"
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
    bridges: str = "Bridges"
    replication: str = "Replication"
    seen_by: str = "as {bridge} sees it, which delivers"
    delivers: str = "delivers, {left} left of its lease"
    takes_in: str = "takes in"
    not_seen: str = "last seen {ago} ago"
    latest: str = "The last events"
    none_yet: str = "The outbox has no events yet."

    # events
    events: str = "Events"
    search: str = "Search"
    all_of_them: str = "all"
    clear: str = "Clear the search"
    address: str = "Address"
    domain: str = "Domain"
    reason: str = "Reason"
    kind: str = "Kind"
    campaign: str = "Campaign UUID"
    since: str = "From day"
    until: str = "To day"
    found: str = "Found"
    found_none: str = "No event fits."
    found_none_yet: str = "None of the events back to {time} UTC fits: so far a moment reached."
    narrow: str = "A day, an address, or the state pending, held or dead makes the search quick."
    looked_back: str = "Shown are events back to {time} UTC."
    older: str = "Older events"
    newest: str = "The newest again"
    all_events: str = "All events"
    sealed_search: str = "The outbox is sealed: without its key nobody can be looked up by address."

    # one event
    event: str = "Event {number}"
    way: str = "How it was judged"
    received: str = "Received"
    received_by: str = "{time} UTC by {source} ({provider})"
    occurred: str = "Occurred"
    said: str = "The provider calls it"
    decided_by: str = "Decided by"
    server_words: str = "The server's words"
    evidence: str = "Evidence"
    means: str = "Means"
    unsubscribed: str = "The recipient wants no more of it."
    unsure: str = "Sure"
    soft_bounces: str = "Soft bounces"
    status: str = "Status"
    now_judged: str = "This version"
    held_for: str = "Held for"
    mail_steps: str = "The questions to the mail, and its answers"
    mail_parts: str = "Its parts"
    part: str = "Part"
    media: str = "Type"
    role: str = "Read as"
    address_from: str = "Address found in"
    could_be: str = "Could also be"
    against: str = "Against it"
    signals: str = "What was found in it"
    found_in: str = "Found in"
    rule: str = "By"
    speaks_for: str = "Speaks for"
    words: str = "Words"
    weight: str = "Weight"
    decided: str = "decided"
    to_listmonk: str = "What was sent to Listmonk"
    ask_listmonk: str = (
        "This page reads only what is stored here. What Listmonk itself keeps of the event, it tells:"
    )
    history: str = "History"
    step: str = "Step"
    because: str = "Because"
    raw: str = "As it came in"
    show_raw: str = "Show the request or mail as it came in"
    raw_gone: str = "It has expired: [retention] raw."
    raw_size: str = "{size} bytes of {type}"
    raw_cut: str = "Its beginning is shown; all of it: bouncestream outbox show {number} --raw"
    no_type: str = "no type"
    back: str = "Back to the event"

    # sums
    campaigns: str = "Campaigns"
    why: str = "Why"
    domains: str = "Domains"
    period: str = "Period"
    one_day: str = "24 hours"
    days: str = "{days} days"
    of_campaign: str = "Of the campaign {campaign} alone."
    counted_since: str = "A moment reached back to {time} UTC ({ago}): what came in since then is counted here."
    counted_hint: str = (
        "Choose fewer days; or for all of it: bouncestream outbox stats --by campaign, reason or domain."
    )
    none_in_period: str = "Nothing came in within this period."
    and_more: str = "And {n} more."
    campaign_name: str = "Campaign"
    no_campaign: str = "without a campaign"
    no_names: str = (
        "The names of campaigns are those of Listmonk: the bridge asks for them while the dashboard is open."
    )
    rate: str = "Bounced"
    newest_event: str = "Last"
    total: str = "All"
    who_refuses: str = "Who refuses you"
    who_refuses_hint: str = "Servers that refuse the sender or the message, and not the address."
    refusals: str = "Refused"
    refusing_since: str = "First"
    their_words: str = "In their words"
    all_domains: str = "All domains"

    # opens
    opens: str = "Opens"
    opens_intro: str = (
        "Listmonk counts each request for the pixel as an open, also of machines. These are the requests in the "
        "access log of your proxy, and who made them."
    )
    opens_rate: str = (
        "Read by: recipients who opened by themselves or by an image proxy, or who clicked, each once; Rate: their "
        "share of those that it was sent to. Apple's Mail Privacy Protection fetches the pixel whether anybody "
        "reads or not, so its readers are here only if they click: the true number is somewhat higher."
    )
    opens_back: str = "The access log was read back to {time} UTC ({ago}), {size} MB of it."
    opens_short: str = "What is older is not read here."
    opens_slow: str = "The access log could not be read in time. Next: load the page again in a moment."
    opens_none: str = (
        "No open or click is in what was read. Next: see that it is the log of the proxy in front of Listmonk's "
        "public address."
    )
    opens_later: str = "It was sent before the part of the log that was read, so opens are missing here."
    opens_total: str = "Opens"
    opens_machines: str = "Machines"
    opens_proxies: str = "Image proxies"
    opens_people: str = "Readers' programs"
    opens_readers: str = "Read by"
    opens_honest: str = "Rate"
    opens_listmonk: str = "Listmonk counts"
    opens_unnamed: str = "not named"
    opens_who: str = "Who asks"
    opens_who_hint: str = (
        "An image proxy stands for a reader: it asks when the letter is shown. A request within {soon} seconds "
        "after the sending began is a machine's; when each later letter left, Listmonk does not keep."
    )
    clicks: str = "Clicks"
    clickers: str = "Clicked by"
    log_missing: str = "{path} is not there. Next: correct [dashboard] access_log, then restart bouncestream."
    log_denied: str = (
        "{path} may not be read. Next: put bouncestream into the group of the file, often adm: systemctl edit "
        "bouncestream, there under [Service] SupplementaryGroups=adm and PrivateUsers=no; then restart it."
    )
    log_packed: str = (
        "{path} is compressed. Next: name the file that the proxy writes to; for this one run: bouncestream doctor "
        "logs {path}"
    )
    log_strange: str = (
        "{path} is not an access log. Next: name the log of requests, not that of errors, in [dashboard] "
        "access_log, then restart bouncestream."
    )
    log_broken: str = "{path} could not be read: {told}. Next: check the path and the disk."

    # sources
    last_heard: str = "Last heard"
    its_url: str = "URL to enter at the provider"
    guide: str = "What to do at {provider}"
    guide_read: str = "By its documentation, read on {day}."
    uuids: str = "Tells campaign and subscriber"
    retries: str = "It tries again"
    last_requests: str = "The last requests"
    last_inputs: str = "What came in last"
    no_requests: str = "None among the newest."
    size: str = "Bytes"
    test: str = "Test it"
    test_curl: str = (
        "From anywhere outside. The answer 401 means that it is reached, and that what is forged is refused:"
    )
    test_event: str = "A signed test event, through your proxy, to the outbox:"
    test_mailbox: str = "Log in to the mailbox, and look at its folders:"
    no_public_url: str = "Set [server] public_url to see the whole URL."
    whole_url: str = "For <path_secret> write [webhooks] path_secret of the configuration; it is not shown here."
    folders: str = "Folders"

    # doctor
    doctor: str = "Doctor"
    doctor_intro: str = (
        "What the doctor's quick checks found: certificates, the pixel, the permissions of the token."
    )
    run_checks: str = "Run the quick checks"
    checked: str = "Checked {ago}: nothing was found."
    checked_found: str = "Checked {ago}."
    not_checked: str = "Not checked since the start. The bridge checks by itself at intervals ([alerts] checks)."
    checks_elsewhere: str = "The quick checks run in the bridge. Here, run:"
    whole: str = "The whole examination, also of opens and clicks:"
    since_when: str = "since {time} UTC"
    told_before: str = "Alerts about earlier findings"

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
