#!/bin/sh
# PostgreSQL for ClawBot, on loopback: made at the first start with one role and one database, both named clawbot.
set -eu
data=/var/lib/postgresql/data
bin=$(ls -d /usr/lib/postgresql/*/bin)
port=${POSTGRES_PORT:-5432}

if [ ! -s "$data/PG_VERSION" ]; then
    case ${POSTGRES_PASSWORD:-} in
        '' | *[!A-Za-z0-9_-]*)
            echo "CLAWBOT_COMPOSE_POSTGRES_PASSWORD must be letters, digits, - and _" >&2
            exit 2
            ;;
    esac
    # Whole or not at all: what a killed first start left is begun anew.
    rm -rf "$data/making"
    mkdir "$data/making"
    "$bin/initdb" --pgdata="$data/making" --encoding=UTF8 --locale=C.UTF-8 --auth-local=peer --auth-host=scram-sha-256 >/dev/null
    "$bin/postgres" --single -D "$data/making" postgres >/dev/null <<SQL
CREATE ROLE clawbot LOGIN PASSWORD '$POSTGRES_PASSWORD';
CREATE DATABASE clawbot OWNER clawbot;
SQL
    mv "$data/making/PG_VERSION" "$data/making/.PG_VERSION"
    find "$data/making" -mindepth 1 -maxdepth 1 -exec mv {} "$data/" \;
    rmdir "$data/making"
    mv "$data/.PG_VERSION" "$data/PG_VERSION"
fi
exec "$bin/postgres" -D "$data" -c listen_addresses=127.0.0.1 -c port="$port" -c unix_socket_directories=/tmp
