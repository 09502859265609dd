# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of all providers, one file for each: what a good request looks like. The shared suite does the rest.

A new provider's file needs one here; a test says so.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.providers.case import Case

CASES: dict[str, Case] = {
    name: case
    for module in iter_modules(__path__)
    for name, case in import_module(f"{__name__}.{module.name}").CASES.items()
}
