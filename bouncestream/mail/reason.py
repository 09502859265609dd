# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a mail was not delivered: the table of reasons, and what each means for the kind of an event.

RFC 3463 section 3 gave the subjects (address, mailbox, system, network, protocol, content, policy); the reasons are
finer where servers tell more. A reason is hard only when it says that the address or its domain is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason, for the machine and for the operator."""

    kind: str  #: hard, soft, complaint or ignore
    passes: bool  #: it may go away without anybody doing anything
    sentence: str  #: for operators


REASONS: Mapping[str, Reason] = {
    # The address is not there.
    "user_unknown": Reason("hard", False, "The mailbox does not exist."),
    "host_unknown": Reason("hard", False, "The domain of the address does not exist."),
    "no_mail_domain": Reason(
        "hard", False, "The domain says that it takes no mail (null MX), or knows no such user."
    ),
    "moved": Reason("hard", False, "The mailbox has moved and nothing is forwarded."),
    # The mailbox is there, but it takes nothing.
    "mailbox_full": Reason("soft", True, "The mailbox is full."),
    "mailbox_disabled": Reason("soft", True, "The mailbox is there but switched off, suspended or unused."),
    "user_filtered": Reason("soft", True, "The recipient's own settings refuse the mail."),
    "suppressed": Reason(
        "soft", False, "The sending service refuses the address: it bounced or complained before."
    ),
    "provider_list": Reason(
        "ignore", False, "The provider did not send it: the address is on a list of its own, nothing says why."
    ),
    "moved_owner": Reason("soft", True, "The mailbox has another owner than when the address was given."),
    "list_problem": Reason("soft", True, "The address is a list or group that this sender may not write to."),
    # The message.
    "too_big": Reason("soft", True, "The message is larger than the recipient takes."),
    "content": Reason("soft", True, "The server does not take the content of this message."),
    "spam": Reason("soft", True, "The message was taken for spam."),
    "virus": Reason("soft", True, "The message was taken for malware."),
    "not_rfc": Reason("soft", True, "The server says that the message breaks a mail standard."),
    # The sender.
    "blocklisted": Reason("soft", True, "The sending server or domain is on a blocklist or has a bad reputation."),
    "auth_failure": Reason("soft", True, "SPF, DKIM or DMARC did not pass."),
    "no_ptr": Reason("soft", True, "The sending server has no fitting reverse DNS name."),
    "sender_rejected": Reason("soft", True, "The sender's address or domain was refused."),
    "no_mail_sender": Reason("soft", True, "The sender's domain says that it takes no mail."),
    "policy": Reason("soft", True, "The server refused the mail by a rule of its own."),
    "relaying": Reason("soft", True, "The server says that it does not take mail for this domain."),
    "too_many": Reason("soft", True, "Too much mail or too many connections in a short time."),
    "greylisted": Reason("soft", True, "The server asked to try again later, and that was not enough."),
    # The way.
    "system_full": Reason("soft", True, "The recipient's server has no disk space left."),
    "system_error": Reason("soft", True, "The recipient's server has a fault."),
    "delivery_program": Reason("soft", True, "The program that delivers into the mailbox failed."),
    "network": Reason("soft", True, "The recipient's server could not be reached, or its DNS did not answer."),
    "tls": Reason("soft", True, "No encrypted connection could be made."),
    "loop": Reason("soft", True, "The mail went round in circles."),
    "expired": Reason("soft", True, "Delivery was tried until time was up."),
    "protocol": Reason("soft", True, "The servers did not understand each other."),
    # Nothing more is known.
    "rejected": Reason("soft", True, "The server refused the mail without a reason that we understand."),
    "undetermined": Reason("soft", True, "The mail was not delivered; nothing says why."),
    # Not a failure.
    "complaint": Reason("complaint", False, "The recipient reported the mail as spam."),
    "delayed": Reason("ignore", True, "The server is still trying."),
    "delivered": Reason("ignore", True, "The mail was delivered."),
    "auto_reply": Reason("ignore", True, "An automatic answer of the recipient, such as a vacation notice."),
    "read_receipt": Reason("ignore", True, "A read receipt."),
    "auth_report": Reason("ignore", True, "A report about SPF, DKIM, DMARC or TLS, not about a recipient."),
    "not_spam": Reason("ignore", True, "The recipient says that the mail is not spam."),
    "no_bounce": Reason("ignore", True, "An ordinary mail."),
}


def kind_of(reason: str) -> str:
    """The kind that a reason gives; soft for a word that is not in the table."""
    known = REASONS.get(reason)
    return known.kind if known else "soft"
