//! A notifier, built for wasm32-wasip2.

mod mailer;

use mailer::Mailer;

const NAME: &str = "plain-mailer";

annals::export! { notifiers: [Mailer] }
