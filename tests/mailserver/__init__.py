# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail servers for the tests: a real Dovecot, a TCP proxy that misbehaves, a scripted server of exact bytes."""
