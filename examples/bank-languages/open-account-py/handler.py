"""Opens accounts: the bank's `open-account`, in Python."""

from dataclasses import dataclass

from annals import Context, Decider, Rejected, export


@dataclass
class OpenAccount:
    account: str
    owner: str
    deposit: int


@dataclass
class AccountOpened:
    account: str
    owner: str
    deposit: int


class Account(Decider[bool]):
    """Decides whether an account is opened. The state: does it exist?"""

    name = "open-account"
    category = "account"
    commands = [OpenAccount]
    # What matters to it of an account's past: only whether there is one.
    events = [AccountOpened]

    def initial(self) -> bool:
        return False

    def stream_id(self, command: OpenAccount) -> str:
        return command.account

    def evolve(self, state: bool, event: AccountOpened) -> bool:
        return True

    def decide(self, state: bool, command: OpenAccount, context: Context) -> AccountOpened:
        if state:
            raise Rejected("account-exists", f"account {command.account} exists", {"account": command.account})
        if command.deposit < 0:
            raise Rejected(
                "amount-negative",
                f"an account cannot start with {command.deposit} cents",
                {"deposit": command.deposit},
            )
        return AccountOpened(command.account, command.owner, command.deposit)


export(Account)
