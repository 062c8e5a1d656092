#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Events go to a PostgreSQL server when the configuration names one: nothing is lost while it is away, reports read it, and a wrong
# line is told.
. "$(dirname "$0")/../lib/world.sh"
RUNS=${RUNS:-20}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
[ -n "$bin" ] || skip_all "no PostgreSQL server on this machine (tools/install-deps.sh check)"
world_new
plan 9
chmod 755 "$WORLD"
PG=$WORLD/pg
mkdir "$PG" && chown nobody "$PG"
as_nobody() { (cd "$PG" && exec setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$@"); }
pg_start() {
	(cd "$PG" && exec setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups --pdeathsig QUIT \
		"$bin/postgres" -D "$PG/data" -k "$PG" -c listen_addresses= -c fsync=off) >>"$WORLD/pg.log" 2>&1 &
	pg_pid=$!
	wait_for 30 "$bin/pg_isready" -q -h "$PG"
}
pg_stop() { kill -QUIT "$pg_pid" && wait "$pg_pid"; }
sql() { "$bin/psql" -h "$PG" -U postgres -qXtAc "$1" 2>/dev/null; }
as_nobody "$bin/initdb" -D "$PG/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$WORLD/pg.log" 2>&1 && pg_start
result $? "a PostgreSQL server of the test's own"
echo "host=$PG user=postgres dbname=postgres" >"$WORLD/pg.line"
chmod 600 "$WORLD/pg.line"

echo 'store { postgres-file here; }' >"$WORLD/wrong.conf"
sekimori check "$WORLD/wrong.conf" >"$WORLD/wrong" 2>&1
[ $? != 0 ] && grep -q 'no absolute path' "$WORLD/wrong"
result $? "a wrong line of the configuration is told with file and line"
note <"$WORLD/wrong"
world_up <<<"store { postgres-file $WORLD/pg.line; }"
result $? "up in monitor mode"

schema=sekimori_default_events_$(date -u +%Y_%m)
stored() { sql "SELECT count(*) FROM $schema.event WHERE kind = 0"; }
told() { eve_select 'e["event_type"] == "alert"' | wc -l; }
attack() { internet $TRAFFIC attack --target 198.51.100.1 --runs "$1" --sources "$2" >/dev/null 2>&1; }
same() { [ "$(stored)" = "$(told)" ] && [ "$(told)" -ge "$1" ]; }
attack "$RUNS" 198.18.0.0/24
wait_for 20 same "$RUNS"
result $? "alerts in its tables are those of the event file"
echo "# $(stored) stored, $(told) told"

before=$(told)
pg_stop
attack "$RUNS" 198.18.1.0/24
away() { [ -n "$(status_of '.events.store.error // empty')" ]; }
wait_for 20 away
result $? "status says that the server is away"
status_of .events.store | note
sekimori block 203.0.113.8 --reason "without a server" >/dev/null
wait_for 10 grep -q 'without a server' "$WORLD/state/default/store/audit.log"
result $? "changes are in the audit log all the same"
pg_start
wait_for 60 same $((before + RUNS))
result $? "when it is back everything that waited is stored"
echo "# $(stored) stored, $(told) told"
[ "$(status_of '.events.store | .lost + .refused')" = 0 ]
result $? "and nothing was lost or refused"
sekimori report top --period 7d --format json >"$WORLD/top" 2>"$WORLD/top.err" && grep -q "$(stored)" "$WORLD/top"
result $? "a report reads it"
note <"$WORLD/top.err"
sekimori down >/dev/null 2>&1
pg_stop
exit $ktap_failed
