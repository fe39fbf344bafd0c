#!/usr/bin/env python3
"""Writes commands.jsonl: the same bytes each time. Usage: python3 generate.py

Each line is a request: {"line", "lane", "id", "type", "body"}. `body` is sent as it is, `id` as
Idempotency-Key. All lines about one account are in one lane, so that playing the lanes side by
side, each in order, has one outcome. Lines that name no account are in any lane.
"""
import json
import pathlib
import random
import zlib

ACCOUNTS = 100
LANES = 8
STEPS = 2000
MAX = 2**63 - 1
OWNERS = ["Ada", "Björk", "Chidi", "Dilnoza", "Emeka", "佐藤", "O'Neil", 'F "Fix" Gray']

rng = random.Random(20261121)
lines = []
requests_of = {}  # account -> requests so far, for duplicates


def lane_of(account):
    return zlib.crc32(account.encode()) % LANES


def send(account, command_type, body):
    """A new request, with an id of its own."""
    request = {"id": f"cmd-{len(lines):05}", "type": command_type, "body": body}
    requests_of.setdefault(account, []).append(request)
    play(account, request)
    if rng.random() < 0.04:
        play(account, request)  # an impatient client


def play(account, request):
    lines.append({"line": len(lines) + 1, "lane": lane_of(account), **request})


def dump(**payload):
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def open_account(account, deposit):
    send(account, "OpenAccount", dump(account=account, owner=rng.choice(OWNERS), deposit=deposit))


def transact(account, command_type, amount):
    send(account, command_type, dump(account=account, amount=amount))


def malformed(account):
    command_type = rng.choice(["OpenAccount", "Deposit", "Withdraw"])
    field = "deposit" if command_type == "OpenAccount" else "amount"
    whole = {"account": account, "owner": "Ada", field: 5}
    body = rng.choice([
        "", "not json", "[]x", "null", "17",
        dump(**whole)[:-1],
        dump(**whole) + "}",
        dump(**{key: value for key, value in whole.items() if key != field}),
        dump(**{key: value for key, value in whole.items() if key != "account"}),
        dump(**{**whole, field: "5"}),
        dump(**{**whole, field: 5.5}),
        dump(**{**whole, field: MAX + 1}),
        dump(**{**whole, field: None}),
        dump(**{**whole, "account": 42}),
        dump(**{**whole, "account": ""}),
    ])
    send(account, command_type, body)


def unknown(account):
    send(account, rng.choice(["CloseAccount", "openAccount", "Transfer"]), dump(account=account, amount=1))


def step(account):
    kind = rng.choices(
        ["deposit", "withdraw", "overdraw", "open", "zero", "debt", "huge", "malformed", "unknown", "again"],
        [34, 28, 7, 5, 4, 2, 2, 5, 0.5, 10],
    )[0]
    amount = rng.randint(1, 50_000)
    before = requests_of.get(account, [])
    if kind == "deposit":
        transact(account, "Deposit", amount)
    elif kind == "withdraw":
        transact(account, "Withdraw", amount // 2 + 1)
    elif kind == "overdraw":
        transact(account, "Withdraw", rng.choice([10**9, MAX]))
    elif kind == "open":
        open_account(account, amount)
    elif kind == "zero":
        transact(account, rng.choice(["Deposit", "Withdraw"]), rng.choice([0, -1, -amount, -MAX - 1]))
    elif kind == "debt":
        open_account(account, -amount)
    elif kind == "huge":
        transact(account, "Deposit", MAX)
    elif kind == "malformed":
        malformed(account)
    elif kind == "unknown":
        unknown(account)
    elif before:
        play(account, rng.choice(before))


accounts = [f"{n:03}" for n in range(ACCOUNTS)]
for account in accounts:
    # Before there is an account: money cannot move, and debts cannot open one.
    if rng.random() < 0.3:
        transact(account, rng.choice(["Deposit", "Withdraw"]), rng.choice([5, 0]))
    if rng.random() < 0.2:
        open_account(account, -rng.randint(1, 100))
    # A few accounts are opened late.
    if rng.random() < 0.95:
        open_account(account, rng.choice([0, rng.randint(1, 100_000)]))
for _ in range(STEPS):
    # Some accounts are busy, most are not.
    step(accounts[int(ACCOUNTS * rng.random() ** 2)])
for account in accounts:
    # The first request again, long after, whatever it came to.
    play(account, requests_of[account][0]) if account in requests_of else unknown(account)

path = pathlib.Path(__file__).with_name("commands.jsonl")
path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
