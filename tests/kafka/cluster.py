"""A real Kafka cluster for tests: brokers from Maven's packages, in processes of their own that can be killed.

    python -m tests.kafka.cluster fetch        the packages (56 MB), once a machine
    python -m tests.kafka.cluster run 3        three brokers until interrupted; prints their address

The class path is kept in the user's cache. Nothing of this runs unless Java is there and the packages were fetched.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # fetching needs nothing but the standard library
    from tests.kafka.network import Network
    from tests.kafka.secured import Outside

VERSION = "4.3.1"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rulewright-tests" / f"kafka-{VERSION}"
HEAP = "256m"
_PACKAGES = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.24.3"),
    ("org.apache.logging.log4j", "log4j-core", "2.24.3"),
)
_LOGGING = """rootLogger.level=WARN
rootLogger.appenderRef.c.ref=C
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=%d %p %m%n
"""


def fetch() -> None:
    """Have Maven resolve the packages, and keep the class path."""
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
        for group, name, version in _PACKAGES
    )
    (CACHE / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>t</groupId>'
        f"<artifactId>kafka</artifactId><version>1</version><dependencies>{wanted}</dependencies></project>"
    )
    goal = ("dependency:build-classpath", "-DincludeScope=runtime", "-Dmdep.outputFile=classpath.new")
    subprocess.run(["mvn", "-q", "-B", *goal], cwd=CACHE, check=True, timeout=600)
    (CACHE / "log4j2.properties").write_text(_LOGGING)
    (CACHE / "classpath.new").rename(CACHE / "classpath")


def why_not() -> str:
    """Why there can be no cluster here; empty if there can."""
    if not shutil.which("java"):
        return "there is no Java on this machine"
    if not (CACHE / "classpath").exists():
        return "Kafka has not been fetched: `python -m tests.kafka.cluster fetch`"
    return ""


def java(*arguments: str, heap: str = HEAP) -> list[str]:
    """A Java command with Kafka's class path."""
    logging = f"-Dlog4j2.configurationFile=file:{CACHE / 'log4j2.properties'}"
    tuned = (f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
    return ["java", *tuned, logging, "-cp", (CACHE / "classpath").read_text(), *arguments]


class Cluster:
    """Brokers in a folder. Broker n listens on ports from `port` on; each is its own process.

    `network` puts each where its cable can be cut. `outside` adds a listener with TLS and passwords (see `secured`).
    """

    def __init__(
        self, folder: Path, brokers: int, port: int = 29_000, network: Network | None = None, *, outside: bool = False
    ) -> None:
        self.folder, self.size, self._port, self._network = folder, brokers, port, network
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._outside = self._listener() if outside else None
        identifier, *directories = self._random_ids(brokers + 1)
        controllers = ",".join(f"{n}@{self._control(n)}:{directories[n - 1]}" for n in self.numbers)
        for n in self.numbers:
            (folder / f"s{n}.properties").write_text(self._properties(n))
            self._tool("format", "-t", identifier, "-c", f"s{n}.properties", "--initial-controllers", controllers)

    def _listener(self) -> Outside:
        from tests.kafka.secured import Outside

        return Outside(self.folder, [self._host(n) for n in self.numbers])

    @property
    def numbers(self) -> range:
        """The brokers' numbers."""
        return range(1, self.size + 1)

    @property
    def address(self) -> str:
        """Where the brokers listen."""
        return ",".join(self._client(n) for n in self.numbers)

    @property
    def secured(self) -> tuple[str, Outside]:
        """Where they listen with TLS and passwords, and what it takes to get in."""
        assert self._outside is not None, "the cluster was made without it"
        return ",".join(f"{self._host(n)}:{self._client_port(n) + 2}" for n in self.numbers), self._outside

    def _host(self, n: int) -> str:
        return self._network.host(n) if self._network is not None else "127.0.0.1"

    def _client(self, n: int) -> str:
        return f"{self._host(n)}:{self._client_port(n)}"

    def _control(self, n: int) -> str:
        return f"{self._host(n)}:{self._control_port(n)}"

    def _client_port(self, n: int) -> int:
        return self._port + 10 * n

    def _control_port(self, n: int) -> int:
        return self._port + 10 * n + 1

    def _tool(self, *arguments: str) -> str:
        done = subprocess.run(
            java("kafka.tools.StorageTool", *arguments), cwd=self.folder, check=True, capture_output=True, timeout=60
        )
        return done.stdout.decode()

    def _random_ids(self, number: int) -> list[str]:
        return [base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=").replace("-", "A") for _ in range(number)]

    def _properties(self, n: int) -> str:
        most = min(self.size, 3)
        enough = 2 if most > 2 else 1
        controllers = ",".join(self._control(number) for number in self.numbers)
        listeners = f"PLAINTEXT://{self._client(n)},CONTROLLER://{self._control(n)}"
        protocols = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"
        if self._outside is not None:
            listeners += f",OUTSIDE://{self._host(n)}:{self._client_port(n) + 2}"
            protocols += ",OUTSIDE:SASL_SSL"
        settings = {
            "process.roles": "broker,controller",
            "node.id": n,
            "controller.quorum.bootstrap.servers": controllers,
            "listeners": listeners,
            "advertised.listeners": listeners,
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": protocols,
            **(self._outside.settings if self._outside is not None else {}),
            "log.dirs": f"d{n}",
            "offsets.topic.replication.factor": most,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": most,
            "transaction.state.log.min.isr": enough,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": most,
            "share.coordinator.state.topic.min.isr": enough,
            "min.insync.replicas": enough,
            "log.cleaner.backoff.ms": 300,
            "log.initial.task.delay.ms": 100,
            "log.cleaner.dedupe.buffer.size": 8_000_000,
            "auto.create.topics.enable": "false",
            "unclean.leader.election.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "controlled.shutdown.enable": "false",
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def start(self, n: int) -> None:
        """Start broker n."""
        with (self.folder / f"b{n}.log").open("ab") as log:
            within = self._network.within(n) if self._network is not None else []
            command = [*within, *java("kafka.Kafka", f"s{n}.properties")]
            self._processes[n] = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def kill(self, n: int, signal_number: int = signal.SIGKILL) -> None:
        """Send broker n a signal; kill -9 if not another is named."""
        os.killpg(self._processes[n].pid, signal_number)
        if signal_number == signal.SIGKILL:
            self._processes.pop(n).wait(10)

    def wait(self, seconds: float = 60, brokers: int | None = None) -> None:
        """Return when that many brokers (all, if not said) are up and every partition has all its copies in sync."""
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        until, wanted = time.monotonic() + seconds, brokers or self.size
        while time.monotonic() < until:
            try:
                client = AdminClient({"bootstrap.servers": self.address, "log_level": 0, "socket.timeout.ms": 2000})
                topics = client.list_topics(timeout=2)
                partitions = [partition for topic in topics.topics.values() for partition in topic.partitions.values()]
                in_sync = all(len(partition.isrs) >= min(wanted, len(partition.replicas)) for partition in partitions)
                if len(topics.brokers) >= wanted and in_sync:
                    return
            except KafkaException:
                pass
            time.sleep(0.2)
        raise TimeoutError(f"{wanted} brokers did not come up; see {self.folder}/b1.log")

    def leader(self, topic: str, partition: int = 0) -> int:
        """Which broker leads a partition."""
        from confluent_kafka.admin import AdminClient

        client = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        return int(client.list_topics(topic, timeout=10).topics[topic].partitions[partition].leader)

    def stop(self) -> None:
        """End all brokers."""
        for process in self._processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
        for process in self._processes.values():
            process.wait(10)
        self._processes.clear()


def main(arguments: list[str]) -> None:
    """The commands of this module."""
    if arguments[:1] == ["fetch"]:
        fetch()
        return
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder), int(arguments[1]) if arguments[1:] else 1)
        try:
            for n in cluster.numbers:
                cluster.start(n)
            cluster.wait()
            print(cluster.address, flush=True)
            signal.pause()
        except KeyboardInterrupt:
            pass
        finally:
            cluster.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
