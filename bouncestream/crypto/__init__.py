# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets and signatures. Pure: keys, times and bodies come in as arguments.

secret (a secret that never prints itself), signature (HMAC over a timestamp and a body, with a replay window).
"""
