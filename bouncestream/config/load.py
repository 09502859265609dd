# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the configuration: file, environment, secret files, credentials → Config, or all problems at once.

For each key the first of these counts: the environment (`BOUNCESTREAM__LISTMONK__URL`, for secrets also
`…__TOKEN_FILE`), a systemd credential (`listmonk.token`, secrets only), the file, the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bouncestream import providers
from bouncestream.config import checks
from bouncestream.config.model import NAMED, SECTIONS, Config, Relay
from bouncestream.config.secrets import SecretFinder, too_open
from bouncestream.config.shown import shown
from bouncestream.errors import ConfigError
from bouncestream.providers._settings import Webhook
from bouncestream.settings.key import Key, keys_of
from bouncestream.settings.shapes import Wrong, nearest

PREFIX = "BOUNCESTREAM__"

#: The secrets that decide what a mail proves.
JUDGING = frozenset({"mail.verp_secret"})
#: The secret that opens a sealed outbox.
SEALING = frozenset({"privacy.key"})
#: The secret that the outbox is reached by: whoever looks into it needs it.
STORE = frozenset({"outbox.password"})
#: The secrets that keep the dashboard closed.
DASHBOARD = frozenset({"dashboard.token", "dashboard.proxy_secret"})
#: What is read of a key that is not there, or not good: None is what some values mean ("off").
_ABSENT = object()


def load(
    path: str | os.PathLike[str] | None,
    environ: Mapping[str, str] | None = None,
    *,
    with_secrets: bool = True,
    judging: bool = False,
    sealing: bool = False,
    dashboard: bool = False,
) -> Config:
    """The configuration from the file at `path` (None: from the environment alone). Raises ConfigError.

    `with_secrets=False` is for commands that only look into the outbox: secrets are then neither read nor missed;
    with `judging`, for those that judge mails, none but those that decide what a mail proves; with `sealing`, the
    key of the outbox too; with `dashboard`, those of the dashboard.
    """
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    warnings: list[str] = []
    written = {} if path is None else _read_file(Path(path), problems)
    file = "" if path is None else os.fspath(path)
    if problems:
        raise ConfigError(problems, file)
    some = STORE | (JUDGING if judging else frozenset()) | (SEALING if sealing else frozenset())
    some |= DASHBOARD if dashboard else frozenset()
    loader = _Loader(environ, problems, warnings, with_secrets=with_secrets, some=some)
    config = loader.build(written, file)
    if path is not None and loader.secrets.inline and (why := too_open(Path(path), 0o077)):
        warnings.append(
            f"{file} contains secrets and {why}: run chmod 600 on it, or as a service "
            "`bouncestream install`, which moves them into files of their own"
        )
    key_file = loader.secrets.files.get("privacy.key", Path(file)) if config.privacy.key else None
    if (
        key_file
        and not config.outbox.url
        and key_file.absolute().parent == Path(config.outbox.path).absolute().parent
    ):
        warnings.append(
            f"privacy.key: lies in the folder of the outbox ({key_file}), so a copy of it can be read; move "
            "it elsewhere, and keep it out of the backups of the outbox"
        )
    checks.check(
        config, problems, warnings, skip=loader.faulty, with_secrets=with_secrets, sealing=with_secrets or sealing
    )
    if problems:
        raise ConfigError(problems, file)
    object.__setattr__(config, "warnings", tuple(warnings))
    return config


def _read_file(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        problems.append(
            f"{path}: file not found; `bouncestream init --output {path}` makes one, or name another file"
        )
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror}); run as the user that owns it")
    except UnicodeDecodeError:
        problems.append(f"{path}: is not UTF-8 text")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path}: is not valid TOML: {error}; write text in quotes and sections in [brackets]")
    return {}


