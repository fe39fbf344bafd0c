//! Plays transfers between the bank's accounts: many clients, and a host that is killed. At the end, the results of
//! the reactions are compared with a fold of the log made here.

use crate::bank::check_log;
use crate::client::{Answer, Client, number};
use crate::mailbox::Mailbox;
use crate::server::Server;
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Number of accounts.
const ACCOUNTS: usize = 24;
/// Initial balance of each account, in cents.
const DEPOSIT: i64 = 5_000;
/// Maximum time of the reactions after the last command.
const PATIENCE: Duration = Duration::from_secs(180);

/// The parameters of a play.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Number of requested transfers.
    pub transfers: usize,
    /// Number of clients that request transfers.
    pub clients: usize,
    /// Number of kills of the host during the play.
    pub kills: usize,
    /// The same seed gives the same plan.
    pub seed: u64,
}

/// The result of a play.
#[derive(Debug, Default)]
pub struct Tally {
    /// Transfers that reached the target account.
    pub completed: usize,
    /// Transfers that failed before any money moved.
    pub refused: usize,
    /// Transfers that were undone.
    pub compensated: usize,
    /// Notices that arrived.
    pub notices: usize,
    /// Notices that arrived more than once.
    pub repeated: usize,
    /// Seconds from the last command to the last delivery.
    pub tail: f64,
    /// Descriptions of every error.
    pub wrong: Vec<String>,
}

struct Transfer {
    id: String,
    from: String,
    to: String,
    amount: i64,
}

fn plan(plan: Plan) -> Vec<Transfer> {
    let mut random = fastrand::Rng::with_seed(plan.seed);
    (0..plan.transfers)
        .map(|number| {
            let from = random.usize(0..ACCOUNTS);
            let mut to = random.usize(0..ACCOUNTS - 1);
            to += usize::from(to >= from);
            Transfer {
                id: format!("t{number}"),
                from: format!("a{from}"),
                // Some transfers go to accounts that were never opened. The withdrawn money must come back.
                to: match random.usize(0..10) {
                    0 => format!("nobody{number}"),
                    _ => format!("a{to}"),
                },
                // Some amounts exceed every balance.
                amount: match random.usize(0..12) {
                    0 => 1_000_000,
                    _ => random.i64(1..900),
                },
            }
        })
        .collect()
}

