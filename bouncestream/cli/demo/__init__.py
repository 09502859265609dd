# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream demo`: the bridge at work beside a sandbox Listmonk."""
