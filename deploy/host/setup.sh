#!/bin/sh
# Prepares a host for sleeping agents, or takes it back: swap, kernel settings, the engine's settings.
#   setup.sh apply | undo
# Every piece can be repeated and is undone to what stood before; deploy/host/README.md has the reasons.
set -eu
cd "$(dirname "$0")/../.."
. deploy/host/say.sh
PATH=$PATH:/usr/sbin:/sbin

root=${CLAWBOT_HOST_ROOT:-}
sysctls="90-clawbot.conf 91-clawbot-zram.conf"
before=$root/var/lib/clawbot-host
daemon=$root/etc/docker/daemon.json
units=$root/etc/systemd/system

systemd() {
    [ -d "$root/run/systemd/system" ] && command -v systemctl >/dev/null 2>&1
}

proc_of() {
    echo "$root/proc/sys/$(echo "$1" | tr . /)"
}

# settings FILE: its lines as "key value".
settings() {
    sed -n 's/^\([a-z][^ ]*\) *= *\(.*\)$/\1 \2/p' "$1"
}

# set_kernel FILE: keeps it for the next boot, sets it now, and remembers what stood before.
set_kernel() {
    mkdir -p "$root/etc/sysctl.d"
    cp "deploy/sysctl/$1" "$root/etc/sysctl.d/$1"
    settings "deploy/sysctl/$1" | while read -r key value; do
        if [ ! -w "$(proc_of "$key")" ]; then
            say "kernel: $key is not known to this kernel yet: it stands after the next boot"
            continue
        fi
        grep -qs "^$key " "$before/kernel" || echo "$key $(cat "$(proc_of "$key")")" >>"$before/kernel"
        echo "$value" >"$(proc_of "$key")"
        say "kernel: $key = $value"
    done
}

apply_kernel() {
    mkdir -p "$root/etc/modules-load.d"
    echo br_netfilter >"$root/etc/modules-load.d/clawbot.conf"
    modprobe br_netfilter 2>/dev/null || true
    set_kernel 90-clawbot.conf
    if grep -qs '^/dev/zram' "$root/proc/swaps"; then
        set_kernel 91-clawbot-zram.conf
    fi
}

undo_kernel() {
    rm -f "$root/etc/modules-load.d/clawbot.conf"
    for name in $sysctls; do
        rm -f "$root/etc/sysctl.d/$name"
    done
    [ -e "$before/kernel" ] || return 0
    while read -r key value; do
        echo "$value" >"$(proc_of "$key")"
        say "kernel: $key = $value, as before"
    done <"$before/kernel"
    rm -f "$before/kernel"
}

apply_swap() {
    if systemd; then
        sed "s#/opt/clawbot#$PWD#" deploy/systemd/clawbot-swap.service >"$units/clawbot-swap.service"
        systemctl daemon-reload
        systemctl enable --quiet --now clawbot-swap.service || fail "swap: see journalctl -u clawbot-swap"
        say "swap: on, and made again at each boot (clawbot-swap.service)"
    else
        sh deploy/host/swap.sh start
        say "swap: this host has no systemd: run deploy/host/swap.sh start after each boot"
    fi
}

undo_swap() {
    if [ -e "$units/clawbot-swap.service" ]; then
        systemctl disable --quiet --now clawbot-swap.service
        rm -f "$units/clawbot-swap.service"
        systemctl daemon-reload
    fi
    sh deploy/host/swap.sh stop
}

# merged: the engine's settings with ours beside them; a value the operator chose stays.
merged() {
    python3 - "$daemon" deploy/docker/daemon.json <<'END'
import json, pathlib, sys
theirs, ours = (pathlib.Path(name) for name in sys.argv[1:])
settings = json.loads(theirs.read_text() or "{}") if theirs.exists() else {}
for key, value in json.loads(ours.read_text()).items():
    if key == "log-opts" and settings.get("log-driver", "json-file") != "json-file":
        continue
    settings[key] = {**value, **settings.get(key, {})} if isinstance(value, dict) else value
print(json.dumps(settings, indent=2, sort_keys=True))
END
}

apply_docker() {
    mkdir -p "$(dirname "$daemon")"
    merged >"$before/merged" 2>/dev/null || fail "docker: $daemon is no JSON: mend it, then try again"
    if cmp -s "$before/merged" "$daemon"; then
        say "docker: $daemon says so already"
        return
    fi
    if [ -e "$daemon" ] && [ ! -e "$before/daemon.json" ]; then
        cp -p "$daemon" "$before/daemon.json"
    fi
    cp "$before/merged" "$before/daemon.new"
    cp "$before/merged" "$daemon"
    reload_docker
    say "docker: live-restore and log limits are in $daemon (log limits from the engine's next start on)"
}

undo_docker() {
    if ! cmp -s "$before/daemon.new" "$daemon"; then
        say "docker: $daemon is not as we left it, or never was ours: it stays"
        return
    fi
    if [ -e "$before/daemon.json" ]; then
        mv "$before/daemon.json" "$daemon"
    else
        rm -f "$daemon"
    fi
    rm -f "$before/daemon.new"
    reload_docker
    say "docker: $daemon is as before"
}

# The engine reads live-restore anew without a restart, so that no agent notices.
reload_docker() {
    if systemd && systemctl is-active --quiet docker; then
        systemctl reload docker
    elif pid=$(cat "$root/var/run/docker.pid" 2>/dev/null); then
        kill -HUP "$pid" 2>/dev/null || true
    fi
}

need_root host
command -v python3 >/dev/null 2>&1 || PATH=$PWD/.venv/bin:$PATH
mkdir -p "$before"
case ${1:-} in
apply)
    apply_swap
    apply_kernel
    apply_docker
    ;;
undo)
    undo_docker
    undo_kernel
    undo_swap
    rm -rf "$before"
    ;;
*) fail "host: say apply or undo" ;;
esac
