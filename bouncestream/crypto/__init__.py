# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets and signatures. Pure: keys, times and bodies come in as arguments.

secret (never prints itself), blank (takes secrets out of texts), proof and its kinds (signature, public_key, sns).
"""
