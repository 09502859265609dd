# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told around the questions: what to have ready, what Listmonk's API user needs, what to paste where, and
what comes next."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

from bouncestream import providers
from bouncestream.cli import guiding, out
from bouncestream.cli.init.answers import LISTEN, MAILBOX, PASSWORD, Answers
from bouncestream.cli.init.person import BACK
from bouncestream.cli.init.questions_provider import wanted
from bouncestream.cli.init.writing import OUTBOX
from bouncestream.doctor.areas.webhooks import where
from bouncestream.mail import unsubscription
from bouncestream.mail.verp import campaign_header
from bouncestream.providers._settings import Webhook
from bouncestream.sinks.listmonk.permissions import PERMISSIONS

#: What a return address has before its *, so that without both it is the mailbox's own.
_PART = re.compile(r"[+=_-]?\*")

_READY = (
    "Listmonk's URL, and the token of an API user there (what it may do is told below)",
    "your provider's webhook settings and the public https address of this bridge, or a mailbox that bounces go "
    "to (its server, user and password), or both; or a mail server of your own that hands bounces over",
    "where alerts shall go: an e-mail address and an SMTP server, or a chat's URL; or nothing",
)


def intro(output: Path, *, terminal: bool) -> None:
    """What to have ready, and how to answer."""
    out.heading(f"This asks for what bouncestream needs, tries each answer, and writes {output}.")
    print("Have ready:")
    for one in _READY:
        out.prose(one, "  · ", "    ")
    if terminal:
        out.prose(
            f"Enter takes the answer in [brackets]. `{BACK}` goes back to the question before; `-` leaves out "
            "what may be left out. Ctrl-C ends it. Nothing is written before the end."
        )
    else:
        out.mark("·", "answers are read from standard input, which is no terminal; over SSH, `ssh -t` makes one")


def permissions() -> None:
    """What the API user of Listmonk needs."""
    print()
    out.heading("In Listmonk: Admin, Users, New, type API. Its role (Admin, User roles) needs:")
    for one in PERMISSIONS:
        print(f"  {one.words}")
        out.prose(one.buys, "      ", "      ")
    out.prose("docs/start/listmonk.md#permissions tells what happens without each.")


def pasted(output: Path, answers: Answers) -> None:
    """What to enter at each provider and in Listmonk."""
    for name in answers.providers:
        _provider(output, answers, answers.hook(name))
    if answers.imap_host or answers.bounce_address:
        _return_address(output, answers)
    if answers.bounce_address:
        _mail_server(answers.bounce_address)


def _provider(output: Path, answers: Answers, hook: Webhook) -> None:
    provider = providers.get(hook.provider)
    url, secret = where(answers.public_url, hook, shown=True), answers.secret(hook.provider)
    print()
    out.heading(f"For {provider.summary}, as its pages were on {provider.guide.read}:")
    guiding.tell(provider, hook, url, secret)
    for key, proof in wanted(hook.provider):
        if not getattr(hook, key.name) and proof is not None:
            out.prose(
                f"Then set {key.name} in [webhooks.{hook.name}] of {output}: it proves requests ({proof.word}).",
                "    ",
                "    ",
            )


def _return_address(output: Path, answers: Answers) -> None:
    address = answers.return_address or answers.bounce_address or f"{MAILBOX}@your.domain"
    plain = _PART.sub("", address)
    plain = f"{MAILBOX}{plain}" if plain.startswith("@") else plain
    print()
    out.heading(f"So that bounces come to the {'mailbox' if answers.imap_host else 'mail server'}:")
    guiding.paste("In Listmonk, Settings, SMTP, Custom headers of each server:", [{"Return-Path": plain}])
    unsubscriptions = f"unsub+*@{address.partition('@')[2]}"
    headers = list(unsubscription.campaign_headers(unsubscriptions))
    if "*" in address:
        headers.insert(0, campaign_header(address))
        what = "a return address of each subscriber (VERP), and for unsubscriptions by mail"
    else:
        what = "unsubscriptions by mail"
    guiding.paste(f"{guiding.TO_HEADERS} (6.2 or later; not before), for {what}:", headers)
    out.prose(
        "There switch off Settings, Privacy, List-Unsubscribe header: Listmonk's own would replace this one. Then "
        f'set in [mail] of {output}: unsubscribe = ["{unsubscriptions}"], if mails to it come to the mailbox.',
        "    ",
        "    ",
    )


