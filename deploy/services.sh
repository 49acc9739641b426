#!/bin/sh
# Installs and starts what the portal and its tests use on a Debian machine: bubblewrap, PostgreSQL, Redis, clamd
# with the EICAR test signature, nginx, Chromium, and the packers and unpackers that the tests compare with. Safe to
# repeat.
#
# For a machine of development or CI: the PostgreSQL account is smmods/smmods, and everything listens on
# loopback only.
set -eu

PACKAGES="python3-venv bubblewrap postgresql redis-server clamav clamav-daemon nginx chromium
          libarchive-tools p7zip-full unzip
          zip default-jdk-headless
          libxml2-utils"
SIGNATURES=/var/lib/smmods-clamav
CLAMD=/etc/clamav/smmods-clamd.conf

if [ "$(id -u)" != 0 ]; then
    echo "make services installs packages, so it needs root: sudo make services" >&2
    exit 1
fi

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }

missing=""
for package in $PACKAGES; do
    installed "$package" || missing="$missing $package"
done
if [ -n "$missing" ]; then
    echo "Installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing
fi

# start NAME: by systemd where it runs this machine, else by its init script.
start() {
    if [ -d /run/systemd/system ]; then
        systemctl start "$1"
    else
        service "$1" start >/dev/null 2>&1 || service "$1" restart >/dev/null
    fi
}

# wait_for WHAT COMMAND...: until the command succeeds, at most a minute.
wait_for() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -ge 120 ]; then
            echo "$what did not start" >&2
            exit 1
        fi
        sleep 0.5
    done
    echo "$what answers"
}

sql() { runuser -u postgres -- psql -qtAX -c "$1"; }

start postgresql
wait_for PostgreSQL runuser -u postgres -- psql -qtAX -c 'SELECT 1'
[ "$(sql "SELECT 1 FROM pg_roles WHERE rolname = 'smmods'")" = 1 ] ||
    sql "CREATE ROLE smmods LOGIN CREATEDB PASSWORD 'smmods'"
[ "$(sql "SELECT 1 FROM pg_database WHERE datname = 'smmods'")" = 1 ] ||
    sql "CREATE DATABASE smmods OWNER smmods"

redis-cli ping >/dev/null 2>&1 || start redis-server
wait_for Redis sh -c 'redis-cli ping | grep -q PONG'

# clamd: an instance of its own, since Debian's refuses to start before freshclam has fetched the full database.
# One signature is enough to see that it finds and reports. It is built now, so that its age is known; older than
# SMMODS_ANTIVIRUS_MAX_AGE_DAYS it is not believed, and running this again builds it anew. The configuration is the
# one for production, on a port of this machine.
# tell_clamd COMMAND ANSWER: whether it says that.
tell_clamd() {
    timeout 3 python3 -c '
import socket, sys
with socket.create_connection(("127.0.0.1", 3310), 2) as door:
    door.sendall(b"z%s\0" % sys.argv[1].encode())
    sys.exit(sys.argv[2].encode() not in door.recv(16))' "$1" "$2"
}
clamd_answers() { tell_clamd PING PONG; }
mkdir -p "$SIGNATURES" /run/clamav /var/log/clamav
base=$(mktemp -d)
echo "44d88612fea8a8f36de82e1278abb02f:68:Win.Test.EICAR_HDB-1" >"$base/daily.hdb"
echo "The test signature alone." >"$base/COPYING"
(cd "$base" && SIGNDUSER=smmods sigtool --build=daily.cud --unsigned --cvd-version=1 --max-bad-sigs=0 >/dev/null 2>&1 </dev/null)
rm -f "$SIGNATURES"/*
cp "$base/daily.cud" "$SIGNATURES/"
rm -rf "$base"
here=$(dirname "$0")
sed -e "s|^DatabaseDirectory .*|DatabaseDirectory $SIGNATURES|" \
    -e "s|^PidFile .*|PidFile /run/clamav/smmods-clamd.pid|" \
    -e "s|^LogFile .*|LogFile /var/log/clamav/smmods-clamd.log|" \
    -e "/^LocalSocketMode\|^FixStaleSocket/d" \
    -e "s|^LocalSocket .*|TCPSocket 3310\nTCPAddr 127.0.0.1|" "$here/clamd.conf" >"$CLAMD.new"
chown -R clamav:clamav "$SIGNATURES" /run/clamav /var/log/clamav
# One that runs with other settings is started anew; one that runs with these reads the signatures anew.
if clamd_answers 2>/dev/null && ! cmp -s "$CLAMD.new" "$CLAMD"; then
    kill "$(cat /run/clamav/smmods-clamd.pid)"
    while clamd_answers 2>/dev/null; do sleep 0.2; done
fi
mv "$CLAMD.new" "$CLAMD"
if clamd_answers 2>/dev/null; then
    tell_clamd RELOAD RELOADING
else
    clamd --config-file="$CLAMD" >/dev/null
fi
wait_for clamd clamd_answers

pgrep -x nginx >/dev/null || start nginx || echo "nginx is installed but did not start (is port 80 taken?)"
command -v chromium >/dev/null && echo "Chromium is there"
