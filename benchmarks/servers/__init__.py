# SPDX-License-Identifier: GPL-3.0-or-later
"""What bouncestream is compared with, and the sink: programs, `python -m benchmarks.servers.NAME PORT …`."""
