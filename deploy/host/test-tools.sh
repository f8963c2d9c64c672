#!/bin/sh
# What the tests need beside Python and Docker: PostgreSQL's programs, a browser, nginx, npm, compose and systemd's own.
set -eu
cd "$(dirname "$0")/../.."
. deploy/host/say.sh

missing=
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
command -v docker-compose >/dev/null 2>&1 || missing="$missing docker-compose"
command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd"
command -v mmdebstrap >/dev/null 2>&1 || missing="$missing mmdebstrap"
[ -n "$missing" ] || exit 0

say "test tools: installing Debian's$missing"
# shellcheck disable=SC2086 # one word a package
install_packages $missing
say "test tools: done"
