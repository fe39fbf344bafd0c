#!/usr/bin/env python3
"""What commands.jsonl must come to, by rules written down a second time.

Usage: python3 oracle.py [commands.jsonl] > expected.json
Prints {"balances": {account: cents}, "outcomes": [{"line", "status", "code", "duplicate"}]}.
`code` is the rejection's, or null. A request that was refused before it was decided (400, 404)
leaves no trace: the same id again is refused in the same way, and is no duplicate.
"""
import json
import pathlib
import sys

I64 = range(-(2**63), 2**63)
COMMANDS = {
    "OpenAccount": {"account": str, "owner": str, "deposit": int},
    "Deposit": {"account": str, "amount": int},
    "Withdraw": {"account": str, "amount": int},
}


def read(command_type, body):
    """The payload, or None if it cannot be read as this type of command."""
    try:
        payload = json.loads(body)
    except json.JSONDecodeError:
        return None
    if not isinstance(payload, dict):
        return None
    for field, kind in COMMANDS[command_type].items():
        value = payload.get(field)
        if type(value) is not kind or kind is int and value not in I64:
            return None
    # An account without a name is no account.
    return payload if payload["account"] else None


def decide(balances, command_type, payload):
    """Applies the command; returns the code of the rejection, or None."""
    account = payload["account"]
    balance = balances.get(account)
    if command_type == "OpenAccount":
        if balance is not None:
            return "account-exists"
        if payload["deposit"] < 0:
            return "amount-negative"
        balances[account] = payload["deposit"]
        return None
    amount = payload["amount"]
    if balance is None:
        return "account-not-open"
    if amount <= 0:
        return "amount-not-positive"
    if command_type == "Deposit":
        if balance + amount not in I64:
            return "amount-too-large"
        balances[account] = balance + amount
        return None
    if amount > balance:
        return "insufficient-funds"
    balances[account] = balance - amount
    return None


def main():
    default = pathlib.Path(__file__).with_name("commands.jsonl")
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    balances, outcomes, decided = {}, [], {}
    for line in path.read_text(encoding="utf-8").splitlines():
        request = json.loads(line)
        outcome = {"line": request["line"], "status": 200, "code": None, "duplicate": False}
        outcomes.append(outcome)
        if request["type"] not in COMMANDS:
            outcome["status"] = 404
            continue
        payload = read(request["type"], request["body"])
        if payload is None:
            outcome["status"] = 400
            continue
        # The first outcome stands, whatever has happened to the account since.
        outcome["duplicate"] = request["id"] in decided
        if not outcome["duplicate"]:
            decided[request["id"]] = decide(balances, request["type"], payload)
        outcome["code"] = decided[request["id"]]
        outcome["status"] = 422 if outcome["code"] else 200
    json.dump({"balances": balances, "outcomes": outcomes}, sys.stdout, indent=1)
    print()


main()
