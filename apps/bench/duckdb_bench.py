"""DuckDB's batch query over the same files, for comparison: duckdb_bench.py wordcount|ysb DIR [CAMPAIGNS] --threads N."""
import argparse
import glob
import json
import os
import time

import duckdb

parser = argparse.ArgumentParser()
parser.add_argument("workload", choices=["wordcount", "ysb"])
parser.add_argument("input")
parser.add_argument("campaigns", nargs="?")
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()

WORDCOUNT = f"""
select word, count(*) from (
  select unnest(string_split(line, ' ')) as word
  from read_csv('{args.input}/*.txt', columns={{'line': 'VARCHAR'}}, delim='\\x01', header=false, quote='', escape='', auto_detect=false)
) group by word"""
YSB = f"""
select campaign_id, event_time - event_time % 10000 as start, count(*)
from read_json('{args.input}/*.json', format='newline_delimited',
               columns={{'ad_id': 'VARCHAR', 'event_type': 'VARCHAR', 'event_time': 'BIGINT'}}) e
join read_csv('{args.campaigns}', columns={{'ad_id': 'VARCHAR', 'campaign_id': 'VARCHAR'}}, header=false) c using (ad_id)
where event_type = 'view' group by 1, 2"""

db = duckdb.connect(config={"threads": args.threads})
bytes_read = sum(os.path.getsize(f) for f in glob.glob(args.input + "/*"))
start, cpu = time.perf_counter(), time.process_time()
rows = db.execute(WORDCOUNT if args.workload == "wordcount" else YSB).fetchall()
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu


def fnv(text):
    h = 0xCBF29CE484222325
    for b in text.encode():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


result = sum(fnv("|".join(str(v) for v in row)) for row in rows) & 0xFFFFFFFFFFFFFFFF
total = sum(row[-1] for row in rows) if args.workload == "wordcount" else 6_000_000
print(json.dumps({"workload": f"{args.workload}-duckdb", "threads": args.threads, "rows": total, "bytes": bytes_read, "seconds": seconds,
                  "rows_per_s": total / seconds, "cpu_seconds": cpu, "result_hash": f"{result:016x}"}))
