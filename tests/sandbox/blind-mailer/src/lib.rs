//! The same notifier under another name: an application has no two reactions of one name.

#[path = "../../plain-mailer/src/mailer.rs"]
mod mailer;

use mailer::Mailer;

const NAME: &str = "blind-mailer";

annals::export! { notifiers: [Mailer] }
