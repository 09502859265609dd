# SPDX-License-Identifier: GPL-3.0-or-later
"""The sinks, which events are delivered to. Listmonk is the only one."""
