#!/bin/sh
# A Docker Engine answers afterwards: the one that does already, else Debian's, installed and started here.
set -eu
cd "$(dirname "$0")/../.."
. deploy/host/say.sh

log=${CLAWBOT_ENGINE_LOG:-/var/log/clawbot-dockerd.log}
etc=${CLAWBOT_ENGINE_ETC:-/etc/docker}
space_mb=6000

answers() {
    .venv/bin/python -c 'import docker; docker.from_env(timeout=5).ping()' >/dev/null 2>&1
}

# wait_for SECONDS [PID]: until the engine answers, or the time is over, or the process is gone.
wait_for() {
    end=$(($(date +%s) + $1))
    while [ "$(date +%s)" -lt "$end" ]; do
        answers && return 0
        [ -z "${2:-}" ] || kill -0 "$2" 2>/dev/null || return 1
        sleep 1
    done
    return 1
}

answers && exit 0

if [ -n "${DOCKER_HOST:-}" ]; then
    fail "engine: nothing answers at DOCKER_HOST=$DOCKER_HOST: start that engine, or unset DOCKER_HOST"
fi
[ "$(id -u)" = 0 ] || fail "engine: no Docker Engine answers: run as root (sudo make engine), or start Docker and join its group"
free_mb=$(df -Pm /var/lib | awk 'NR == 2 { print $4 }')
[ "$free_mb" -ge "$space_mb" ] || fail "engine: $free_mb MB free below /var/lib, $space_mb MB are needed: make room"

if ! command -v dockerd >/dev/null 2>&1 || ! command -v iptables >/dev/null 2>&1; then
    say "engine: installing Debian's docker.io and iptables"
    install_packages docker.io iptables
fi

# Agents keep running while the engine restarts.
if [ ! -e "$etc/daemon.json" ]; then
    mkdir -p "$etc"
    echo '{"live-restore": true}' >"$etc/daemon.json"
fi

if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
    say "engine: starting docker.service"
    systemctl enable --quiet --now docker || fail "engine: docker.service does not start: see journalctl -u docker"
    wait_for 60 || fail "engine: docker.service runs but does not answer: see journalctl -u docker"
else
    say "engine: starting dockerd, its log is $log"
    # A pid file left by a killed engine would stop a new one.
    pid=$(cat /var/run/docker.pid 2>/dev/null || true)
    if [ -n "$pid" ] && ! grep -qs dockerd "/proc/$pid/comm"; then
        rm -f /var/run/docker.pid
    fi
    setsid dockerd </dev/null >>"$log" 2>&1 &
    if ! wait_for 60 $!; then
        reason=$(sed -n 's/^failed to start daemon: //p' "$log" | tail -n 1)
        fail "engine: dockerd does not start: ${reason:-no answer in 60 s}: see $log"
    fi
fi

# Without this, traffic between agents on one bridge is not filtered.
modprobe br_netfilter 2>/dev/null || true
if [ -w /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
    echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
fi
say "engine: answers"
