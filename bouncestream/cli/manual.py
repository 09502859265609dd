# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands below the help of each command, and on its page: examples, and its exit codes. The codes of all
commands are in `exits`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: All commands have these.
FINE, USAGE = {0: "fine"}, {64: "wrong usage"}

_CONFIG = {78: "the configuration cannot be used"}
_LOOKS = {3: "the outbox cannot be read", **_CONFIG}
_CHANGES = {3: "the outbox cannot be read", 75: "the outbox is locked: try again", **_CONFIG}
_EXAMINES = {1: "warnings", 2: "errors", 3: "something could not be examined"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is told of one command: lines that can be pasted, and exit code → meaning, beside 0 and 64."""

    examples: tuple[str, ...]
    exits: Mapping[int, str] = field(default_factory=dict)

    @property
    def codes(self) -> dict[int, str]:
        """Exit code → meaning, all of them in order."""
        return dict(sorted((FINE | USAGE | dict(self.exits)).items()))


MANUAL: Mapping[str, Entry] = {
    "init": Entry(
        (
            "init",
            "init --output /etc/bouncestream/config.toml",
            "init --yes --token-file token --provider NAME",
        ),
        {1: "the configuration is written, but not everything works yet", 130: "interrupted: nothing is written"},
    ),
    "install": Entry(
        ("install --dry-run", "install -c config.toml", "install --name shop -c shop.toml"),
        {1: "not everything works yet, or the service does not start", **_CONFIG},
    ),
    "uninstall": Entry(("uninstall", "uninstall --name shop"), {1: "systemd could not do it"}),
    "run": Entry(
        ("run", "run --dry-run", "run -c /etc/bouncestream/config.toml"),
        {
            70: "a bug: a part without which it cannot go on has ended; start it again",
            75: "another run, a port in use, a full disk: try again",
            **_CONFIG,
        },
    ),
    "demo": Entry(("demo", "demo --once"), {1: "a check failed at the end", 130: "interrupted before the end"}),
    "sandbox": Entry(("sandbox", "sandbox --listen 127.0.0.1:9100 --row-ms 50"), {1: "it cannot listen there"}),
    "check": Entry(
        ("check", "check -c /etc/bouncestream/config.toml"),
        {1: "problems found", 3: "something could not be examined, such as a Listmonk that is away", **_CONFIG},
    ),
    "brake release": Entry(
        ("brake release", "brake release --reason user_unknown"), {1: "some were refused", **_CHANGES}
    ),
    "brake drop": Entry(
        ("brake drop --domain example.com --since 3h", "brake drop --yes"), {1: "some were refused", **_CHANGES}
    ),
    "undo": Entry(
        ("undo --since 3h --dry-run", "undo --campaign 12", "undo --domain example.com --since 2026-11-01"),
        {
            1: "something could not be done, or is to be done by hand",
            3: "the outbox or Listmonk cannot be reached: run it again",
            75: "another undo is at work",
            130: "interrupted: run it again",
            **_CONFIG,
        },
    ),
    "status": Entry(
        ("status", "status --watch", "status --json"),
        {1: "problems found, or no bridge is running", **_LOOKS},
    ),
    "dashboard": Entry(
        ("dashboard", "dashboard -c /etc/bouncestream/config.toml"),
        {3: "the outbox cannot be read", 75: "a port in use: try again", **_CONFIG},
    ),
    "alert test": Entry(("alert test",), {1: "a channel failed, or there is none", **_CONFIG}),
    "parse": Entry(
        ("parse bounce.eml", "parse --json one.eml two.eml", "parse -"),
        {1: "a file could not be read", **_CONFIG},
    ),
    "explain": Entry(
        ("explain 12", "explain bounce.eml --mailbox bounces", "explain 12 --offline --reveal"),
        {3: "Listmonk could not be asked, or the outbox cannot be read", **_CONFIG},
    ),
    "rejudge": Entry(("rejudge --since 7d", "rejudge --apply"), _CHANGES),
    "import": Entry(
        ("import --dry-run --since 90d Maildir", "import old-bounces.mbox"),
        {1: "some mails could not be read or stored", **_CHANGES, 130: "interrupted: import again"},
    ),
    "backfill": Entry(
        ("backfill news --dry-run", "backfill news --since 90d", "backfill news --yes"),
        {
            1: "the API key was refused, or not all could be read",
            3: "the API or Listmonk could not be asked",
            **_CHANGES,
            130: "interrupted: run it again",
        },
    ),
    "doctor": Entry(
        ("doctor", "doctor --outside https://news.example.com", "doctor --json"), {**_EXAMINES, **_CONFIG}
    ),
    "doctor mail": Entry(("doctor mail campaign.eml",), {**_EXAMINES, **_CONFIG}),
    "doctor logs": Entry(("doctor logs /var/log/nginx/access.log",), {**_EXAMINES, **_CONFIG}),
    **{
        f"proxy {name}": Entry((f"proxy {name} --domain news.example.org",), _CONFIG)
        for name in ("caddy", "nginx", "apache", "traefik")
    },
    "provider list": Entry(("provider list", "provider list --json")),
    "provider guide": Entry(("provider guide NAME", "provider guide NAME --reveal"), _CONFIG),
    "provider try": Entry(
        ("provider try bounce.json --provider NAME", "provider try bounce.json complaint.json --name NAME"),
        {1: "a request could not be read, or its proof is refused", **_CONFIG},
    ),
    "seal": Entry(("seal", "seal -c /etc/bouncestream/config.toml"), _CHANGES),
    "unseal": Entry(("unseal",), _CHANGES),
    "key new": Entry(("key new /etc/bouncestream/privacy.key",)),
    "key rotate": Entry(
        ("key rotate --to /etc/bouncestream/privacy-2.key", "key rotate --finish"),
        _CHANGES,
    ),
    "outbox list": Entry(
        (
            "outbox list",
            "outbox list --state dead --state held",
            "outbox list --recipient reader@example.com --reveal",
            "outbox list --csv --limit 0",
        ),
        _LOOKS,
    ),
    "outbox show": Entry(("outbox show 12 --raw --reveal", "outbox show 3 --quarantine"), _LOOKS),
    "outbox stats": Entry(("outbox stats --by campaign",), _LOOKS),
    "outbox replay": Entry(
        ("outbox replay --dead", "outbox replay --verified --since 2026-11-30"),
        {1: "some were refused, with the reason", **_CHANGES},
    ),
    "outbox drop": Entry(
        ("outbox drop 12 13", "outbox drop --held-for operator"),
        {1: "some were refused, with the reason", **_CHANGES},
    ),
    "outbox release": Entry(
        ("outbox release 12", "outbox release --held-for unproven"),
        {1: "some were refused, with the reason", **_CHANGES},
    ),
    "outbox copy": Entry(
        (
            "outbox copy --to postgresql://bouncestream@db1/bouncestream",
            "outbox copy --to outbox.db",
        ),
        {
            3: "one of the two cannot be read or written: run it again",
            75: "a bridge or a command uses one of the two: stop it, and run this again",
            78: "the configuration cannot be used, or one of the two is not to be copied from or to",
            130: "interrupted: run it again",
        },
    ),
    "outbox reopen": Entry(("outbox reopen",), _CHANGES),
    "person": Entry(
        (
            "person reader@example.com",
            "person reader@example.com export",
            "person reader@example.com erase --also-suppress",
        ),
        {
            3: "Listmonk could not be asked, or the outbox cannot be read",
            75: "some events are on their way: `run` erases them by itself; or the outbox is locked",
            **_CONFIG,
        },
    ),
    "reconcile": Entry(
        ("reconcile", "reconcile --since 2026-11-01", "reconcile --provider-csv bounces.csv"),
        {1: "something is unexplained", 3: "Listmonk or the outbox cannot be read", **_CONFIG},
    ),
    "deliver": Entry(
        (
            "deliver --source mta",
            "deliver --source mta --socket 127.0.0.1:8026",
        ),
        {
            64: "wrong usage, which is told as 75 here: a mail server would throw the mail away",
            67: "the recipient is refused",
            69: "the mail is refused, such as one that is too large",
            75: "nobody listens, or it could not be stored: the mail server tries again",
        },
    ),
    "mailbox login": Entry(("mailbox login bounces",), {1: "the login was refused", 3: "no answer", **_CONFIG}),
    "mailbox test": Entry(("mailbox test bounces",), {1: "problems found", 3: "the test could not run", **_CONFIG}),
    "verp": Entry(("verp reader@example.com",), _CONFIG),
    "backup": Entry(("backup /var/backups/outbox.db",), {1: "it could not be written", **_CHANGES}),
    "config example": Entry(("config example",)),
    "completion": Entry(("completion bash",)),
    "help": Entry(("help", "help outbox list")),
    "version": Entry(("version", "version --verbose")),
}

#: Below the help of the program itself.
EVERY = """\
exit codes: 0 fine; 1 problems found; 3 could not be examined; 64 wrong usage; 70 a bug; 75 temporary: try again; \
78 configuration; 130 interrupted.

`bouncestream help COMMAND` shows examples, and what the codes mean there."""


def below(called: str) -> str:
    """The text below the help of a command, such as `outbox list`; of one that only leads to others: nothing."""
    if not called:
        return EVERY
    if called not in MANUAL:
        return f"`bouncestream help {called} COMMAND` shows more."
    entry = MANUAL[called]
    examples = "\n".join(f"  bouncestream {line}" for line in entry.examples)
    codes = "; ".join(f"{code} {words}" for code, words in entry.codes.items())
    return f"examples:\n{examples}\n\nexit codes: {codes}."
