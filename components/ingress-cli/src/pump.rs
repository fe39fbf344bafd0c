//! Delivers, and reports the result.

use crate::annals::es::delivery::{self, DeliveryError, Pumped};
use crate::annals::es::types::StoreError;
use crate::arguments::Pump;
use wasip2::clocks::monotonic_clock;

/// Pause before the next attempt while another instance delivers, in nanoseconds.
const PAUSE: u64 = 50_000_000;

/// Delivers due events as the arguments demand. Returns the report.
///
/// # Errors
/// The reason why the delivery failed.
pub fn run(wish: &Pump) -> Result<String, String> {
    let mut delivered = 0;
    loop {
        let pumped = delivery::pump(wish.reaction.as_deref(), wish.budget)
            .map_err(|error| refused(wish, error))?;
        delivered += pumped.delivered;
        if !wish.until_idle || !pumped.more {
            return Ok(said(delivered, &pumped));
        }
        if pumped.delivered == 0 {
            monotonic_clock::subscribe_duration(PAUSE).block();
        }
    }
}

fn said(delivered: u64, last: &Pumped) -> String {
    let rest = match (last.more, last.next) {
        (true, _) => "; more is due".into(),
        (false, Some(millis)) => format!("; the next attempt is due in {millis} ms"),
        (false, None) => String::new(),
    };
    format!("delivered {delivered}{rest}\n")
}

fn refused(wish: &Pump, error: DeliveryError) -> String {
    match error {
        DeliveryError::UnknownReaction(known) => {
            let name = wish.reaction.as_deref().unwrap_or_default();
            match known.as_slice() {
                [] => format!("there is no reaction `{name}`; the application has none"),
                known => format!("there is no reaction `{name}`; the application has {}", known.join(", ")),
            }
        }
        DeliveryError::Store(
            StoreError::Invalid(why)
            | StoreError::Unavailable(why)
            | StoreError::Corrupt(why)
            | StoreError::InDoubt(why),
        ) => format!("the store failed: {why}"),
        DeliveryError::Store(StoreError::Refused(why)) => why,
    }
}