@dataclass(eq=False)
class _Loader:
    """A loader, for one run over all keys; it collects problems instead of stopping at the first."""

    environ: InitVar[Mapping[str, str]]
    problems: list[str]
    warnings: list[str]
    with_secrets: bool
    some: frozenset[str]  #: secrets that are read in any case, dotted
    #: dotted keys with a problem, and sections of which nothing can be said; what depends on them is not judged
    faulty: set[str] = field(default_factory=set)

    def __post_init__(self, environ: Mapping[str, str]) -> None:
        self.secrets = SecretFinder(environ.get("CREDENTIALS_DIRECTORY", ""), self.problems, self.warnings)
        #: dotted name in lower case → (variable, text); what is left at the end is unknown
        self.environment = {
            name[len(PREFIX) :].lower().replace("__", "."): (name, text)
            for name, text in environ.items()
            if name.startswith(PREFIX)
        }

    def build(self, written: dict[str, Any], path: str) -> Config:
        self._refuse_unknown_sections(written)
        sections: dict[str, Any] = {}
        for name, model in SECTIONS.items():
            if name in NAMED or "." in name:
                continue
            table = self._table(written.get(name, {}), name)
            inner = {n.partition(".")[2]: m for n, m in SECTIONS.items() if n.startswith(f"{name}.")}
            values = self._values(name, model, table, also=tuple(inner))
            for key, inner_model in inner.items():
                dotted = f"{name}.{key}"
                values[key] = inner_model(
                    **self._values(dotted, inner_model, self._table(table.get(key, {}), dotted))
                )
            sections[name] = model(**values)
        assert isinstance(sections["relay"], Relay)
        for name, model in NAMED.items():
            sections[name] = self._named(name, model, self._table(written.get(name, {}), name))
        for dotted, (variable, _) in self.environment.items():
            self.problems.append(f"{variable}: there is no such key{_near(dotted, self._all_keys(sections))}")
        return Config(**sections, path=path)

    def _refuse_unknown_sections(self, written: dict[str, Any]) -> None:
        known = [name for name in SECTIONS if "." not in name]
        for name in written:
            if name not in known:
                self.problems.append(f"{name}: there is no such section{_near(name, known)}")

    def _table(self, value: Any, name: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.problems.append(f"{name}: is not a section; write [{name}] on a line of its own and its keys below")
        return {}

    def _named(self, section: str, model: type[Any], tables: dict[str, Any]) -> Mapping[str, Any]:
        names: dict[str, str] = {}
        for name in tables:
            if names.setdefault(_folded(name), name) != name:
                other = f"{section}.{names[_folded(name)]}"
                self.problems.append(f"{section}.{name}: {other} differs in case or in - and _ only; rename one")
        for dotted in self.environment:
            first, _, rest = dotted.partition(".")
            name = rest.partition(".")[0]
            if first == section and "." in rest:
                names.setdefault(_folded(name), name)
        made: dict[str, Any] = {}
        for folded, name in names.items():
            dotted = f"{section}.{name}"
            if not checks.NAME.fullmatch(name):
                self.problems.append(
                    f"{dotted}: a name consists of at most 64 of the characters a-z, A-Z, 0-9, - and _"
                )
                continue
            table = self._table(tables.get(name, {}), dotted)
            env = f"{section}.{folded}"
            if section == "webhooks":
                model = self._options(dotted, table, env)
            made[name] = model(name=name, **self._values(dotted, model, table, env=env))
        return MappingProxyType(made)

    def _options(self, section: str, table: dict[str, Any], env: str) -> type[Webhook]:
        """The options of a webhook, which are those of its provider; the common ones where that is not known."""
        variable = self._variable(env, "provider", keep=True)
        written = variable[1] if variable is not None else table.get("provider")
        name = str(written).strip()
        if name in providers.names():
            return providers.get(name).settings
        self.faulty.add(section)
        if written is None:
            return Webhook  # that it is missing is told with the other keys
        near = nearest(name.lower(), providers.names())
        hint = f"did you mean {near}?" if near else f"there are: {', '.join(providers.names())}"
        self.problems.append(f"{section}.provider: there is no provider of that name; {hint}")
        return Webhook

    def _values(
        self, section: str, model: type[Any], table: dict[str, Any], *, env: str = "", also: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        keys = keys_of(model)
        allowed = [*keys, *(f"{key.name}_file" for key in keys.values() if key.secret), *also]
        for name in table:
            if name not in allowed and section not in self.faulty:
                why = _anothers(name.removesuffix("_file"), model) if issubclass(model, Webhook) else ""
                self.problems.append(f"{section}.{name}: {why or f'there is no such key{_near(name, allowed)}'}")
                if near := nearest(name.lower(), allowed):
                    self.faulty.add(f"{section}.{near.removesuffix('_file')}")
        values: dict[str, Any] = {}
        for key in keys.values():
            before = len(self.problems)
            variable = self._variable(env or section, key.name)
            if key.secret:
                file_variable = self._variable(env or section, f"{key.name}_file")
                if self.with_secrets or f"{section}.{key.name}" in self.some:
                    values[key.name] = self.secrets.find(section, key, table, variable, file_variable)
            elif (found := self._plain(section, key, table, variable)) is not _ABSENT:
                values[key.name] = found
            if len(self.problems) > before:
                self.faulty.add(f"{section}.{key.name}")
        return values

    def _variable(self, section: str, key: str, *, keep: bool = False) -> tuple[str, str] | None:
        """The environment variable of a key, if it is set. Names of webhooks are compared with - as _. `keep`: it
        is asked for again."""
        wanted = f"{section}.{key}"
        for dotted in self.environment:
            if dotted == wanted or _folded(dotted) == wanted:
                return self.environment[dotted] if keep else self.environment.pop(dotted)
        return None

    def _plain(self, section: str, key: Key, table: dict[str, Any], variable: tuple[str, str] | None) -> Any:
        assert key.shape is not None
        where, value = f"{section}.{key.name}", table.get(key.name)
        try:
            if variable is not None:
                where, value = variable
                return key.shape.from_text(variable[1])
            if value is not None:
                return key.shape.parse(value)
        except Wrong as wrong:
            self.problems.append(f"{where}: {shown(value)} {wrong}; write {key.shape.words}")
            return _ABSENT
        if key.required:
            self.problems.append(f"{where}: is missing; write {key.shape.words}")
        return _ABSENT

    def _all_keys(self, sections: dict[str, Any]) -> list[str]:
        known: list[str] = []
        for name, model in SECTIONS.items():
            parents = {name: model}
            if name in NAMED:
                parents = {f"{name}.{n.lower()}": type(made) for n, made in sections[name].items()}
            for parent, options in parents.items():
                for key in keys_of(options).values():
                    known.append(f"{parent}.{key.name}")
                    if key.secret:
                        known.append(f"{parent}.{key.name}_file")
        return known


def _anothers(name: str, model: type[Webhook]) -> str:
    """The words for a key that is another provider's; empty: of none."""
    if not any(name in keys_of(providers.get(one).settings) for one in providers.names()):
        return ""
    this = next((one for one in providers.names() if providers.get(one).settings is model), "this provider")
    own = keys_of(model).keys() - keys_of(Webhook).keys()
    return f"{this} does not use it; it uses {', '.join(sorted(own)) or 'no key of its own'}"


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")


def _near(name: str, known: list[str]) -> str:
    if near := nearest(name.lower(), known):
        return f"; did you mean {near}?"
    return (
        f"; known are {', '.join(known)}" if len(known) <= 12 else "; config.toml in the repository shows all keys"
    )
