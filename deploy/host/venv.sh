#!/bin/sh
# Makes .venv hold exactly what requirements.lock says, and ClawBot itself; does nothing when it already does.
set -eu
cd "$(dirname "$0")/../.."
. deploy/host/say.sh

stamp=.venv/.made-from
wanted=$(cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
    exit 0
fi

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1
}

find_python() {
    for candidate in python3.11 /usr/bin/python3.11 python3 python3.12 python3.13; do
        if fits "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

if ! python=$(find_python); then
    say "setup: no Python 3.11 here, installing Debian's"
    install_packages python3 python3-venv
    python=$(find_python) || fail "setup: Python 3.11 to 3.13 is needed and Debian's sources have none: install one"
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "setup: making the virtual environment with $("$python" --version)"
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        say "setup: Python has no venv here, installing Debian's python3-venv"
        install_packages python3-venv
        fits /usr/bin/python3 && python=/usr/bin/python3
        "$python" -m venv --clear .venv || fail "setup: the virtual environment cannot be made: install python3-venv"
    fi
fi

say "setup: installing the locked packages (first time: about a minute)"
pip=".venv/bin/python -m pip --disable-pip-version-check --quiet"
$pip install --require-hashes -r requirements.lock || fail "setup: packages cannot be installed: is PyPI reachable?"
$pip install --no-deps --no-build-isolation -e . || fail "setup: ClawBot itself cannot be installed into .venv"
echo "$wanted" >"$stamp"
say "setup: done"
