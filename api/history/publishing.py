"""Events told to other systems as CloudEvents 1.0, over a webhook or a topic, each at least once and in order.

1. The log is the outbox: a consumer `publish-<name>` has a position in it, which moves after what was delivered. Killed
   in between, the next run delivers some a second time, under the same `id`: (`source`, `id`) tells them apart.
2. A webhook gets one event a request. Any 2xx means that it has it. 429 and 5xx are tried again, after `Retry-After` if
   it says so; 410 means that nobody wants more; anything else stops, for somebody to look. Redirections are not
   followed.
3. On a topic the key is the subject, so that one subject's events stay in order; they are acknowledged by all replicas.
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Protocol

from api.failures import Failure, Misuse
from api.history.json import event_json, kind_of
from citizens import Advance, Event, History

CONSUMER = "publish-"
TOKEN_VARIABLE = "RULEWRIGHT_WEBHOOK_TOKEN"
CONTENT_TYPE = "application/cloudevents+json"
WINDOW = 200
TRIES, LONGEST_SECONDS, TIMEOUT_SECONDS = 8, 60.0, 30.0


@dataclass(frozen=True, slots=True)
class Published:
    """How many events were delivered, up to which offset, and how many are left."""

    delivered: int
    offset: int
    behind: int


class Receiver(Protocol):
    """Where events go."""

    def deliver(self, events: Sequence[dict[str, Any]]) -> None:
        """Return when all are the receiver's. Raises Failure if they are not."""


def cloud_event(event: Event, log_id: str, *, data: bool = True) -> dict[str, Any]:
    """The event as other systems know it. Without `data` it only says that something happened, to be asked for."""
    said = event_json(event)
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.offset),
        "source": f"urn:rulewright:log:{log_id}",
        "type": f"rulewright.{kind_of(event.body).replace(' ', '_')}.v1",
        "time": said["recorded_at"],
        "sequence": f"{event.offset:020}",
    }
    if event.subject:
        told["subject"] = event.subject
    if data:
        told |= {"datacontenttype": "application/json", "data": said}
    return told


def publish(
    log: History,
    log_id: str,
    name: str,
    receiver: Receiver,
    *,
    kinds: Sequence[str] = (),
    data: bool = True,
    window: int = WINDOW,
) -> Published:
    """Deliver what the log has recorded since, to its end, of some kinds or of all. Raises Failure where that stops."""
    consumer = CONSUMER + name
    at, delivered = log.position(consumer), 0
    while events := log.read(at, window):
        wanted = [event for event in events if not kinds or kind_of(event.body) in kinds]
        receiver.deliver([cloud_event(event, log_id, data=data) for event in wanted])
        log.append([], advance=Advance(consumer, at, events[-1].offset))
        at, delivered = events[-1].offset, delivered + len(wanted)
    return Published(delivered, at, log.head() - at)


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A receiver that has moved is for the operator to name anew."""
        return


class Webhook:
    """Delivers by POST. `pause` waits between attempts."""

    def __init__(self, url: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._url, self._pause = url, pause
        self._open = urllib.request.build_opener(_NoRedirection).open
        self._headers = {"Content-Type": CONTENT_TYPE, "User-Agent": "rulewright"}
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def deliver(self, events: Sequence[dict[str, Any]]) -> None:
        """One request an event, in order."""
        for event in events:
            self._deliver(event)

    def _deliver(self, event: dict[str, Any]) -> None:
        body, told = json.dumps(event, ensure_ascii=False).encode(), ""
        for attempt in range(TRIES):
            wait = min(2.0**attempt / 2, LONGEST_SECONDS)
            try:
                with self._open(urllib.request.Request(self._url, body, self._headers), timeout=TIMEOUT_SECONDS):
                    return
            except urllib.error.HTTPError as error:
                told = f"it answered {error.code}"
                if error.code != 429 and error.code < 500:
                    remedy = (
                        "the receiver has stopped accepting events"
                        if error.code == 410
                        else "see what the receiver refuses"
                    )
                    raise Failure(f"event {event['id']} was not accepted: {told}", remedy) from None
                asked = error.headers.get("Retry-After", "")
                wait = min(float(asked), LONGEST_SECONDS) if asked.isdecimal() else wait
            except (OSError, HTTPException) as error:
                told = type(error).__name__
            if attempt + 1 < TRIES:
                self._pause(wait)
        message = f"event {event['id']} was not accepted in {TRIES} attempts: {told}"
        raise Failure(message, "mend the receiver, and run this again: it continues from there")


class Topic:
    """Delivers to a topic of Kafka, which must be there."""

    def __init__(self, brokers: str, topic: str, settings: dict[str, Any]) -> None:
        from confluent_kafka import Producer

        self._topic, self._failed = topic, list[str]()
        self._producer = Producer(
            {**settings, "bootstrap.servers": brokers, "acks": "all", "enable.idempotence": True,
             "message.timeout.ms": 30_000, "log_level": 2}
        )  # fmt: skip

    def deliver(self, events: Sequence[dict[str, Any]]) -> None:
        """All, acknowledged by all replicas."""
        self._failed.clear()
        for event in events:
            self._producer.produce(
                self._topic,
                json.dumps(event, ensure_ascii=False).encode(),
                str(event.get("subject", "")),
                headers={"content-type": CONTENT_TYPE.encode()},
                on_delivery=lambda error, _: self._failed.append(error.str()) if error else None,
            )
        left = self._producer.flush(40)
        if self._failed or left:
            told = self._failed[0] if self._failed else "no answer"
            raise Failure(
                f"the topic `{self._topic}` did not take the events ({told})", "check the cluster, and repeat"
            )


def receiver_of(to: str) -> Receiver:
    """The receiver that a text names: `https://…`, or `kafka://host:9092/TOPIC`."""
    if to.startswith(("https://", "http://")):
        return Webhook(to)
    if to.startswith("kafka:/"):
        from api.history.kafka import address_of

        address = address_of(to)
        return Topic(address.brokers, address.name, dict(address.settings))
    raise Misuse(
        f"`{to[:60]}` is not a place to which events can be sent", "write `https://…`, or `kafka://host:9092/TOPIC`"
    )
