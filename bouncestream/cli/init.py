# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream init`: asks for what is needed, tries each, writes `config.toml`, says what to paste where.

What is given as an option is not asked. On a terminal an answer that does not work can be corrected; from a pipe
(and with --yes) it is taken as it is, and exit code 1 tells that not everything works yet.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bouncestream import files, providers
from bouncestream.cli import out
from bouncestream.cli.exits import FINE, NOT_WELL
from bouncestream.cli.findings import brief_code, tell_briefly
from bouncestream.cli.parser import Parser, command
from bouncestream.config.example import is_example
from bouncestream.config.guessable import why_guessable
from bouncestream.config.load import load
from bouncestream.config.model import Listmonk
from bouncestream.crypto.secret import MINIMUM_LENGTH, Secret
from bouncestream.doctor.areas.webhooks import where
from bouncestream.doctor.engine import examine_listmonk, examine_webhook
from bouncestream.doctor.finding import Finding, Level
from bouncestream.errors import UsageError
from bouncestream.mail import unsubscription
from bouncestream.mail.verp import campaign_header
from bouncestream.providers._settings import Webhook, proofs_of
from bouncestream.settings.key import keys_of
from bouncestream.settings.shapes import LISTEN, URL, Shape, Wrong
from bouncestream.sinks.listmonk.permissions import PERMISSIONS

T = TypeVar("T")

_OUTBOX = Path("/var/lib/bouncestream/outbox.db")
_USER = "bouncestream"
_TO_HEADERS = "In Listmonk, add to each campaign's headers"
#: Return addresses of a bounce mailbox that is not set up yet.
_RETURN_ADDRESSES = "bounces+*@your.domain"
_UNSUBSCRIPTIONS = "unsub+*@your.domain"


@dataclass(slots=True)
class Answers:
    """The answers that the configuration is made of."""

    url: str = "http://127.0.0.1:9000"
    user: str = _USER
    token: str = ""
    provider: str = providers.DEFAULT
    public_url: str = ""
    listen: str = "127.0.0.1:8025"
    outbox: str = ""
    secret: str = ""


def options(parser: Parser) -> None:
    """The options of `bouncestream init`."""
    command(
        parser,
        run,
        "Asks for Listmonk's URL and token, the provider and the public address, in this order, unless\ngiven as "
        "options. Ends with what to paste at your provider.",
        config=False,
    )
    parser.add_argument("--listmonk-url", metavar="URL", help="Listmonk's URL, as this machine reaches it")
    parser.add_argument("--user", metavar="NAME", help="name of Listmonk's API user (default: bouncestream)")
    parser.add_argument("--token-file", metavar="FILE", help="a file that contains the API user's token")
    parser.add_argument(
        "--provider", metavar="NAME", help=("the provider that sends the webhooks, as named in `config example`")
    )
    parser.add_argument("--public-url", metavar="URL", help="the public URL of this bridge")
    parser.add_argument("--listen", metavar="HOST:PORT", help="address to listen on (default: 127.0.0.1:8025)")
    parser.add_argument("--outbox", metavar="FILE", help="the outbox (default: /var/lib/bouncestream/outbox.db)")
    parser.add_argument(
        "--output", metavar="FILE", default="config.toml", help="the file to write (default: %(default)s)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file")
    parser.add_argument("--yes", action="store_true", help="ask nothing: use defaults for all that is not given")


def run(args: argparse.Namespace) -> int:
    """Ask, try, write, tell."""
    output = Path(args.output)
    if output.exists() and not args.force and not is_example(output):
        raise UsageError(
            f"{output} already exists. Next: name another file with --output, or overwrite with --force."
        )
    if not output.parent.is_dir():
        raise UsageError(f"The directory {output.parent} does not exist. Next: create it.")
    found: list[Finding] = []
    answers = Answers(secret=secrets.token_urlsafe(24))
    answers.listen = _shaped(LISTEN, args.listen or answers.listen, "--listen")
    answers.outbox = str(_outbox(args.outbox, output))
    _ask_listmonk(args, answers, found)
    answers.provider = _answer(args, args.provider, "--provider", "Provider", answers.provider, _provider)
    answers.public_url = _answer(
        args,
        args.public_url,
        "--public-url",
        "Public address of this bridge, such as https://bounces.example.org (empty: not known yet)",
        "",
        lambda text: _shaped(URL, text, "the public address"),
    )
    if answers.public_url:
        seen = asyncio.run(examine_webhook(answers.public_url, _hook(answers)))
        tell_briefly(seen)
        found += seen
    tracked = is_example(output) and (output.absolute().parent / ".git").exists()
    _write(output, render(answers), force=args.force or is_example(output))
    load(output, {})  # what was written can be read
    _explain(output, answers)
    if tracked:
        _warn_of_git(output)
    if not args.outbox:
        _warn_of_place(Path(answers.outbox))
    return NOT_WELL if brief_code(found) else FINE


