"""Prints the median of each figure in a file of flow_bench's JSON lines."""
import collections
import json
import statistics
import sys

groups = collections.defaultdict(list)
for line in open(sys.argv[1]):
    result = json.loads(line)
    groups[(result["workload"], result.get("threads", 0), result.get("checkpoint_interval", ""), result.get("busy_polling", ""))].append(result)
for key, results in groups.items():
    figures = [f for f, v in results[0].items() if isinstance(v, (int, float)) and not isinstance(v, bool)]
    medians = {f: statistics.median(r[f] for r in results) for f in figures}
    nested = {f: {k: statistics.median(r[f][k] for r in results) for k in v} for f, v in results[0].items() if isinstance(v, dict)}
    print(json.dumps({"key": [str(k) for k in key], "runs": len(results), **medians, **nested}))
