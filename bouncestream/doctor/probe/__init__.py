# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor's areas ask the world with: names, ports, requests, certificates. No judging here."""
