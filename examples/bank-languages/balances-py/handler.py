"""What is in each account: the bank's view `balances`, in Python."""

from dataclasses import dataclass, replace
from typing import Optional, Union

from annals import EventMetadata, Projector, export


@dataclass
class AccountOpened:
    account: str
    owner: str
    deposit: int


@dataclass
class Deposited:
    account: str
    amount: int
    transfer: Optional[str] = None


@dataclass
class Withdrawn:
    account: str
    amount: int
    transfer: Optional[str] = None


@dataclass
class Balance:
    account: str
    owner: str
    balance: int


class Balances(Projector[Balance]):
    """Keeps the view `balances`; the key of a row is the account."""

    view = "balances"
    events = [AccountOpened, Deposited, Withdrawn]
    row = Balance

    def keys(self, event: Union[AccountOpened, Deposited, Withdrawn], metadata: EventMetadata) -> list[str]:
        return [event.account]

    def fold(
        self, row: Optional[Balance], key: str, event: Union[AccountOpened, Deposited, Withdrawn], metadata: EventMetadata
    ) -> Optional[Balance]:
        match event:
            case AccountOpened():
                return Balance(key, event.owner, event.deposit)
            case Deposited():
                return row and replace(row, balance=row.balance + event.amount)
            case Withdrawn():
                return row and replace(row, balance=row.balance - event.amount)


export(Balances)
