use annals::test::{On, notify, on};
use annals_outside::http::Answer;
use annals_outside::test::{World, world};

use super::*;

const URL: &str = "http://mail.test/notices";

/// A world with a mail service that answers like this.
fn mail<A: Answer>(answer: impl Fn(&Request) -> A + 'static) -> World {
    world().env("MAILER_URL", URL).answering(answer)
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
    let world = mail(|_| Response::status(204));
    world.run(|| {
        notify::<Mailer>().when(deposited()).then_done();
    });
    world.then_sent([posted(
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
        let world = mail(|_| Response::status(200));
        world.run(|| {
            notify::<Mailer>().when(on("stream-1", news)).then_done();
        });
        let [request] = &world.sent()[..] else {
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
        mail(move |_| Response::status(status)).run(|| {
            notify::<Mailer>()
                .when(deposited())
                .then_retry_after(Duration::from_millis(100));
        });
    }
    for error in [Error::Timeout, Error::Unreachable("refused".into())] {
        mail(move |_| error.clone()).run(|| {
            notify::<Mailer>()
                .attempt(3)
                .when(deposited())
                .then_retry_after(Duration::from_millis(400));
        });
    }
    mail(|_| Response::status(503).with_header("Retry-After", "7")).run(|| {
        notify::<Mailer>()
            .when(deposited())
            .then_retry_after(Duration::from_secs(7));
    });
    world().env("MAILER_URL", URL).run(|| {
        notify::<Mailer>()
            .attempt(u32::MAX)
            .when(deposited())
            .then_retry_after(Duration::from_secs(60));
    });
}

#[test]
fn what_will_never_be_taken_is_rejected() {
    for status in [302, 400, 404, 410] {
        mail(move |_| Response::status(status)).run(|| {
            notify::<Mailer>()
                .when(deposited())
                .then_rejected(&status.to_string());
        });
    }
    mail(|_| Error::Denied).run(|| {
        notify::<Mailer>()
            .when(deposited())
            .then_rejected("does not allow");
    });
    let world = world().env("MAILER_URL", "mail.test");
    world.run(|| {
        notify::<Mailer>()
            .when(deposited())
            .then_rejected("it has no scheme");
    });
    world.then_sent([]);
}

#[test]
fn without_a_mail_service_nothing_is_sent() {
    let world = world();
    world.run(|| {
        notify::<Mailer>().when(deposited()).then_done();
    });
    world.then_sent([]);
}
