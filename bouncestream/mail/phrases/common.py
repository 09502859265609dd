# SPDX-License-Identifier: GPL-3.0-or-later
"""Wordings that many servers share, by reason; what only one of them says stands in that vendor's file."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

COMMON = Vendor(
    "common",
    "RFC 5321 section 4.2, RFC 3463 section 3, RFC 5248; texts that several servers send alike; November 2026",
    (
        Wording("mailbox_full",
             "mailbox full; full mailbox; mailbox is full; mailbox has exceeded; mailbox exceeds; "
             "mailbox size limit; mailbox quota; mailfolder is full; over quota; over the quota; "
             "over the allowed quota; quota exceeded; exceeded quota; quota violation; "
             "exceeded storage allocation; disk quota; user quota; not enough storage space; "
             "user has too many messages"),
        Wording("too_big",
             "message too large; message too big; message file too big; "
             "size limit exceeded; message length exceeds; exceeded * message size; "
             "max message size; size exceeds"),
        Wording("auth_failure",
             "dmarc; dkim; spf; sender policy framework; not authorized to send mail; not authenticated"),
        Wording("no_ptr",
             "reverse dns; rdns; ptr record; no ptr; ptr records; cannot find your hostname; "
             "client host rejected cannot; mismatches client ip; reverse lookup; reverse name; "
             "ip name lookup failed; no reverse; missing ptr"),
        Wording("blocklisted",
             "blacklisted; blacklist; blocklist; bad reputation; sender reputation; domain reputation; is listed; "
             "ip * blocked; your ip; connections not accepted from; server * blocked; host * blocked; "
             "in a black list; blocked due to; bad sender ip; dial up"),
        Wording("sender_rejected",
             "sender rejected; sender domain; sender unknown; sender not; sender address; sender * rejected; "
             "sender * not found; invalid sender; unknown sender; unauthenticated senders; mail from * not exist; "
             "from address; return path; return address; unresolvable relay host; your domain; "
             "email address is not verified; backscatter; not allowed to send; sender s address"),
        Wording("too_many",
             "too many connections; too many concurrent; too many sessions; too many recipients; "
             "too many unknown; throttling; connection rate; per hour; sending limit; connection limit"),
        Wording("greylisted", "greylisted; greylisting"),
        Wording("virus", "virus; malware; presents a potential"),
        Wording("spam",
             "спам; 迷惑メール; 垃圾邮件; spam; antispam; unsolicited; "
             "bulk mail; bulk email; spamassassin; spammer; advertising; unwanted; "
             "message scored; batv"),
        Wording("not_rfc",
             "not rfc; duplicate header; multiple addresses in from; header error; improper use of 8 bit"),
        Wording("content", "attachment type; rejected * content; message contains"),
        Wording("policy",
             "policy; banned; blocked by; client host rejected; command rejected; helo name; invalid helo"),
        Wording("relaying",
             "relay access denied; relay denied; relaying denied; relay not permitted; relaying not allowed; "
             "not permitted to relay; relaying mail; authentication required; not a gateway; "
             "not a registered gateway; not local; insecure mail relay; relay domains; relay hosts"),
        Wording("mailbox_disabled",
             "account * disabled; account disabled; account inactive; account is locked; account * suspended; "
             "mailbox disabled; mailbox * disabled; mailbox locked; mailbox is frozen; mailbox frozen; "
             "user is suspended; user disabled; user * locked; recipient * suspended; recipient * disabled; "
             "disabled recipient; inactive user; inactive account; domain is disabled; temporary locked; "
             "not active; being held"),
        Wording("user_filtered",
             "受信を拒否; 收件人拒收; not accepting mail from; not accept mail from; "
             "not accepting mail with attachments; our allow list; recipient s own; rule imposed mailbox access"),
        Wording("list_problem",
             "groupe que vous avez essaye de contacter; not a member of; members only; mailing list"),
        Wording("tls", "certificate not found; must be encrypted; no certificate", before="user_unknown"),
        Wording("moved", "no longer on server"),
        Wording("user_unknown", "requested action not taken mailbox unavailable", bare=True),
        Wording("system_full", "insufficient disk space; no space left; not enough disk space; mail system full"),
        Wording("delivery_program",
             "command died; command failed; local configuration error; pipe to; command output; "
             "temporary failure"),
        Wording("delivery_program", "procmail; could not create; cannot create output", before="no_mail_domain"),
        Wording("loop",
             "mail loop; loops back to myself; forwarding loop; routing loop; looping"),
        Wording("tls", "starttls; tls; certificate"),
        Wording("expired",
             "message expired; delivery time expired; queue too long; "
             "expired * minutes; could not be delivered for; unable to deliver message after; delivery attempts; "
             "delivery expired; queue lifetime"),
        Wording("network",
             "connection refused; connection reset; connection dropped; connection closed; "
             "connection was; lost connection; timed out; timeout; no route to host; host unreachable; "
             "host * unreachable; refused to talk to me; could not connect; unable to connect; "
             "did not accept our requests; server did not respond; host not reachable; name service error; "
             "name server; nameserver; dns error; dns lookup; host name lookup failure; temporary lookup failure"),
        Wording("network",
             "host not found try again; host not found * try again; no such domain try again; "
             "lookup gave temporary; lookup returned temporary", before="no_mail_domain"),
        Wording("protocol", "improper sequence; syntax error; invalid address syntax"),
        Wording("system_error",
             "internal system error; internal error; internal server error; server configuration; misconfigured; "
             "configuration error; service unavailable; service currently unavailable; service not available; "
             "service refused; server too busy; server busy; local error; could not load; cannot open; "
             "cannot create; queue file write error; upstream error"),
        Wording("too_big", "too large; size limit", Weight.WEAK),
        Wording("auth_failure", "authentication failed", Weight.WEAK),
        Wording("blocklisted", "dynamic ip", Weight.WEAK),
        Wording("too_many", "limit reached", Weight.WEAK),
        Wording("spam", "content filter", Weight.WEAK),
        Wording("content", "attachment; suspicious", Weight.WEAK),
        Wording("policy",
             "not authorized; not allowed; refused; denied; rejected by; mail rejected; message rejected; "
             "administrator", Weight.WEAK),
        Wording("mailbox_disabled", "temporarily suspended; temporarily inactive; dormant", Weight.WEAK),
        # Postfix puts any reason behind these words.
        Wording("rejected", "recipient address rejected", Weight.WEAK, before="user_unknown"),
        Wording("expired", "giving up", Weight.WEAK),
        Wording("network", "not responding; try again", Weight.WEAK),
        Wording("system_error",
             "try later; temporarily unavailable; not available; mail system; temporary error; "
             "temporary local problem; mailbox busy; mailbox temporarily", Weight.WEAK),
        Wording("rejected",
             "not accepted; transaction failed; rejected; unable to deliver; could not be delivered; "
             "cannot be delivered; undeliverable; unavailable; not delivered; could not deliver; delivery failed; "
             "delivery failure", Weight.WEAK),
        Wording("undetermined", "temporarily; deferred", Weight.WEAK),
    ),
)  # fmt: skip
