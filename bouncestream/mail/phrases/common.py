# SPDX-License-Identifier: GPL-3.0-or-later
"""Wordings that many servers share, by reason; what only one of them says stands in that vendor's file."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

COMMON = Vendor(
    "common",
    "RFC 5321 section 4.2, RFC 3463 section 3, RFC 5248; texts that several servers send alike; November 2026",
    (
        Wording("mailbox_full", "mailbox is full; mailbox exceeds; mailbox size limit; over quota; quota exceeded; "
             "disk quota"),
        Wording("too_big", "message too large; message too big; size limit exceeded; message length exceeds; "
             "message size"),
        Wording("auth_failure", "dmarc; dkim; spf; sender policy framework; not authorized to send mail"),
        Wording("no_ptr", "reverse dns; rdns; cannot find your hostname; mismatches client ip; reverse lookup; "
             "reverse name; ptr"),
        Wording("blocklisted", "blacklisted; blacklist; blocklist; reputation; is listed; ip * blocked; your ip; "
             "server * blocked; host * blocked; blocked due to"),
        Wording("sender_rejected", "sender rejected; sender domain; sender not; sender address; sender * rejected; "
             "unauthenticated senders; mail from * not exist; from address; return path; unresolvable relay host; "
             "your domain; email address is not verified; backscatter; not allowed to send; sender s address"),
        Wording("too_many", "throttling; per hour; sending limit"),
        Wording("greylisted", "greylisted; greylisting"),
        Wording("virus", "virus; malware; presents a potential"),
        Wording("spam", "спам; 迷惑メール; 垃圾邮件; spam; antispam; unsolicited; bulk mail; spamassassin; spammer",
             ),
        Wording("not_rfc", "not rfc; multiple addresses in from; header error"),
        Wording("content", "message contains"),
        Wording("policy", "policy; banned; blocked by; client host rejected; command rejected; helo name"),
        Wording("relaying", "relay access denied; relay denied; relaying; authentication required; "
             "not a registered gateway; not local; insecure mail relay; relay domains"),
        Wording("mailbox_disabled", "temporary locked; not active; being held"),
        Wording("user_filtered", "受信を拒否; 收件人拒收; not accepting mail from; "
             "not accepting mail with attachments; our allow list; recipient s own"),
        Wording("list_problem", "not a member of; mailing list"),
        Wording("moved", "no longer on server"),
        Wording("user_unknown", "requested action not taken mailbox unavailable", bare=True),
        Wording("system_full", "insufficient disk space; no space left; not enough disk space; mail system full"),
        Wording("delivery_program", "command died; pipe to; command output; temporary failure"),
        Wording("delivery_program", "procmail", before="no_mail_domain"),
        Wording("tls", "starttls; tls; certificate"),
        Wording("expired", "message expired; delivery time expired; queue too long; could not be delivered for; "
             "delivery attempts; delivery expired; queue lifetime"),
        Wording("network", "connection refused; connection reset; connection dropped; connection closed; "
             "connection was; lost connection; timed out; timeout; no route to host; refused to talk to me; "
             "could not connect; unable to connect; did not accept our requests; server did not respond; "
             "name service error; name server; dns lookup"),
        Wording("network", "host not found try again", before="no_mail_domain"),
        Wording("protocol", "improper sequence; syntax error"),
        Wording("system_error", "internal error; internal server error; misconfigured; configuration error; "
             "service unavailable; service not available; local error; could not load; upstream error"),
        Wording("too_big", "too large; size limit", Weight.WEAK),
        Wording("auth_failure", "authentication failed", Weight.WEAK),
        Wording("blocklisted", "dynamic ip", Weight.WEAK),
        Wording("content", "attachment; suspicious", Weight.WEAK),
        Wording("policy", "not allowed; refused; denied; rejected by; administrator", Weight.WEAK),
        # Postfix puts any reason behind these words.
        Wording("expired", "giving up", Weight.WEAK),
        Wording("system_error", "try later; not available", Weight.WEAK),
        Wording("rejected", "not accepted; rejected; unable to deliver; could not be delivered; undeliverable; "
             "not delivered; delivery failed; delivery failure", Weight.WEAK),
    ),
)  # fmt: skip
