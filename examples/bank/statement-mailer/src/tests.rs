use annals::test::{Notify, On, notify, on};

use super::*;

const URL: &str = "http://mail.test/notices";

fn mailer() -> Notify<Mailer> {
    notify().env("MAILER_URL", URL)
}

fn deposited() -> On<News> {
    let event = Deposited {
        account: "1".into(),
        amount: 5,
        transfer: None,
    };
    on("account-1", News::Deposited(event)).id("e1").at(7)
}

fn posted(body: &str) -> Request {
    Request::post(URL)
        .header("idempotency-key", "e1")
        .body("application/json", body)
}

#[test]
fn a_notice_says_what_happened() {
    mailer()
        .answering(|_| Response::status(204))
        .when(deposited())
        .then_done()
        .then_sent([posted(
            r#"{"id":"e1","type":"Deposited","stream":"account-1","position":1,"recordedAt":7,"data":{"account":"1","amount":5}}"#,
        )]);
}

#[test]
fn everything_that_customers_should_hear_of_is_told() {
    let (transfer, from, to) = (String::from("t1"), String::from("1"), String::from("2"));
    let news = [
        News::AccountOpened(AccountOpened {
            account: "1".into(),
            owner: "Ada".into(),
            deposit: 5,
        }),
        News::Withdrawn(Withdrawn {
            account: "1".into(),
            amount: 5,
            transfer: Some("t1".into()),
        }),
        News::TransferCompleted(TransferCompleted {
            transfer: transfer.clone(),
            from: from.clone(),
            to: to.clone(),
            amount: 5,
        }),
        News::TransferFailed(TransferFailed {
            transfer,
            from,
            to,
            amount: 5,
            reason: "account-not-open".into(),
        }),
    ];
    for news in news {
        let (name, data) = (news.event_type().name, news.encode().expect("encodable"));
        let told = mailer()
            .answering(|_| Response::status(200))
            .when(on("stream-1", news));
        told.then_done();
        let [request] = told.sent() else {
            panic!("one request")
        };
        let body = String::from_utf8_lossy(&request.body);
        assert!(body.contains(&format!(r#""type":"{name}""#)), "{body}");
        let data = String::from_utf8_lossy(&data);
        assert!(body.ends_with(&format!(r#""data":{data}}}"#)), "{body}");
    }
}

#[test]
fn what_the_service_can_recover_from_is_tried_again() {
    for status in [429, 500, 503] {
        mailer()
            .answering(move |_| Response::status(status))
            .when(deposited())
            .then_retry_after(Duration::from_millis(100));
    }
    for error in [Error::Timeout, Error::Unreachable("refused".into())] {
        mailer()
            .answering(move |_| error.clone())
            .attempt(3)
            .when(deposited())
            .then_retry_after(Duration::from_millis(400));
    }
    mailer()
        .answering(|_| Response::status(503).with_header("Retry-After", "7"))
        .when(deposited())
        .then_retry_after(Duration::from_secs(7));
    mailer()
        .attempt(u32::MAX)
        .when(deposited())
        .then_retry_after(Duration::from_secs(60));
}

#[test]
fn what_will_never_be_taken_is_rejected() {
    for status in [302, 400, 404, 410] {
        mailer()
            .answering(move |_| Response::status(status))
            .when(deposited())
            .then_rejected(&status.to_string());
    }
    mailer()
        .answering(|_| Error::Denied)
        .when(deposited())
        .then_rejected("does not allow");
    notify::<Mailer>()
        .env("MAILER_URL", "mail.test")
        .when(deposited())
        .then_rejected("it has no scheme")
        .then_sent([]);
}

#[test]
fn without_a_mail_service_nothing_is_sent() {
    notify::<Mailer>()
        .when(deposited())
        .then_done()
        .then_sent([]);
}
