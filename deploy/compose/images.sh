#!/bin/sh
# The images compose.yaml builds on, from Debian's and PyPI's packages: no image registry takes part.
# Finished file systems are kept outside the checkout, so each is built once per machine; `images.sh --anew` builds them
# again, for Debian's security updates.
set -eu
cd "$(dirname "$0")/../.."
. deploy/host/say.sh

suite=bookworm
cache=${CLAWBOT_IMAGE_CACHE:-/var/cache/clawbot}

# hash_of WORD...: 12 hex digits of what an image is made from.
hash_of() {
    { echo "$suite $(dpkg --print-architecture) $*"; cat deploy/compose/images.sh; } | sha256sum | cut -c1-12
}

# make_root NAME PACKAGES HASH: the file system as a tar; another build of it is waited for.
make_root() {
    tar=$cache/clawbot-$1-$3.tar
    [ -z "$anew" ] && [ -e "$tar" ] && return 0
    command -v mmdebstrap >/dev/null 2>&1 || install_packages mmdebstrap
    say "image clawbot-$1: Debian's $2 …"
    scratch=$(mktemp -d "$cache/build-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    if ! mmdebstrap --quiet --variant=essential --include="$(echo "$2" | tr ' ' ',')" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --essential-hook='mkdir -p "$1/etc/postgresql-common" && echo create_main_cluster=false >"$1/etc/postgresql-common/createcluster.conf"' \
        "$suite" "$scratch/root" >"$scratch/log" 2>&1; then
        fail "image clawbot-$1: mmdebstrap failed: $(tail -n 1 "$scratch/log")"
    fi
    "finish_$1" "$scratch/root"
    tar --create --numeric-owner --directory "$scratch/root" --file "$tar.partial" .
    rm -f "$cache/clawbot-$1-"*.tar
    mv "$tar.partial" "$tar"
    rm -rf "$scratch"
    trap - EXIT
}

# ClawBot's Python packages, those its tests need left out; its own code is added by the Dockerfile.
finish_python() {
    venv=$1/opt/clawbot/.venv
    mkdir -p "$venv/bin"
    chroot "$1" python3 -m venv --without-pip /opt/clawbot/.venv
    .venv/bin/python deploy/compose/runtime_lock.py >"$scratch/lock"
    .venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps --requirement "$scratch/lock" \
        --python-version 3.11 --only-binary=:all: --target "$venv/lib/python3.11/site-packages" ||
        fail "image clawbot-python: packages cannot be installed: is PyPI reachable?"
    chroot "$1" python3 -m compileall -q /usr/lib/python3.11 /opt/clawbot/.venv/lib || true
}

finish_systemd() {
    :
}

finish_postgres() {
    install -d -o "$(chroot "$1" id -u postgres)" -g "$(chroot "$1" id -g postgres)" -m 0700 "$1/var/lib/postgresql/data"
    install -m 0755 deploy/compose/postgres.sh "$1/usr/local/bin/clawbot-postgres"
}

# Its logs are the container's.
finish_nginx() {
    ln -sf /dev/stdout "$1/var/log/nginx/access.log"
    ln -sf /dev/stderr "$1/var/log/nginx/error.log"
}

# provide NAME PACKAGES INPUT: the image clawbot-NAME stands for exactly these inputs.
provide() {
    hash=$(hash_of "$2 $3")
    if [ -n "$anew" ] || ! docker image inspect "clawbot-$1:$hash" >/dev/null 2>&1; then
        make_root "$1" "$2" "$hash"
        docker import --change 'CMD ["/bin/false"]' "$cache/clawbot-$1-$hash.tar" "clawbot-$1:$hash" >/dev/null
    fi
    docker tag "clawbot-$1:$hash" "clawbot-$1:latest"
    say "image clawbot-$1: $hash"
}

anew=
if [ "${1:-}" = --anew ]; then
    anew=1
    shift
fi
need_root "images.sh"
docker version >/dev/null 2>&1 || fail "images.sh: no Docker Engine answers: make engine"
mkdir -p "$cache"
exec 9>"$cache/compose-lock"
flock 9
lock=$(.venv/bin/python deploy/compose/runtime_lock.py | sha256sum)
# shellcheck disable=SC2048,SC2086 # one word an image
for name in ${*:-python postgres nginx}; do
    case $name in
        python) provide python "python3 ca-certificates iptables tzdata" "$lock" ;;
        # A host with systemd as its first process, to try deploy/systemd.
        systemd) provide systemd "python3 ca-certificates iptables tzdata systemd-sysv" "" ;;
        postgres) provide postgres "postgresql" "$(sha256sum <deploy/compose/postgres.sh)" ;;
        nginx) provide nginx "nginx-light" "" ;;
        *) fail "images.sh: there is no image $name" ;;
    esac
done
