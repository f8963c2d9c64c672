#!/bin/sh
# Swap for sleeping agents: compressed in memory (zram) where the kernel has it, else a file on disk.
#   swap.sh start | stop | status
# Why compressed: an idle agent's memory shrinks to less than half and is back within a second or two; from a disk it takes
# longer, and wears it. What start made is noted in a state file, and stop takes away that and nothing else.
set -eu
cd "$(dirname "$0")/../.."
. deploy/host/say.sh
PATH=$PATH:/usr/sbin:/sbin

# Sleeping agents' memory counts against swap uncompressed: as much as there is memory lets all of them sleep.
size_mb=${CLAWBOT_SWAP_MB:-$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)}
# lz4 gives memory back fastest; without it the kernel's default.
algorithm=${CLAWBOT_SWAP_ALGORITHM:-lz4}
file=${CLAWBOT_SWAP_FILE:-/var/lib/clawbot-swap}
state=${CLAWBOT_SWAP_STATE:-/run/clawbot-swap}
sys=${CLAWBOT_SYS:-/sys}
swaps=${CLAWBOT_PROC_SWAPS:-/proc/swaps}

on() {
    awk -v wanted="$1" 'NR > 1 && $1 == wanted { found = 1 } END { exit !found }' "$swaps"
}

# made: what an earlier start made and what is still on; prints "kind device", else fails.
made() {
    [ -s "$state" ] || return 1
    read -r kind device <"$state"
    on "$device" && echo "$kind $device"
}

# new_zram: prints the number of a fresh device; fails where the kernel has none.
new_zram() {
    [ -e "$sys/class/zram-control/hot_add" ] || modprobe zram num_devices=0 2>/dev/null || return 1
    [ -r "$sys/class/zram-control/hot_add" ] || return 1
    cat "$sys/class/zram-control/hot_add" 2>/dev/null
}

start_zram() {
    number=$(new_zram) || return 1
    block=$sys/block/zram$number
    device=/dev/zram$number
    if ! {
        { ! grep -qw "$algorithm" "$block/comp_algorithm" || echo "$algorithm" >"$block/comp_algorithm"; } &&
            echo "${size_mb}M" >"$block/disksize" &&
            # At most half of the size is ever taken from memory, however badly it compresses.
            echo "$((size_mb / 2))M" >"$block/mem_limit" &&
            mkswap "$device" >/dev/null && swapon --priority 100 "$device"
    } 2>/dev/null; then
        echo "$number" >"$sys/class/zram-control/hot_remove" 2>/dev/null || true
        return 1
    fi
    echo "zram $device" >"$state"
    say "swap: $size_mb MiB on $device, compressed in memory ($(sed 's/.*\[\(.*\)\].*/\1/' "$block/comp_algorithm"))"
}

start_file() {
    size=$(stat -c %s "$file" 2>/dev/null || echo 0)
    [ "$size" = $((size_mb * 1048576)) ] || make_file
    if ! reason=$(mkswap "$file" 2>&1 >/dev/null && swapon --priority 10 "$file" 2>&1); then
        rm -f "$file"
        fail "swap: $(echo "$reason" | tail -n 1): is this a container? Then set swap up on its host"
    fi
    echo "file $file" >"$state"
    say "swap: $size_mb MiB in $file: this kernel has no zram, so agents wake more slowly than from compressed memory"
}

make_file() {
    free_mb=$(df -Pm "$(dirname "$file")" | awk 'NR == 2 { print $4 }')
    # The disk keeps what agents' data is promised beside it.
    [ "$free_mb" -ge $((size_mb + 2048)) ] || fail "swap: this kernel has no zram, and $free_mb MB of disk are too little \
for a swap file of $size_mb MB: make room, set CLAWBOT_SWAP_MB, or point CLAWBOT_SWAP_FILE elsewhere"
    rm -f "$file"
    # Written out, not reserved: some file systems make holes, which swapon refuses.
    (umask 077 && dd if=/dev/zero of="$file" bs=1M count="$size_mb" status=none) ||
        { rm -f "$file"; fail "swap: $file cannot be written"; }
}

start() {
    need_root swap
    if found=$(made); then
        say "swap: already on (${found#* })"
        return
    fi
    start_zram || start_file
}

stop() {
    need_root swap
    if ! found=$(made); then
        rm -f "$state"
        say "swap: nothing of ours is on"
        return
    fi
    kind=${found%% *} device=${found#* }
    swapoff "$device" || fail "swap: what is in it does not fit into memory: stop some agents, then try again"
    case $kind in
    zram) echo "${device#/dev/zram}" >"$sys/class/zram-control/hot_remove" ;;
    file) rm -f "$device" ;;
    esac
    rm -f "$state"
    say "swap: taken away ($device)"
}

status() {
    if found=$(made); then
        say "swap: on (${found#* })"
    else
        say "swap: nothing of ours is on"
    fi
    awk 'NR > 1 { printf "  %s: %d MiB, %d used\n", $1, $3 / 1024, $4 / 1024 }' "$swaps"
}

case ${1:-} in
start | stop | status) "$1" ;;
*) fail "swap: say start, stop or status" ;;
esac
