#!/bin/sh
# Makes .venv and installs what a lock file names, each file checked against its hash.
# Usage: deploy/venv.sh LOCKFILE     (PYTHON=python3.12 to choose the interpreter)
set -eu
lock=$1
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "bouncestream needs Python 3.11 or newer, and '$python' is not. Try: make run PYTHON=python3.12" >&2
    exit 1
fi
# The scripts in .venv name the folder that it was made in, and its Python one that an upgrade of the system removes.
here=$(pwd -P)
if [ -e .venv/bin/bouncestream ] && ! { [ -x .venv/bin/python ] &&
    grep -qF "\"$here/.venv/bin/python\"" .venv/bin/bouncestream; }; then
    echo "This folder was moved, or its Python is gone: making .venv anew ..." >&2
    rm -rf .venv
fi
if [ ! -x .venv/bin/python ]; then
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv .venv
    elif command -v uv >/dev/null; then
        uv venv -q --python "$python" .venv
    else
        echo "This Python cannot make virtual environments. As root: apt install python3-venv   (or install uv)" >&2
        exit 1
    fi
fi
echo "Installing what $lock names into .venv ..." >&2
if .venv/bin/python -c 'import pip' 2>/dev/null; then
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r "$lock"
else
    uv pip install -q --python .venv/bin/python --require-hashes -r "$lock"
fi
# The program itself is run from this folder; a path file spares building a package for that.
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$here" > "$site/bouncestream.pth"
printf '#!/bin/sh\nexec "%s/.venv/bin/python" -m bouncestream "$@"\n' "$here" > .venv/bin/bouncestream
chmod +x .venv/bin/bouncestream
