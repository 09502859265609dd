# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls by which Listmonk tells about itself: profile, version, configuration, settings, log."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bouncestream.sandbox.answers import moment, read_object
from bouncestream.sandbox.calls import Call, Route
from bouncestream.sandbox.listmonk import now


def _profile(call: Call) -> web.Response:
    at = moment(now())
    told = {
        "id": 1,
        "created_at": at,
        "updated_at": at,
        "username": call.user.name,
        "password": None,
        "password_login": True,
        "email": None,
        "name": call.user.name,
        "type": "api",
        "status": "enabled",
        "avatar": None,
        "loggedin_at": None,
        "user_role": {"id": 1, "name": call.user.name, "permissions": sorted(call.user.permissions)},
        "list_role": None,
    }
    return call.answer({"data": told})


def _about(call: Call) -> web.Response:
    version = str(call.listmonk.version)
    # Not wrapped in `data`, unlike all other answers.
    return call.answer(
        {
            "version": version,
            "build": f"{version} (a sandbox of bouncestream)",
            "go_version": "",
            "go_arch": "",
            "database": {"version": "PostgreSQL (in memory)", "size_mb": 1},
            "system": {"num_cpu": 1, "memory_alloc_mb": 1, "memory_from_os_mb": 1},
            "host": {"os": "linux", "arch": "", "hostname": "sandbox"},
        }
    )


def _config(call: Call) -> web.Response:
    listmonk = call.listmonk
    stored = listmonk.stored_settings()
    told: dict[str, Any] = {
        "root_url": stored["app.root_url"].removesuffix("/"),
        "from_email": stored["app.from_email"],
        "messengers": ["email"],
        "langs": [{"code": "en", "name": "English (en)"}],
        "lang": "en",
        "update": None,
        "needs_restart": listmonk.settings.needs_restart,
        "has_legacy_user": False,
        "version": str(listmonk.version),
    }
    if listmonk.version.major >= 6:
        told["privacy"] = {
            "disable_tracking": stored.get("privacy.disable_tracking", False),
            "individual_tracking": stored["privacy.individual_tracking"],
        }
    return call.answer({"data": told})


def _settings(call: Call) -> web.Response:
    return call.answer({"data": call.listmonk.shown_settings()})


def _save_settings(call: Call) -> web.Response:
    call.listmonk.save_settings(read_object(call.body, ""))
    return call.answer({"data": True})


def _logs(call: Call) -> web.Response:
    return call.answer({"data": list(call.listmonk.log)})


def _health(call: Call) -> web.Response:
    return call.answer({"data": True})


ROUTES = (
    Route("GET", "/api/health", (), _health),
    Route("GET", "/api/profile", (), _profile),
    Route("GET", "/api/about", (), _about),
    Route("GET", "/api/config", (), _config),
    Route("GET", "/api/settings", ("settings:get",), _settings, "Error fetching Settings"),
    Route("PUT", "/api/settings", ("settings:manage",), _save_settings, "Error updating Settings"),
    Route("GET", "/api/logs", ("settings:get",), _logs),
)
