//! The routes, as commands and queries of the application.

use crate::annals::es::application;
use crate::annals::es::sourcer::{self, Request, SubmitError};
use crate::annals::es::types::StoreError;
use crate::annals::es::views::{self, QueryError};
use crate::http::{Answer, Asked};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::Cell;
use wasip2::http::types::Method;

/// What this ingress answers itself.
#[derive(Debug, PartialEq, Eq)]
pub enum Route<'a> {
    Open,
    Account(&'a str),
    Deposit(&'a str),
    Withdraw(&'a str),
    Transfer,
}

impl<'a> Route<'a> {
    /// The route of a request, if it is one of ours.
    pub fn of(method: &Method, path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        Some(match (method, segments.as_slice()) {
            (Method::Post, ["accounts"]) => Self::Open,
            (Method::Get, ["accounts", account]) => Self::Account(account),
            (Method::Post, ["accounts", account, "deposits"]) => Self::Deposit(account),
            (Method::Post, ["accounts", account, "withdrawals"]) => Self::Withdraw(account),
            (Method::Post, ["transfers"]) => Self::Transfer,
            _ => return None,
        })
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    account: String,
    owner: String,
    deposit: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amount {
    amount: i64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct NewTransfer {
    transfer: String,
    from: String,
    to: String,
    amount: i64,
}

/// Answers a request.
pub fn answer(route: Route<'_>, asked: &Asked) -> Answer {
    let answered = match route {
        Route::Open => open(asked),
        Route::Account(account) => find(account),
        Route::Deposit(account) => move_money("Deposit", account, asked),
        Route::Withdraw(account) => move_money("Withdraw", account, asked),
        Route::Transfer => transfer(asked),
    };
    answered.unwrap_or_else(|refusal| refusal)
}

fn open(asked: &Asked) -> Result<Answer, Answer> {
    let new: NewAccount = decode(asked)?;
    let place = format!("/accounts/{}", new.account);
    let version = command("OpenAccount", &new, asked)?;
    Ok(done(201, &new.account, version).with("location", place))
}

fn move_money(what: &str, account: &str, asked: &Asked) -> Result<Answer, Answer> {
    let Amount { amount } = decode(asked)?;
    let version = command(
        what,
        &json!({ "account": account, "amount": amount }),
        asked,
    )?;
    Ok(done(201, account, version))
}

/// A transfer goes on after its request: the process manager moves the money.
fn transfer(asked: &Asked) -> Result<Answer, Answer> {
    let new: NewTransfer = decode(asked)?;
    let place = format!("/streams/transfer-{}", new.transfer);
    command("RequestTransfer", &new, asked)?;
    Ok(Answer::json(202, &json!({ "transfer": new.transfer })).with("location", place))
}

fn find(account: &str) -> Result<Answer, Answer> {
    match views::get("balances", account) {
        Ok(Some(row)) => {
            Ok(Answer::raw(200, row.value).with("etag", format!("\"{}\"", row.position)))
        }
        Ok(None) => Err(Answer::problem(
            404,
            "unknown-account",
            "there is no such account, or not yet",
        )),
        Err(QueryError::UnknownView(_)) => Err(Answer::problem(
            500,
            "no-balances",
            "the application has no view `balances`",
        )),
        Err(QueryError::Store(error)) => Err(unavailable(&error)),
    }
}

fn decode<T: DeserializeOwned>(asked: &Asked) -> Result<T, Answer> {
    serde_json::from_slice(&asked.body)
        .map_err(|error| Answer::problem(400, "malformed-request", &error.to_string()))
}

/// Submits a command, and answers the stream's version after it.
fn command(name: &str, payload: &impl Serialize, asked: &Asked) -> Result<u64, Answer> {
    let payload = serde_json::to_vec(payload)
        .map_err(|error| Answer::problem(500, "not-json", &error.to_string()))?;
    let request = Request {
        command_type: name.into(),
        content_type: "application/json".into(),
        payload,
        command_id: asked.key.clone(),
        expected: None,
        correlation_id: None,
        causation_id: None,
        actor: None,
        traceparent: None,
        extensions: Vec::new(),
    };
    match begun().and_then(|()| sourcer::submit(&request)) {
        Ok(accepted) => Ok(accepted.appended.version),
        Err(error) => Err(refused(error)),
    }
}

fn refused(error: SubmitError) -> Answer {
    match error {
        SubmitError::Rejected(refused) => {
            let reason = refused.reason;
            let details = reason
                .details
                .and_then(|text| serde_json::from_str::<Value>(&text).ok());
            Answer::json(
                422,
                &json!({ "code": reason.code, "message": reason.message, "details": details }),
            )
        }
        SubmitError::Malformed(why) => Answer::problem(400, "malformed-request", &why.message),
        SubmitError::PreconditionFailed(_) => {
            Answer::problem(409, "exists", "the account or transfer exists, or does not")
        }
        SubmitError::Conflict(_) => {
            Answer::problem(409, "conflict", "others were faster: try again")
        }
        SubmitError::IdReused(_) => Answer::problem(
            400,
            "key-reused",
            "the Idempotency-Key belongs to another request",
        ),
        SubmitError::UnknownCommand(_) => Answer::problem(
            500,
            "no-handler",
            "the application does not handle this command",
        ),
        // Its message is for the log, and may hold what is not the caller's to see.
        SubmitError::Fault(_) => Answer::problem(500, "fault", "a handler failed"),
        SubmitError::Store(error) => unavailable(&error),
    }
}

thread_local! {
    static BEGUN: Cell<bool> = const { Cell::new(false) };
}

/// Whether the application may run on this store: to be asked once, before the first command of an instance.
fn begun() -> Result<(), SubmitError> {
    if !BEGUN.get() {
        application::begin().map_err(SubmitError::Store)?;
        BEGUN.set(true);
    }
    Ok(())
}

fn unavailable(error: &StoreError) -> Answer {
    match error {
        StoreError::Invalid(why) => Answer::problem(400, "malformed-request", why),
        StoreError::Refused(_) => {
            Answer::problem(503, "not-started", "another version of the application ran here")
        }
        StoreError::Corrupt(_) => Answer::problem(500, "store-damaged", "a record is damaged"),
        StoreError::Unavailable(_) | StoreError::InDoubt(_) => Answer::problem(
            503,
            "try-again",
            "send it again with the same Idempotency-Key",
        )
        .with("retry-after", "1".into()),
    }
}

#[derive(Serialize)]
struct Done<'a> {
    account: &'a str,
    version: u64,
}

fn done(status: u16, account: &str, version: u64) -> Answer {
    Answer::json(status, &Done { account, version }).with("etag", format!("\"{version}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_bank_is_passed_on() {
        assert_eq!(Route::of(&Method::Post, "/accounts"), Some(Route::Open));
        assert_eq!(
            Route::of(&Method::Get, "/accounts/a"),
            Some(Route::Account("a"))
        );
        for (method, path) in [
            (Method::Get, "/accounts"),
            (Method::Get, "/"),
            (Method::Post, "/commands/OpenAccount"),
            (Method::Delete, "/accounts/a"),
            (Method::Get, "/accounts/a/deposits"),
        ] {
            assert_eq!(Route::of(&method, path), None, "{path}");
        }
    }
}