def _mail_server(address: str) -> None:
    """How Postfix hands bounces over."""
    plain = _PART.sub("", address)
    print()
    out.heading("So that Postfix hands them over (docs/mailbox/mta.md; Exim and OpenSMTPD too):")
    print("    postconf -M bouncestream/unix='bouncestream unix - - n - - lmtp'")
    print("    postconf -e 'transport_maps = hash:/etc/postfix/transport' 'recipient_delimiter = +'")
    print(f"    echo '{plain.lstrip('@')} bouncestream:inet:{LISTEN}' >> /etc/postfix/transport")
    print("    postmap /etc/postfix/transport && systemctl reload postfix")


def following(output: Path, answers: Answers) -> None:
    """The commands that come next."""
    config = f" --config {shlex.quote(str(output))}"
    print()
    out.prose(
        "bouncestream also reads Listmonk's log: whom your SMTP server refuses while a campaign is sent, Listmonk "
        "itself never counts ([listmonk_log])."
    )
    print()
    out.heading("Next:")
    if answers.providers:
        out.prose(
            f"pass /webhooks/ from your reverse proxy with TLS to http://{answers.listen}/webhooks/; its "
            "configuration for Caddy (or nginx, apache, traefik):",
            "  ",
            "  ",
        )
        site = urlsplit(answers.public_url).hostname or "bounces.example.org"
        print(f"    bouncestream proxy caddy --domain news.example.org --webhook-domain {site}")
    if answers.imap_host and answers.imap_login != PASSWORD:
        print(f"    bouncestream mailbox login {MAILBOX}{config}")
    print(f"    bouncestream check{config}")
    print(f"    bouncestream run --dry-run{config}")
    out.prose(
        "A dry run does everything but tell Listmonk. As a service, which starts with the machine:", "  ", "  "
    )
    print(f"    {'' if os.geteuid() == 0 else 'sudo '}bouncestream install{config}")
    out.prose(
        "Another provider or mailbox is one more section of the file: `bouncestream config example` shows them.",
        "  ",
        "  ",
    )


def key(path: Path, name: str, made: bool) -> None:
    """The key of a sealed outbox."""
    out.mark("✔", f"{path} is written (mode 0600): the key {name} of the outbox" if made
             else f"{path} is there already, and stays: the key {name} of the outbox")  # fmt: skip


def to_back_up(output: Path, answers: Answers) -> None:
    """What must not be lost of a sealed outbox."""
    print()
    out.heading("Back up, each for itself:")
    out.prose(f"{answers.key_file}: without it nobody can read the outbox or its backups; keep a copy apart from "
              "them, such as in your password manager", "  · ", "    ")  # fmt: skip
    out.prose("the outbox, sealed as it is: bouncestream backup FILE", "  · ", "    ")
    out.prose(f"{output}, which contains secrets", "  · ", "    ")
    if Path(answers.outbox).exists():
        out.prose("What the outbox has from before is sealed by: bouncestream seal", "  · ", "    ")


def of_place(outbox: Path) -> None:
    """Beside the configuration is no place for the outbox of a service, if that is under /etc."""
    if outbox.resolve().is_relative_to("/etc"):
        print()
        out.mark(
            "⚠",
            f"the outbox will be {outbox}, since {OUTBOX.parent} is missing or not writable; but a service cannot "
            "write under /etc",
            f"run it again with --force --outbox {OUTBOX}; the systemd unit creates that directory by itself",
        )


def of_git(output: Path) -> None:
    """The example is a file of the repository; what has taken its place holds secrets."""
    print()
    out.mark(
        "·",
        f"{output} is tracked by git as the example, and now contains secrets: keep them out of commits",
        f"git update-index --skip-worktree {output.name}",
    )
