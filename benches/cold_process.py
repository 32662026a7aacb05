#!/usr/bin/env python3
"""Times `holdpoint check` as a whole process on a snapshot of 1,000 records: wall time and peak memory.

Build first, then run from the repository's root:

    cargo build --release
    cargo bench --bench decide -- write 1000 /tmp/records.json
    python3 benches/cold_process.py /tmp/records.json
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

CONFIGURATION = """version: 1
sources:
  saved: {{type: snapshot, path: {records}}}
environments:
  - {{name: dev}}
  - {{name: staging, after: [dev], targets: [staging-eu, staging-us]}}
  - {{name: production, after: [staging]}}
policies: [{policies}]
rules:
  - {{policy: promotion.deployed_before, parameters: {{min_targets: all}}}}
  - {{policy: promotion.soak_time, parameters: {{minimum: 24h}}}}
  - {{policy: promotion.digest_known}}
  - {{policy: promotion.record_freshness, parameters: {{maximum: 720h}}}}
"""
DIGEST = "sha256:" + "0" * 31 + "7" + "0" * 32
RUNS = 40


def main():
    records = os.path.abspath(sys.argv[1])
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RUST")}
    with tempfile.TemporaryDirectory() as folder:
        configuration = os.path.join(folder, "holdpoint.yaml")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(records=records, policies=os.path.abspath("policies")))
        command = ["target/release/holdpoint", "check", DIGEST, "--to", "production", "--config", configuration]
        command += ["--as-of", "2026-11-20T12:00:00Z", "--format", "json"]
        times = []
        for _ in range(RUNS):
            started = time.perf_counter()
            code = subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=False).returncode
            times.append((time.perf_counter() - started) * 1000)
            assert code == 0, code
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{RUNS} runs: min {min(times):.1f} ms, median {statistics.median(times):.1f} ms, max {max(times):.1f} ms")
    print(f"peak memory: {peak:.1f} MiB")


main()
