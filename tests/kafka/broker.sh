#!/usr/bin/env bash
# One Apache Kafka broker (KRaft, one JVM) for tests and for trying things out.
#   broker.sh check              says whether a broker can be started here; if not, why (exit code 77)
#   broker.sh fetch              puts the broker's jars into build/deps/kafka (needs Java 17 and Maven)
#   broker.sh up DIR PORT [K=V]  starts a broker on 127.0.0.1:PORT ("any": a free one, written to DIR/port) with its data in DIR (a new
#                                one is formatted) and waits until it answers. In V, @PORT@ and @CONTROLLER@ are its ports. If
#                                FLOW_BROKER_OWNER is a process id, the broker ends with that process.
#   broker.sh renew DIR [K=V]    the same with an empty DIR and any port, for as long as the calling process lives
#   broker.sh down DIR           stops it
#   broker.sh kill DIR           ends it with SIGKILL
#   broker.sh produce HOST:PORT TOPIC  writes the lines of its input as records
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
jars=${FLOW_KAFKA_JARS:-$here/../../build/deps/kafka}

check() {
  local why=""
  command -v java >/dev/null || why="there is no java (install openjdk-17-jre-headless)"
  if [ -z "$why" ] && [ ! -f "$jars/.done" ]; then
    command -v mvn >/dev/null && why="its jars are not in $jars: run tests/kafka/broker.sh fetch (make test does)" ||
      why="its jars are not in $jars and there is no mvn to fetch them (install maven)"
  fi
  [ -z "$why" ] && return
  echo "SKIPPED: no Apache Kafka broker can be started here: $why"
  exit 77
}

fetch() {
  [ -f "$jars/.done" ] && return
  command -v mvn >/dev/null && command -v java >/dev/null || { echo "broker.sh: needs Java 17 and Maven to fetch Apache Kafka" >&2; exit 3; }
  echo "broker.sh: fetching Apache Kafka into $jars" >&2
  mkdir -p "$jars"
  mvn -q -B -f "$here/broker-pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars" -DincludeScope=runtime
  touch "$jars/.done"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

any_port() {
  local port
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 12000))
    answers "$port" || answers "$((port + 1))" || { echo "$port"; return; }
  done
  echo "broker.sh: found no free port" >&2
  exit 1
}

configure() {  # DIR PORT [K=V]
  local dir=$1 port=$2
  shift 2
  local controller=$((port + 1))
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
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
P
  local setting
  for setting in "$@"; do
    setting=${setting//@PORT@/$port}
    echo "${setting//@CONTROLLER@/$controller}" >> "$dir/server.properties"
  done
  local cluster
  cluster=$(head -c 15 /dev/urandom | base64 | tr '+/' '01')AA  # An UUID as Kafka writes it: 22 letters for 16 bytes.
  java -cp "$jars/*" kafka.tools.StorageTool format -t "$cluster" \
    -c "$dir/server.properties" > "$dir/format.log" 2>&1 || { cat "$dir/format.log" >&2; exit 1; }
  echo "$port" > "$dir/port"
}

up() {
  local dir=$1 port=$2
  shift 2
  fetch
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  [ -f "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null && return
  if [ ! -f "$dir/server.properties" ]; then
    [ "$port" = any ] && port=$(any_port)
    configure "$dir" "$port" "$@"
  fi
  port=$(cat "$dir/port")
  answers "$port" && { echo "broker.sh: something else listens on 127.0.0.1:$port" >&2; exit 1; }
  setsid java -Xmx512m -cp "$jars/*" kafka.Kafka "$dir/server.properties" >> "$dir/broker.log" 2>&1 < /dev/null &
  local broker=$!
  echo $broker > "$dir/pid"
  if [ -n "${FLOW_BROKER_OWNER:-}" ]; then
    (while kill -0 "$FLOW_BROKER_OWNER" && kill -0 $broker; do sleep 1; done; kill -9 $broker) > /dev/null 2>&1 < /dev/null &
  fi
  for _ in $(seq 600); do
    kill -0 $broker 2>/dev/null || { echo "broker.sh: the broker ended:" >&2; tail -20 "$dir/broker.log" >&2; exit 1; }
    answers "$port" && return
    sleep 0.1
  done
  echo "broker.sh: no answer on port $port after 60 s" >&2
  exit 1
}

end() {
  [ -f "$1/pid" ] || return 0
  kill "$2" "$(cat "$1/pid")" 2>/dev/null || true
  for _ in $(seq 300); do kill -0 "$(cat "$1/pid")" 2>/dev/null || break; sleep 0.1; done
  rm -f "$1/pid"
}

case "${1:-}" in
  check) check ;;
  fetch) fetch ;;
  up) shift; up "$@" ;;
  renew)
    shift
    check
    dir=$1
    shift
    end "$dir" -KILL
    rm -rf "$dir"
    FLOW_BROKER_OWNER=$PPID up "$dir" any "$@" ;;
  down) end "$2" -TERM ;;
  kill) end "$2" -KILL ;;
  produce) java -cp "$jars/*" kafka.tools.ConsoleProducer --bootstrap-server "$2" --topic "$3" ;;
  *) sed -n '2,11p' "$0" >&2; exit 2 ;;
esac
