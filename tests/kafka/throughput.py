"""How fast the log writes beside the cluster's own `kafka-producer-perf-test`, on one cluster, in one run.

    python -m tests.kafka.throughput [--events 100000]

The events' size on the wire is what the perf test sends: payload and audit record. Prints events a second of both.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from citizens import Draft
from citizens.kafka.address import read_address
from citizens.kafka.log import open_kafka_log
from tests.citizens.histories import Clock, wages
from tests.kafka.cluster import Cluster, java

RECORD_BYTES = 400
"""Of one event in both topics together: about 230 of payload, key and origin, and 164 of audit."""
SIZES = (1, 100, 5_000, 20_000)


def main(arguments: list[str]) -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=60_000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder) / "cluster", 3)
        try:
            for number in cluster.numbers:
                cluster.start(number)
            cluster.wait(120)
            _perf_test(cluster, options.events)
            _appends(cluster, Path(folder), options.events)
        finally:
            cluster.stop()


def _perf_test(cluster: Cluster, events: int) -> None:
    admin = AdminClient({"bootstrap.servers": cluster.address})
    for future in admin.create_topics([NewTopic("perf", 1, 3, config={"min.insync.replicas": "2"})]).values():
        future.result()
    cluster.wait()
    sizes = ("--num-records", str(events * 3), "--record-size", str(RECORD_BYTES), "--throughput", "-1")
    config = cluster.folder / "perf.properties"
    config.write_text(f"bootstrap.servers={cluster.address}\nacks=all\n")
    how = ("--command-config", str(config))
    command = java("org.apache.kafka.tools.ProducerPerformance", "--topic", "perf", *sizes, *how, heap="512m")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(done.stdout[-500:] + done.stderr[:800])
    rates = re.findall(r"([0-9.]+) records/sec", done.stdout)
    print(f"kafka-producer-perf-test, one partition: {float(rates[-1]):,.0f} records of {RECORD_BYTES} bytes a second")


def _appends(cluster: Cluster, folder: Path, events: int) -> None:
    address = read_address(f"kafka://{cluster.address}/throughput?store={folder / 'store'}")
    with open_kafka_log(address, create=True, clock=Clock()) as log:
        made = 0
        for size in SIZES:
            total = min(events, size * 20)
            batches = [[_draft(made + at + place) for place in range(size)] for at in range(0, total, size)]
            made += sum(map(len, batches))
            start = time.monotonic()
            for batch in batches:
                log.append(batch)
            seconds = time.monotonic() - start
            rate, each = sum(map(len, batches)) / seconds, 1000 * seconds / len(batches)
            print(f"appends of {size:,}: {rate:,.0f} events a second, {each:,.0f} ms each", flush=True)
    start = time.monotonic()
    again = read_address(f"kafka://{cluster.address}/throughput?store={folder / 'again'}")
    keys = folder / "store" / "partition-0000" / "keys.db"
    with open_kafka_log(again, write=False, keys=keys) as log:
        print(f"a store made anew: {log.head() / (time.monotonic() - start):,.0f} events a second")


def _draft(number: int) -> Draft:
    return wages(f"person/{number % 5_000}", str(number), f"e{number}")


if __name__ == "__main__":
    main(sys.argv[1:])
