# Sourced by the scripts beside it: one line for what is done, one line for what is wrong and its cure.

say() {
    echo "$*"
}

fail() {
    echo "$*" >&2
    exit 1
}

need_root() {
    [ "$(id -u)" = 0 ] || fail "$1: not root, run it as root (sudo make …)"
}

# install_packages NAME...: Debian packages, asking nobody, starting no service.
install_packages() {
    need_root "installing $*"
    command -v apt-get >/dev/null 2>&1 || fail "installing $*: this is no Debian, install them yourself"
    log=$(mktemp)
    if ! {
        apt-get update -qq &&
            RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    } </dev/null >"$log" 2>&1; then
        reason=$(grep '^E:' "$log" | head -n 1)
        rm -f "$log"
        fail "installing $*: ${reason:-apt-get failed}: check Debian's sources and the free space"
    fi
    rm -f "$log"
}
