# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions about the mailbox that bounces come to."""

from __future__ import annotations

from bouncestream.cli.init import trying
from bouncestream.cli.init.answers import GOOGLE, LISTENER, MAILBOX, MICROSOFT, PASSWORD, Answers
from bouncestream.cli.init.dialogue import Part, Question
from bouncestream.cli.init.reading import (
    TLS,
    folders,
    host,
    line,
    of,
    password,
    port,
    return_address,
    shaped,
    tls_of,
)
from bouncestream.settings import shapes
from bouncestream.settings.shapes import loopback

#: The port whose kind of TLS need not be asked for.
_IMAPS = 993
_IMAP = 143
_LOGINS = ((PASSWORD, "with a password"), (GOOGLE, "by OAuth at Google"), (MICROSOFT, "by OAuth at Microsoft"))
_BOX = f"mailboxes.{MAILBOX}"


def _verp_of(answers: Answers) -> str:
    """The return address that names the subscriber, of the mailbox that bounces are read from."""
    local, at, domain = answers.imap_user.partition("@")
    return f"{local}+*@{domain}" if at else ""


def _login_of(answers: Answers) -> str:
    return MICROSOFT if answers.imap_host.lower().endswith(("office365.com", "outlook.com")) else PASSWORD


def _port_of(answers: Answers) -> str:
    """The usual port. On this machine the one without TLS: a fresh server's certificate is valid for no name."""
    return str(_IMAP if loopback(answers.imap_host) else _IMAPS)


def _has_mailbox(answers: Answers) -> bool:
    return bool(answers.imap_host)


def _by_password(answers: Answers) -> bool:
    return _has_mailbox(answers) and answers.imap_login == PASSWORD


def _by_oauth(answers: Answers) -> bool:
    return _has_mailbox(answers) and answers.imap_login != PASSWORD


#: The part about the mailbox.
BOUNCES = Part(
    "mailbox",
    (
        Question(
            name="imap_host",
            flag="--imap-host",
            metavar="HOST",
            key=f"{_BOX}.host",
            help="the IMAP server of a mailbox that bounces are sent to",
            text="Mailbox that bounces are sent to: its IMAP server",
            skip="no mailbox",
            default=lambda _: "-",
            read=host,
        ),
        Question(
            name="imap_port",
            flag="--imap-port",
            metavar="PORT",
            key=f"{_BOX}.port",
            help=f"its port (default: {_IMAPS}; {_IMAP} on this machine)",
            text="Port of the IMAP server",
            asked=_has_mailbox,
            default=_port_of,
            read=port,
        ),
        Question(
            name="imap_tls",
            flag="--imap-tls",
            metavar="KIND",
            key=f"{_BOX}.tls",
            help="implicit, starttls or none (default: by the port)",
            text="How is the connection secured?",
            choices=TLS,
            asked=lambda answers: _has_mailbox(answers) and answers.imap_port != _IMAPS,
            default=lambda answers: tls_of(answers.imap_port, answers.imap_host),
            read=of(TLS),
        ),
        Question(
            name="imap_ca_file",
            flag="--imap-ca-file",
            metavar="FILE",
            key=f"{_BOX}.ca_file",
            help="CA certificates (PEM) to trust instead of the system's; never asked for",
            asked=lambda _: False,
            read=shaped(shapes.OPTIONAL),
        ),
        Question(
            name="imap_user",
            flag="--imap-user",
            metavar="NAME",
            key=f"{_BOX}.user",
            help="the user of the mailbox",
            text="User of the mailbox, mostly its address",
            asked=_has_mailbox,
            read=line,
        ),
        Question(
            name="imap_login",
            flag="--imap-login",
            metavar="HOW",
            key=f"{_BOX}.oauth_provider",
            help="password, google or microsoft (default: password; microsoft for Microsoft 365)",
            text="How does it log in?",
            choices=_LOGINS,
            asked=_has_mailbox,
            default=_login_of,
            read=of(_LOGINS),
        ),
        Question(
            name="imap_password",
            flag="--imap-password-file",
            metavar="FILE",
            key=f"{_BOX}.password",
            help="a file that contains its password",
            text="Its password (where logins take two steps, as at Gmail: an app password)",
            secret=True,
            asked=_by_password,
            read=password,
        ),
        Question(
            name="oauth_client_id",
            flag="--oauth-client-id",
            metavar="ID",
            key=f"{_BOX}.oauth_client_id",
            help="for OAuth: the client id of the application that you registered",
            text="Client id of the application that you registered there (docs/mailbox/oauth.md)",
            asked=_by_oauth,
            read=line,
        ),
        Question(
            name="oauth_client_secret",
            flag="--oauth-client-secret-file",
            metavar="FILE",
            key=f"{_BOX}.oauth_client_secret",
            help="a file that contains the client secret, if there is one",
            text="Its client secret",
            skip="none",
            secret=True,
            asked=_by_oauth,
            default=lambda _: "-",
            read=lambda text: password(text) if text else "",
        ),
        Question(
            name="imap_folders",
            flag="--imap-folders",
            metavar="LIST",
            key=f"{_BOX}.folders",
            help="the folders to read, with commas (default: INBOX)",
            text="Folders to read, with commas; filters like to sort bounces into Junk",
            asked=_has_mailbox,
            default=lambda _: "INBOX",
            read=folders,
        ),
        Question(
            name="return_address",
            flag="--return-address",
            metavar="ADDRESS",
            key="mail.verp",
            help="the address that bounces go to, with a * for the subscriber if your mail server delivers that "
            "(bounces+*@example.org)",
            text="Return address of your mails, which bounces are sent to. Best with a * for the subscriber's id "
            "(VERP), if your mail server delivers that, as most do behind a +: bounces+*@example.org",
            skip="not known yet",
            asked=_has_mailbox,
            default=_verp_of,
            read=return_address,
        ),
        Question(
            name="bounce_address",
            flag="--bounce-address",
            metavar="ADDRESS",
            key=f"smtp.{LISTENER}.recipients",
            help="without an IMAP server: the address whose bounces your own mail server hands over by LMTP",
            text="Without a mailbox: the bounce address that your own mail server hands over by LMTP, such as "
            "bounces@example.org. Best with a * for the subscriber's id (VERP): bounces+*@example.org",
            skip="no mail server of your own",
            asked=lambda answers: not _has_mailbox(answers) and not answers.providers,
            default=lambda _: "-",
            read=return_address,
        ),
    ),
    trying.mailbox,
)
