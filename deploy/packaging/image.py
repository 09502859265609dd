# SPDX-License-Identifier: GPL-3.0-or-later
"""The container's image, by buildah: from the image that the Containerfile names, or from a folder with a Debian.

A registry is not needed: `debootstrap --variant=minbase bookworm FOLDER` makes such a folder.
"""

from __future__ import annotations

from pathlib import Path

from deploy.packaging.paths import DIST, ROOT, WORK, call, epoch, say, version

FILE = ROOT / "deploy" / "container" / "Containerfile"
#: Without a daemon, and without any privilege of the kernel but chroot.
BUILDAH = ("buildah", "--storage-driver", "vfs", "--root", WORK / "images", "--runroot", WORK / "images-run")
#: What debootstrap leaves that no image needs, as in Debian's slim ones.
LEFT_OUT = ("dev/*", "proc/*", "sys/*", "tmp/*", "usr/share/doc/*", "usr/share/info/*", "usr/share/locale/*",
            "usr/share/man/*", "var/cache/apt/*", "var/lib/apt/lists/*", "var/log/*")  # fmt: skip
BASE = "localhost/debian:12-slim"


def build(folder: Path, base: Path | None, machine: str) -> Path:
    """Make the image of the folder, upon a root file system or (None) upon what the Containerfile names; returns an
    archive that `docker load` and `podman load` read. Raises Failed."""
    say("building the image ...")
    upon: tuple[str, ...] = ()
    if base is not None:
        lean = WORK / "base.tar"
        call(
            "tar",
            "--create",
            "--file",
            lean,
            "--directory",
            base,
            *(f"--exclude=./{path}" for path in LEFT_OUT),
            ".",
        )
        container = call(*BUILDAH, "from", "scratch").strip()
        call(*BUILDAH, "add", container, lean, "/")
        lean.unlink()
        call(*BUILDAH, "commit", "--rm", "--timestamp", str(epoch()), container, BASE)
        upon = ("--from", BASE)
    name = f"bouncestream:{version()}"
    call(*BUILDAH, "build", *upon, "--isolation", "chroot", "--format", "docker", "--timestamp", str(epoch()),
         "--tag", name, "--file", FILE, folder.parent)  # fmt: skip
    made = DIST / f"bouncestream-{version()}-{machine}.image.tar"
    made.unlink(missing_ok=True)
    call(*BUILDAH, "push", name, f"docker-archive:{made}:{name}")
    return made
