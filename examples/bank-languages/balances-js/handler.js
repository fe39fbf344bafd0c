// @ts-check
// What is in each account: the bank's view `balances`, in JavaScript.
import { defineProjector, t } from '../../../sdk-js/annals.js';

const moved = { account: t.string, amount: t.integer, transfer: t.optional(t.string) };

export const projectors = defineProjector({
  name: 'balances',
  view: 'balances',
  events: {
    AccountOpened: { account: t.string, owner: t.string, deposit: t.integer },
    Deposited: moved,
    Withdrawn: moved,
  },
  row: { account: t.string, owner: t.string, balance: t.integer },

  keys: (event) => [event.data.account],

  fold(row, account, { type, data }) {
    switch (type) {
      case 'AccountOpened':
        return { account, owner: data.owner, balance: data.deposit };
      case 'Deposited':
        return row && { ...row, balance: row.balance + data.amount };
      case 'Withdrawn':
        return row && { ...row, balance: row.balance - data.amount };
    }
  },
});
