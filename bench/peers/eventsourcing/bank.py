"""The bank behind `eventsourcing` with its PostgreSQL recorder, in process: accounts are opened.

    python bank.py make                                               makes the tables
    python bank.py open --processes P --threads T --seconds S ...     opens accounts, and prints JSON

The environment has the settings of the library (PERSISTENCE_MODULE, POSTGRES_...). Each thread opens one account after
the other, as a client of a server would. Nothing but the library is measured: no HTTP.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from multiprocessing import get_context
from threading import Barrier, Thread
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError


class Rejection(Exception):
    pass


class Account(Aggregate):
    @event("AccountOpened")
    def __init__(self, account: str, owner: str, deposit: int) -> None:
        self.account = account
        self.owner = owner
        self.balance = deposit

    @staticmethod
    def create_id(account: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/accounts/{account}")


class Bank(Application):
    def open_account(self, account: str, owner: str, deposit: int) -> None:
        if deposit < 0:
            raise Rejection("amount-negative")
        try:
            # The id comes from the name, so the primary key of the table refuses a second account of that name.
            self.save(Account(account, owner, deposit))
        except IntegrityError:
            raise Rejection("account-exists") from None


class Client(Thread):
    """Opens accounts until the time is over, with names that no other client uses."""

    def __init__(self, bank: Bank, name: str, barrier: Barrier, seconds: float, warm_up: float):
        super().__init__()
        self.bank, self.client, self.barrier = bank, name, barrier
        self.seconds, self.warm_up = seconds, warm_up
        self.opened = 0
        self.latencies: list[float] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.barrier.wait()
            start = time.perf_counter() + self.warm_up
            end = start + self.seconds
            now = time.perf_counter()
            while now < end:
                self.opened += 1
                self.bank.open_account(f"{self.client}-{self.opened}", "Ada", 100)
                done = time.perf_counter()
                # A command counts if it was answered in the measured time.
                if start <= done < end:
                    self.latencies.append(done - now)
                now = done
        except BaseException as error:
            self.error = error


def work(number: int, threads: int, seconds: float, warm_up: float, prefix: str, barrier, results) -> None:
    bank = Bank()
    local = Barrier(threads + 1)
    clients = [Client(bank, f"{prefix}{number}-{n}", local, seconds, warm_up) for n in range(threads)]
    for client in clients:
        client.start()
    barrier.wait()
    local.wait()
    for client in clients:
        client.join()
    bank.close()
    errors = [repr(client.error) for client in clients if client.error]
    used = resource.getrusage(resource.RUSAGE_SELF)
    results.put({
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
        "opened": sum(client.opened for client in clients),
        "latencies": [latency for client in clients for latency in client.latencies],
        "errors": errors,
    })


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["make", "open"])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--warm-up", type=float, default=0.8)
    options = parser.parse_args()
    if options.task == "make":
        Bank().close()
        return
    # The tables are there: several processes that make them would wait for each other.
    os.environ["CREATE_TABLE"] = "false"
    context = get_context("spawn")
    barrier, results = context.Barrier(options.processes), context.Queue()
    prefix = f"{os.getpid()}-"
    arguments = (options.threads, options.seconds, options.warm_up, prefix, barrier, results)
    processes = [context.Process(target=work, args=(n, *arguments)) for n in range(options.processes)]
    for process in processes:
        process.start()
    done = [results.get() for _ in processes]
    for process in processes:
        process.join()
    latencies = sorted(latency for result in done for latency in result["latencies"])

    def millis(quantile: float) -> float:
        return latencies[int(len(latencies) * quantile)] * 1e3 if latencies else 0

    print(json.dumps({
        "opened": sum(result["opened"] for result in done),
        "measured": len(latencies),
        "seconds": options.seconds,
        "p50_ms": millis(0.5),
        "p99_ms": millis(0.99),
        "cpu_seconds": sum(result["cpu_seconds"] for result in done),
        "peak_mib": sum(result["peak_mib"] for result in done),
        "errors": [error for result in done for error in result["errors"]][:3],
    }))


if __name__ == "__main__":
    main()
