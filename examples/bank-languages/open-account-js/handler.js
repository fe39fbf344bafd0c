// @ts-check
// Opens accounts: the bank's `open-account`, in JavaScript.
import { defineDecider, reject, t } from '../../../sdk-js/annals.js';

const account = { account: t.string, owner: t.string, deposit: t.integer };

export const deciders = defineDecider({
  name: 'open-account',
  category: 'account',
  commands: { OpenAccount: account },
  // What matters to it of an account's past: only whether there is one.
  events: { AccountOpened: account },

  streamId: (command) => command.data.account,

  // Does the account exist?
  initial: () => false,

  evolve: () => true,

  decide(exists, { data }) {
    const { account, deposit } = data;
    if (exists) return reject('account-exists', `account ${account} exists`, { account });
    if (deposit < 0) return reject('amount-negative', `an account cannot start with ${deposit} cents`, { deposit });
    return { type: 'AccountOpened', data };
  },
});
