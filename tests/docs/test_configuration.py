# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents say of the configuration is true: blocks can be used, keys, defaults and names exist."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from bouncestream import metrics, providers
from bouncestream.cli import build_parser, exits
from bouncestream.config.guessable import PLACEHOLDERS, why_guessable
from bouncestream.config.load import load
from bouncestream.config.model import SECTIONS
from bouncestream.sandbox import FAULTS
from bouncestream.settings.key import keys_of
from bouncestream.sinks.listmonk.permissions import PERMISSIONS
from tests.docs.document import OPERATORS, ROOT, everywhere, spans, text
from tests.outbox.make import KEY

#: All that operators read.
ALL = "\n".join(text(path) for path in OPERATORS)
SECRET = "a-secret-of-the-documents-test"


def known_keys(name: str) -> set[str]:
    models = [providers.get(one).settings for one in providers.names()] if name == "webhooks" else [SECTIONS[name]]
    keys = {key: found for model in models for key, found in keys_of(model).items()}
    return {*keys, *(f"{key.name}_file" for key in keys.values() if key.secret)}


@pytest.mark.parametrize("block", everywhere("toml"))
def test_configuration_blocks_can_be_used(block: str, tmp_path: Path) -> None:
    said = tomllib.loads(block)
    named = (*said.get("webhooks", {}).values(), *said.get("mailboxes", {}).values())
    for table in (*(said.get(section, {}) for section in ("listmonk", "dashboard", "outbox")), *named):
        for key in [key for key in table if key.endswith("_file")]:
            (tmp_path / key).write_text(SECRET)
            block = block.replace(table[key], str(tmp_path / key))
    if "privacy" in said:  # its key has a form of its own
        (tmp_path / "privacy.key").write_text(KEY.reveal())
        block = block.replace("/etc/bouncestream/privacy.key", str(tmp_path / "privacy.key"))
    for placeholder in PLACEHOLDERS:  # refused as they stand: they are public
        block = block.replace(f'"{placeholder}"', f'"{SECRET}"')
    path = tmp_path / "config.toml"
    path.write_text(block)
    path.chmod(0o600)
    environ = {} if "listmonk" in said else {"BOUNCESTREAM__LISTMONK__TOKEN": SECRET}
    for name, hook in said.get("webhooks", {}).items():
        if not {"secret", "secret_file", "token", "hmac_secret", "signing_secret"} & hook.keys():
            environ[f"BOUNCESTREAM__WEBHOOKS__{name.upper()}__SECRET"] = SECRET
    load(path, environ)


def test_no_secret_that_is_shown_can_be_used() -> None:
    shown = "".join([*everywhere("toml"), *everywhere("python"), *everywhere("sh"), *everywhere("bash")])
    secrets = re.findall(r"(?m)^(?:\w*_)?(?:secret|token|password) = (.+?)(?: +#.*)?$", shown)
    written = [text for value in secrets for text in re.findall(r'"([^"]+)"', value)]
    assert len(written) > 4
    assert [text for text in written if not why_guessable(text, foreign=True)] == []


def test_keys_that_are_named_exist() -> None:
    named = [match for span in spans() for match in re.findall(r"^\[([a-z_.]+)\] ([a-z_]+)\b", span)]
    assert len(named) > 8
    for name, key in named:
        assert key in known_keys(name), f"[{name}] {key}"
    for variable in re.findall(r"BOUNCESTREAM__([A-Z_]+)", ALL):
        name, _, key = variable.lower().partition("__")
        assert key in known_keys(name), variable
    for span in spans():
        dotted = re.fullmatch(r"([a-z]+)(?:\.[a-z]+)?\.([a-z_]+)", span)
        if dotted and dotted[1] in SECTIONS and dotted[2] not in ("toml", "db"):
            assert dotted[2] in known_keys(dotted[1]), span


def test_defaults_that_are_named_are_right() -> None:
    for key, days in re.findall(r"^\| `\[retention\] (\w+)` \| (\d+) days", ALL, re.MULTILINE):
        assert keys_of(SECTIONS["retention"])[key].written == f'"{days}d"'
    verify = keys_of(SECTIONS["relay.verify"])
    assert verify["grace"].written == '"10m"'
    assert verify["margin"].written == '"60s"'
    assert keys_of(SECTIONS["server"])["listen"].written.strip('"') in ALL


def test_permissions_and_faults_are_named() -> None:
    for one in PERMISSIONS:
        for name in one.names:
            assert f"`{name}`" in text("start/listmonk.md")
    assert set(FAULTS) <= set(spans())


def test_metrics_that_are_named_exist() -> None:
    known = {metric.name for metric in metrics.ALL}
    assert set(re.findall(r"\bbouncestream_[a-z_]+", ALL)) == known


def test_json_in_the_text_is_json() -> None:
    for span in spans():
        if span.startswith('{"'):
            json.loads(span)


def test_files_that_are_named_exist() -> None:
    for span in [*spans(), "deploy/bouncestream.service", "CHANGELOG.md"]:
        if re.fullmatch(r"(bouncestream|tests|deploy)/[\w./]+", span):
            assert (ROOT / span).exists(), span


def test_the_unit_calls_what_exists() -> None:
    unit = (ROOT / "deploy/bouncestream.service").read_text("utf-8")
    start = re.search(r"^ExecStart=\S+/bouncestream (.+)$", unit, re.MULTILINE)
    assert start
    build_parser().parse_args(start[1].split())
    prevented = re.search(r"^RestartPreventExitStatus=(.+)$", unit, re.MULTILINE)
    assert prevented
    assert prevented[1].split() == [str(exits.USAGE), str(exits.CONFIGURATION)]
    for name in re.findall(r"^#?LoadCredential=([\w.]+):", unit, re.MULTILINE):
        head, _, key = name.rpartition(".")
        assert key in known_keys(head.partition(".")[0])
