//! An application without reactions omits the framework's dispatcher, and gives the same answers as with it.

use annals_tests::app;
use annals_tests::client::{Answer, Client};
use annals_tests::server::{Kind, Server};
use serde_json::json;

fn answers_as_any_other(host: Kind) {
    let folder = tempfile::tempdir().expect("a folder");
    annals_fixtures::application(folder.path(), 1).expect("a decider");
    let app = app::compose(folder.path(), host, folder.path()).expect("it composes");
    let server = Server::start(host, &app, folder.path()).expect("the host starts");
    let client = Client::new(server.url());
    let post = |path: &str, headers: &[(&str, &str)]| {
        client.post(path, headers, b"{}").expect("an answer")
    };
    let get = |path: &str| client.get(path).expect("an answer");

    let accepted = post("/commands/Command0", &[("Prefer", "wait=5")]);
    assert_eq!(accepted.status, 200, "{}", accepted.text);
    assert_eq!(accepted.header("preference-applied"), Some("wait=5"));
    let about = get("/").body;
    assert_eq!(
        (&about["views"], &about["reactions"]),
        (&json!([]), &json!([]))
    );

    let empty = |answer: Answer, body: serde_json::Value| {
        assert_eq!((answer.status, answer.body), (200, body));
    };
    empty(get("/admin/reactions"), json!({"reactions": []}));
    let none = json!({"deadLetters": [], "next": null, "end": true});
    empty(get("/admin/dead-letters"), none);
    let nothing = json!({"delivered": 0, "more": false, "retryInMs": null});
    empty(post("/admin/pump", &[]), nothing);

    let unknown = |answer: Answer, slug: &str| {
        let told = (answer.status, &answer.body["type"]);
        assert_eq!(told, (404, &json!(format!("urn:annals:problem:{slug}"))));
    };
    unknown(get("/views/v"), "unknown-view");
    unknown(get("/views/v/k"), "unknown-view");
    unknown(get("/admin/reactions/r"), "unknown-reaction");
    unknown(get("/admin/reactions/r/processes"), "unknown-reaction");
    unknown(get("/admin/reactions/r/processes/p"), "unknown-reaction");
    unknown(post("/admin/reactions/r/rebuild", &[]), "unknown-reaction");
    unknown(post("/admin/reactions/r/resume", &[]), "unknown-reaction");
    unknown(post("/admin/pump?reaction=r", &[]), "unknown-reaction");
    unknown(get("/admin/dead-letters/l"), "unknown-dead-letter");
    unknown(
        post("/admin/dead-letters/l/retry", &[]),
        "unknown-dead-letter",
    );
    unknown(
        post("/admin/dead-letters/l/skip", &[]),
        "unknown-dead-letter",
    );
}

#[test]
fn an_application_without_reactions_answers_as_any_other_on_annals_host() {
    answers_as_any_other(Kind::Annals);
}

#[test]
fn an_application_without_reactions_answers_as_any_other_on_wasmtime_serve() {
    answers_as_any_other(Kind::Wasmtime);
}
