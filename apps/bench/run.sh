#!/usr/bin/env bash
# run.sh BIN DIR [REPEATS]: makes the inputs in DIR, then runs libflow, the hand-written loops and DuckDB in turn, REPEATS times, and
# prints each one's median with its ratio to libflow's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
bin=$(cd "$1" && pwd) dir=$(cd "$2" && pwd) repeats=${3:-5}
[ -d "$dir/wordcount" ] || "$bin/bench_inputs" wordcount "$dir/wordcount"
[ -d "$dir/ysb" ] || "$bin/bench_inputs" ysb "$dir/ysb"
cat "$dir"/wordcount/* "$dir"/ysb/* > /dev/null # Into the page cache.
venv=$dir/duckdb
[ -d "$venv" ] || python3 -m pip install -q --disable-pip-version-check --no-deps --target "$venv" duckdb
run() { echo "+ $*" >&2; "$@" | tee -a "$dir/results.jsonl"; }
rm -f "$dir/results.jsonl"
cd "$dir"
for _ in $(seq "$repeats"); do
  for threads in 1 2; do
    for how in "" --reference; do
      run "$bin/flow_bench" wordcount --input wordcount --threads $threads $how
      run "$bin/flow_bench" ysb --input ysb --campaigns ysb-campaigns.csv --threads $threads $how
    done
    PYTHONPATH=$venv run python3 "$here/duckdb_bench.py" wordcount wordcount --threads $threads
    PYTHONPATH=$venv run python3 "$here/duckdb_bench.py" ysb ysb ysb-campaigns.csv --threads $threads
  done
  run "$bin/flow_bench" wordcount --input wordcount --threads 2 --checkpoint-interval 100ms
  run "$bin/flow_bench" wordcount --input wordcount --threads 2 --checkpoint-interval "1 hour"
  run "$bin/flow_bench" latency
  run "$bin/flow_bench" latency --busy-polling
done
python3 "$here/medians.py" results.jsonl
