# SPDX-License-Identifier: GPL-3.0-or-later
"""Access logs of web servers → findings."""