def _ask_listmonk(args: argparse.Namespace, answers: Answers, found: list[Finding]) -> None:
    """Listmonk's URL, user and token; asked again on a terminal until Listmonk lets us in, or a person insists."""
    while True:
        answers.url = _answer(
            args,
            args.listmonk_url,
            "--listmonk-url",
            "Listmonk's URL, as seen from this machine",
            answers.url,
            lambda text: _shaped(URL, text, "Listmonk's URL"),
        )
        if args.token_file:
            answers.token = _token_of(args.token_file)
        elif args.yes:
            raise UsageError("Listmonk's token is missing. Next: give it with --token-file FILE.")
        else:
            answers.user, answers.token = _ask_token(args, answers.user)
        answers.user = args.user or answers.user
        settings = Listmonk(url=answers.url, user=answers.user, token=Secret(answers.token))
        seen = asyncio.run(examine_listmonk(settings))
        tell_briefly(seen)
        failed = any(one.level is Level.ERROR for one in seen)
        given = args.listmonk_url and args.token_file
        if not failed or given or not _interactive(args) or _yes("Keep these answers anyway?"):
            found += seen
            return


def _ask_token(args: argparse.Namespace, user: str) -> tuple[str, str]:
    question = f"Token of its API user, or USER:TOKEN if the user is not {args.user or user}"
    while True:
        text = getpass.getpass(f"{question} (not shown): ") if sys.stdin.isatty() else _line(f"{question}: ")
        name, colon, token = text.strip().rpartition(":")
        try:
            return (name if colon and name else user), _checked_token(token)
        except UsageError as error:
            if not _interactive(args):
                raise
            out.mark("✘", str(error))


def _token_of(file: str) -> str:
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--token-file {file} cannot be read: {error}. Next: check the path.") from None
    return _checked_token(text.strip())


def _checked_token(token: str) -> str:
    if len(token) < MINIMUM_LENGTH or not token.isprintable() or " " in token:
        raise UsageError(
            f"That is not a Listmonk token: one has at least {MINIMUM_LENGTH} characters, without spaces. Next: "
            "in Listmonk, Admin, Users, New, type API; the token is shown once."
        )
    if why := why_guessable(token):
        raise UsageError(f"The token {why}. Next: take the one that Listmonk shows for its API user.")
    return token


def _provider(text: str) -> str:
    if text not in providers.names():
        raise UsageError(f"There is no provider {text!r}. Next: choose one of {', '.join(providers.names())}.")
    return text


def _answer(
    args: argparse.Namespace, given: str | None, option: str, question: str, default: str, check: Callable[[str], T]
) -> T:
    """An option's value, or what is answered to the question."""
    if given is not None:
        return check(given)
    if args.yes:
        return check(default)
    while True:
        text = _line(f"{question}{f' [{default}]' if default else ''}: ").strip() or default
        try:
            return check(text)
        except UsageError as error:
            if not _interactive(args):
                raise UsageError(f"{error} ({option})") from None
            out.mark("✘", str(error))


def _shaped(shape: Shape, text: str, what: str) -> str:
    try:
        return str(shape.parse(text))
    except Wrong as wrong:
        raise UsageError(f"{what}: {text!r} {wrong}. Next: write {shape.words}.") from None


def _line(question: str) -> str:
    print(question, end="", flush=True)
    text = sys.stdin.readline()
    if not text:
        print()
        raise UsageError(
            "The input ended before everything was answered. Next: give the rest as options, see --help."
        )
    if not sys.stdin.isatty():
        print()  # nobody's Enter ended the line
    return text


