# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a running bridge healthy beside its main job."""
