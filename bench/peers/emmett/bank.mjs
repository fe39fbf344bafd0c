// The bank behind Express and Emmett with its PostgreSQL store, with Emmett's own settings.
//
//   node bank.mjs <database URL> <port> <processes>
//
// A pool of dumbo belongs to a process, so several processes, which share the port, have several pools.

import cluster from "node:cluster";
import { CommandHandler, isExpectedVersionConflictError } from "@event-driven-io/emmett";
import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";
import express from "express";

const [database, port, processes] = process.argv.slice(2);

class Rejection extends Error {}

const reject = (code) => {
  throw new Rejection(code);
};

/** The account is not open while its balance is null. */
const initialState = () => ({ balance: null });

const evolve = (state, { type, data }) => {
  switch (type) {
    case "AccountOpened":
      return { balance: data.deposit };
    case "Deposited":
      return { balance: state.balance + data.amount };
    case "Withdrawn":
      return { balance: state.balance - data.amount };
    default:
      return state;
  }
};

const isCents = (value) => Number.isSafeInteger(value);
const isText = (value) => typeof value === "string";
const isMovement = ({ account, amount, transfer }) =>
  isText(account) && isCents(amount) && (transfer == null || isText(transfer));

/** Whether a payload has what its command needs. */
const isWellFormed = {
  OpenAccount: ({ account, owner, deposit }) => isText(account) && isText(owner) && isCents(deposit),
  Deposit: isMovement,
  Withdraw: isMovement,
};

const decide = {
  OpenAccount: (data) => (state) => {
    if (state.balance !== null) reject("account-exists");
    if (data.deposit < 0) reject("amount-negative");
    return { type: "AccountOpened", data };
  },
  Deposit: (data) => (state) => {
    if (state.balance === null) reject("account-not-open");
    if (data.amount <= 0) reject("amount-not-positive");
    return { type: "Deposited", data };
  },
  Withdraw: (data) => (state) => {
    if (state.balance === null) reject("account-not-open");
    if (data.amount <= 0) reject("amount-not-positive");
    if (data.amount > state.balance) reject("insufficient-funds");
    return { type: "Withdrawn", data };
  },
};

const serve = () => {
  const store = getPostgreSQLEventStore(database, { schema: { autoMigration: "None" } });
  const handle = CommandHandler({
    evolve,
    initialState,
    mapToStreamId: (account) => `account-${account}`,
  });
  const app = express();
  app.disable("x-powered-by").disable("etag").use(express.json());
  app.get("/healthz", (_, response) => response.end());
  app.post("/commands/:type", async (request, response) => {
    const command = decide[request.params.type];
    if (!command) return response.status(404).json({});
    if (!isWellFormed[request.params.type](request.body)) return response.status(400).json({});
    try {
      const done = await handle(store, request.body.account, command(request.body));
      response.json({ version: Number(done.nextExpectedStreamVersion) });
    } catch (error) {
      if (error instanceof Rejection) response.status(422).json({ code: error.message });
      else if (isExpectedVersionConflictError(error)) response.status(409).json({});
      else response.status(500).json({ detail: String(error) });
    }
  });
  app.listen(Number(port), "127.0.0.1");
};

if (cluster.isPrimary) {
  const store = getPostgreSQLEventStore(database);
  await store.schema.migrate();
  await store.close();
  if (Number(processes) === 1) serve();
  else for (let n = 0; n < Number(processes); n++) cluster.fork();
} else {
  serve();
}
