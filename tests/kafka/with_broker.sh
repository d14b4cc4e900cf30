#!/usr/bin/env bash
# with_broker.sh PROGRAM...: runs a test program if a Kafka broker can be started here; else says why not and ends with 77.
set -euo pipefail
"$(dirname "$0")/broker.sh" check
exec "$@"
