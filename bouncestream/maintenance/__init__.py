# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a running bridge sound beside its main job: retention, rejudging, a missing or new outbox."""
