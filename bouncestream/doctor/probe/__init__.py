# SPDX-License-Identifier: GPL-3.0-or-later
"""The probes by which the doctor's areas ask the world: names, ports, requests, certificates. No judging here."""