/// Plays a plan against the bank, kills its hosts in turn meanwhile, and checks the end. The hosts share one store, and
/// the clients are spread over them.
///
/// # Errors
///
/// If a host does not restart, or the reactions do not finish.
pub fn play(hosts: &mut [Server], mailbox: &Mailbox, wanted: Plan) -> Result<Tally> {
    let transfers = plan(wanted);
    let urls: Vec<_> = hosts.iter().map(Server::url).collect();
    let client = Client::new(urls[0].clone());
    for account in 0..ACCOUNTS {
        let body = json!({"account": format!("a{account}"), "owner": format!("owner {account}"), "deposit": DEPOSIT});
        accepted(&client.command(
            "OpenAccount",
            &format!("open-{account}"),
            body.to_string().as_bytes(),
        )?)?;
    }
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..wanted.clients)
            .map(|worker| {
                let client = Client::new(urls[worker % urls.len()].clone());
                let (transfers, answered) = (&transfers, &answered);
                scope.spawn(move || -> Result<()> {
                    for transfer in transfers.iter().skip(worker).step_by(wanted.clients) {
                        let Transfer {
                            id,
                            from,
                            to,
                            amount,
                        } = transfer;
                        let body =
                            json!({"transfer": id, "from": from, "to": to, "amount": amount});
                        let key = format!("request-{id}");
                        accepted(&client.command(
                            "RequestTransfer",
                            &key,
                            body.to_string().as_bytes(),
                        )?)?;
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        let mut random = fastrand::Rng::with_seed(wanted.seed);
        for kill in 1..=wanted.kills {
            let due = transfers.len() * kill / (wanted.kills + 1);
            while answered.load(Ordering::Relaxed) < due
                && !workers.iter().all(|it| it.is_finished())
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(random.u64(0..40)));
            let host = kill % hosts.len();
            hosts[host].kill()?;
            hosts[host].restart()?;
        }
        for worker in workers {
            worker
                .join()
                .map_err(|_| anyhow::anyhow!("a client panicked"))??;
        }
        Ok(())
    })?;
    let end = Instant::now();
    finish(&client)?;
    let mut tally = Tally {
        tail: end.elapsed().as_secs_f64(),
        ..Tally::default()
    };
    judge(&mut tally, &client, mailbox, &transfers)?;
    Ok(tally)
}

fn accepted(answer: &Answer) -> Result<()> {
    match answer.status {
        200 => Ok(()),
        status => bail!("answered {status}: {}", answer.text),
    }
}

/// Delivers until every reaction has seen the whole log.
///
/// # Errors
///
/// If the time is over.
pub fn finish(client: &Client) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // A handler may trap and abort this request.
        let pumped = client.post("/admin/pump?budget=1000", &[], b"")?;
        let idle = pumped.body["more"] == false && pumped.body["retryInMs"].is_null();
        let reactions = client.get("/admin/reactions")?;
        let lagging: Vec<&Value> = reactions.body["reactions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|reaction| reaction["lag"] != 0)
            .collect();
        if idle && lagging.is_empty() && pumped.body["delivered"] == 0 {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("the reactions do not finish: {}", reactions.text);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn judge(
    tally: &mut Tally,
    client: &Client,
    mailbox: &Mailbox,
    transfers: &[Transfer],
) -> Result<()> {
    let log = client.log()?;
    tally.wrong.extend(check_log(&log));
    for transfer in transfers {
        judge_transfer(tally, &log, transfer);
    }
    let balances = fold_balances(&log);
    let total: i64 = balances
        .values()
        .filter_map(|row| row["balance"].as_i64())
        .sum();
    let opened = ACCOUNTS as i64 * DEPOSIT;
    if total != opened {
        tally.wrong.push(format!(
            "there are {total} cents, and {opened} were paid in"
        ));
    }
    compare(tally, client, "balances", &balances)?;
    compare(tally, client, "statements", &fold_statements(&log))?;
    judge_notices(tally, mailbox, &log);
    judge_processes(tally, client, transfers)?;
    let parked = client.get("/admin/dead-letters")?;
    for letter in parked.body["deadLetters"].as_array().into_iter().flatten() {
        tally.wrong.push(format!("parked: {letter}"));
    }
    Ok(())
}

/// Checks the events of a transfer: its request, exactly one end, and between them the events that the end implies.
fn judge_transfer(tally: &mut Tally, log: &[Value], transfer: &Transfer) {
    let Transfer {
        id,
        from,
        to,
        amount,
    } = transfer;
    let of = |kind: &str, account: Option<&str>| {
        log.iter()
            .filter(|event| {
                event["type"] == kind
                    && event["data"]["transfer"] == id.as_str()
                    && account.is_none_or(|account| event["data"]["account"] == account)
            })
            .collect::<Vec<_>>()
    };
    let moved = (
        of("Withdrawn", Some(from)).len(),
        of("Deposited", Some(to)).len(),
        of("Deposited", Some(from)).len(),
    );
    let ends = (
        of("TransferCompleted", None).len(),
        of("TransferFailed", None).len(),
    );
    match (of("TransferRequested", None).len(), ends, moved) {
        (1, (1, 0), (1, 1, 0)) => tally.completed += 1,
        (1, (0, 1), (0, 0, 0)) => tally.refused += 1,
        (1, (0, 1), (1, 0, 1)) => tally.compensated += 1,
        other => tally.wrong.push(format!(
            "transfer {id}: (requested, (completed, failed), (withdrawn, deposited, given back)) = {other:?}"
        )),
    }
    let all = of("Withdrawn", None)
        .into_iter()
        .chain(of("Deposited", None));
    for event in all.filter(|event| event["data"]["amount"] != *amount) {
        tally.wrong.push(format!("transfer {id}: {event}"));
    }
}

/// The expected rows of the view `balances`.
#[must_use]
pub fn fold_balances(log: &[Value]) -> BTreeMap<String, Value> {
    let mut rows: BTreeMap<String, Value> = BTreeMap::new();
    for event in log {
        let data = &event["data"];
        let account = data["account"].as_str().unwrap_or_default().to_owned();
        let signed = match event["type"].as_str().unwrap_or_default() {
            "AccountOpened" => {
                let row =
                    json!({"account": account, "owner": data["owner"], "balance": data["deposit"]});
                rows.insert(account, row);
                continue;
            }
            "Deposited" => data["amount"].as_i64().unwrap_or_default(),
            "Withdrawn" => -data["amount"].as_i64().unwrap_or_default(),
            _ => continue,
        };
        if let Some(row) = rows.get_mut(&account) {
            row["balance"] = json!(row["balance"].as_i64().unwrap_or_default() + signed);
        }
    }
    rows
}

/// The expected rows of the view `statements`.
#[must_use]
pub fn fold_statements(log: &[Value]) -> BTreeMap<String, Value> {
    // Both accounts of each transfer: a movement names the account on the other side.
    let mut ends: BTreeMap<&str, [&str; 2]> = BTreeMap::new();
    let mut movements: BTreeMap<String, Value> = BTreeMap::new();
    for event in log {
        let data = &event["data"];
        let text = |field: &str| data[field].as_str().unwrap_or_default();
        let amount = match event["type"].as_str().unwrap_or_default() {
            "TransferRequested" => {
                ends.insert(text("transfer"), [text("from"), text("to")]);
                continue;
            }
            "AccountOpened" => &data["deposit"],
            "Deposited" | "Withdrawn" => &data["amount"],
            _ => continue,
        };
        let account = text("account");
        let mut movement = json!({"position": number(&event["position"]), "type": event["type"], "amount": amount});
        if let Some([from, to]) = ends.get(text("transfer")) {
            movement["transfer"] = data["transfer"].clone();
            movement["other"] = json!(if account == *from { to } else { from });
        }
        let position = number(&event["position"]).unwrap_or_default();
        movements.insert(format!("{account}/{position:020}"), movement);
    }
    movements
}

/// Checks that every transfer had a process, and that all processes have ended.
fn judge_processes(tally: &mut Tally, client: &Client, transfers: &[Transfer]) -> Result<()> {
    let reactions = client.get("/admin/reactions")?;
    let all = reactions.body["reactions"].as_array().into_iter().flatten();
    let managers: Vec<&str> = all
        .filter(|reaction| reaction["kind"] == "process-manager")
        .filter_map(|reaction| reaction["name"].as_str())
        .collect();
    let [manager] = managers[..] else {
        bail!("one process manager is expected: {}", reactions.text);
    };
    for Transfer { id, .. } in transfers {
        let process = client.get(&format!("/admin/reactions/{manager}/processes/{id}"))?;
        if process.status != 200 || process.body["running"] != false {
            tally.wrong.push(format!("process {id}: {}", process.text));
        }
    }
    Ok(())
}

/// Checks that each recipient got a notice of every event meant for it, and of no other event.
fn judge_notices(tally: &mut Tally, mailbox: &Mailbox, log: &[Value]) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for letter in mailbox.letters() {
        let notice: Value = serde_json::from_str(&letter.body).unwrap_or_default();
        let id = notice["id"].as_str().unwrap_or_default().to_owned();
        *times.entry(id).or_default() += 1;
    }
    tally.notices = times.values().sum();
    tally.repeated = times.values().filter(|times| **times > 1).count();
    for event in log
        .iter()
        .filter(|event| event["type"] != "TransferRequested")
    {
        if times
            .remove(event["id"].as_str().unwrap_or_default())
            .is_none()
        {
            tally.wrong.push(format!("nobody was told of {event}"));
        }
    }
    for id in times.keys() {
        tally.wrong.push(format!(
            "somebody was told of `{id}`, which is not in the log"
        ));
    }
}

/// Compares a view with its expected rows.
///
/// # Errors
///
/// If the view cannot be read.
pub fn compare(
    tally: &mut Tally,
    client: &Client,
    view: &str,
    expected: &BTreeMap<String, Value>,
) -> Result<()> {
    let rows = view_rows(client, view)?;
    let keys: BTreeSet<&String> = rows.keys().chain(expected.keys()).collect();
    for key in keys {
        let (is, must) = (rows.get(key), expected.get(key));
        if is != must {
            tally
                .wrong
                .push(format!("{view}/{key} is {is:?}, and must be {must:?}"));
        }
    }
    Ok(())
}

/// All rows of a view.
///
/// # Errors
///
/// If a page is not answered with 200.
pub fn view_rows(client: &Client, view: &str) -> Result<BTreeMap<String, Value>> {
    let mut rows = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = client.get(&format!("/views/{view}?limit=7{after}"))?;
        accepted(&page)?;
        for row in page.body["rows"].as_array().into_iter().flatten() {
            let key = row["key"].as_str().unwrap_or_default().to_owned();
            rows.insert(key, row["value"].clone());
        }
        if page.body["end"] == true {
            return Ok(rows);
        }
        after = format!("&after={}", page.body["next"].as_str().unwrap_or_default());
    }
}
