# SPDX-License-Identifier: GPL-3.0-or-later
"""What bouncestream is compared with, and the sink: each a program of its own, `python -m benchmarks.servers.X PORT`."""