def _yes(question: str) -> bool:
    return _line(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _interactive(args: argparse.Namespace) -> bool:
    return sys.stdin.isatty() and not args.yes


def _outbox(given: str | None, output: Path) -> Path:
    """The usual place where this user may write, else beside the configuration."""
    if given:
        return Path(given).absolute()
    if os.access(_OUTBOX.parent, os.W_OK | os.X_OK):
        return _OUTBOX
    return output.absolute().parent / _OUTBOX.name


def _warn_of_place(outbox: Path) -> None:
    """Beside the configuration is no place for the outbox of a service, if that is under /etc."""
    if outbox.resolve().is_relative_to("/etc"):
        print()
        out.mark(
            "⚠",
            f"the outbox will be {outbox}, since {_OUTBOX.parent} is missing or not writable; but a service cannot "
            "write under /etc",
            f"run it again with --force --outbox {_OUTBOX}; the systemd unit creates that directory by itself",
        )


def _warn_of_git(output: Path) -> None:
    """The example is a file of the repository; what has taken its place holds secrets."""
    print()
    out.mark(
        "·",
        f"{output} is tracked by git as the example, and now contains secrets: keep them out of commits",
        f"git update-index --skip-worktree {output.name}",
    )


def render(answers: Answers) -> str:
    """The configuration file."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)  # a TOML basic string takes the same escapes

    key = _made_here(answers.provider)
    public = f"public_url = {quoted(answers.public_url)}" if answers.public_url else '# public_url = "https://…"'
    return f"""\
# bouncestream's configuration, written by `bouncestream init`. It holds secrets: keep its mode 0600.
# `bouncestream config example` shows every key, `bouncestream check` what is wrong.

[server]
listen = {quoted(answers.listen)}
{public}

[outbox]
path = {quoted(answers.outbox)}

[listmonk]
url = {quoted(answers.url)}
user = {quoted(answers.user)}
token = {quoted(answers.token)}

[webhooks.{answers.provider}]
provider = {quoted(answers.provider)}
{key} = {quoted(answers.secret)}
"""


def _made_here(provider: str) -> str:
    """The option that holds the secret which we make: the provider's, or that of the path if it makes its own."""
    settings = providers.get(provider).settings
    ours = (name for name in proofs_of(settings) if (key := keys_of(settings)[name]).secret and not key.foreign)
    return next(ours, "path_secret")


def _write(path: Path, text: str, *, force: bool) -> None:
    """Write it with mode 0600, as a whole or not at all."""
    try:
        files.replace(path, text.encode(), overwrite=force)
    except FileExistsError:
        raise UsageError(
            f"{path} was created in the meantime. Next: inspect it, or overwrite with --force."
        ) from None


def _hook(answers: Answers) -> Webhook:
    made = {_made_here(answers.provider): Secret(answers.secret)}
    return providers.webhook(answers.provider, answers.provider, **made)


def _explain(output: Path, answers: Answers) -> None:
    provider, hook = providers.get(answers.provider), _hook(answers)
    made = _made_here(answers.provider)
    print()
    out.mark("✔", f"{output} is written (mode 0600)")
    print()
    out.heading(f"For {provider.summary}, as its pages were on {provider.guide.read}:")
    for step in provider.guide.told(hook, where(answers.public_url, hook, shown=True), answers.secret):
        print(f"    {step}")
    if headers := [{name: value} for name, value in provider.guide.campaign_headers.items()]:
        print(f"    {_TO_HEADERS}: {json.dumps(headers)}")
    for name, proof in proofs_of(type(hook)).items():
        if name != made and ((option := keys_of(type(hook))[name]).foreign or not option.secret):
            print(f"    Then set {name} in [webhooks.{hook.name}] of {output}: it proves requests ({proof.word}).")
    print()
    out.heading("If bounces come back to a mailbox as well (section [mailboxes.NAME], see the README):")
    headers = [campaign_header(_RETURN_ADDRESSES), *unsubscription.campaign_headers(_UNSUBSCRIPTIONS)]
    print(f"    {_TO_HEADERS} (6.2 or later): {json.dumps(headers)}")
    print("    There switch off Settings, Privacy, List-Unsubscribe header: Listmonk's own would replace this one.")
    print(f"    Then set in [mail] of {output}:")
    print(f'        verp = ["{_RETURN_ADDRESSES}"]: a bounce tells its subscriber by that.')
    print(f'        unsubscribe = ["{_UNSUBSCRIPTIONS}"]: mails there (from Apple Mail, say) unsubscribe.')
    print()
    out.heading(f"Grant Listmonk's API user {answers.user} these permissions (Admin, Users, its role):")
    for one in PERMISSIONS:
        print(
            f"    {one.words}\n        for: {one.buys} ({', '.join(one.needed_by)})\n        without: {one.without}"
        )
    print()
    print("Next: pass /webhooks/ from your reverse proxy with TLS to", f"http://{answers.listen}/webhooks/")
    print(f"      bouncestream check --config {output}\n      bouncestream run --config {output}")
