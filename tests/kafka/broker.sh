#!/usr/bin/env bash
# One Apache Kafka broker (KRaft, one JVM) for tests and for trying things out.
#   broker.sh fetch              puts the broker's jars into build/deps/kafka (needs Java 17 and Maven)
#   broker.sh up DIR PORT [K=V]  starts a broker on 127.0.0.1:PORT with its data in DIR (a new one is formatted); waits until it answers
#   broker.sh down DIR           stops it
#   broker.sh kill DIR           ends it with SIGKILL
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
jars=${FLOW_KAFKA_JARS:-$here/../../build/deps/kafka}

fetch() {
  [ -f "$jars/.done" ] && return
  command -v mvn >/dev/null && command -v java >/dev/null || { echo "broker.sh: needs Java 17 and Maven to fetch Apache Kafka" >&2; exit 3; }
  echo "broker.sh: fetching Apache Kafka into $jars" >&2
  mkdir -p "$jars"
  mvn -q -B -f "$here/broker-pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars" -DincludeScope=runtime
  touch "$jars/.done"
}

up() {
  local dir=$1 port=$2
  shift 2
  fetch
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  local controller=$((port + 1))
  if [ ! -f "$dir/server.properties" ]; then
    cat > "$dir/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
log.dirs=$dir/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
P
    for setting in "$@"; do echo "$setting" >> "$dir/server.properties"; done
    java -cp "$jars/*" kafka.tools.StorageTool format -t "$(java -cp "$jars/*" kafka.tools.StorageTool random-uuid)" \
      -c "$dir/server.properties" > "$dir/format.log" 2>&1
  fi
  setsid java -Xmx512m -cp "$jars/*" kafka.Kafka "$dir/server.properties" >> "$dir/broker.log" 2>&1 < /dev/null &
  echo $! > "$dir/pid"
  for _ in $(seq 300); do
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || { echo "broker.sh: the broker ended:" >&2; tail -20 "$dir/broker.log" >&2; exit 1; }
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    sleep 0.1
  done
  echo "broker.sh: no answer on port $port after 30 s" >&2
  exit 1
}

end() {
  [ -f "$1/pid" ] || return 0
  kill "$2" "$(cat "$1/pid")" 2>/dev/null || true
  for _ in $(seq 300); do kill -0 "$(cat "$1/pid")" 2>/dev/null || break; sleep 0.1; done
  rm -f "$1/pid"
}

case "${1:-}" in
  fetch) fetch ;;
  up) shift; up "$@" ;;
  down) end "$2" -TERM ;;
  kill) end "$2" -KILL ;;
  *) sed -n '2,6p' "$0" >&2; exit 2 ;;
esac
