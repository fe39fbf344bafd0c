//! Given these events, when this command comes, then the decider records those events. Run with `cargo test`.

use annals::test::given;

use super::*;

fn create(title: &str) -> {{Name}}Command {
    {{Name}}Command::Create{{Name}} { id: "1".into(), title: title.into() }
}

fn rename(title: &str) -> {{Name}}Command {
    {{Name}}Command::Rename{{Name}} { id: "1".into(), title: title.into() }
}

fn created(title: &str) -> {{Name}}Event {
    {{Name}}Event::{{Name}}Created { id: "1".into(), title: title.into() }
}

fn renamed(title: &str) -> {{Name}}Event {
    {{Name}}Event::{{Name}}Renamed { title: title.into() }
}

#[test]
fn it_is_created_once() {
    given::<{{Name}}Decider>([])
        .when(create("First"))
        .on_stream("{{snake}}-1")
        .then([created("First")]);
    given::<{{Name}}Decider>([created("First")])
        .when(create("Again"))
        .then_rejected("already-exists");
}

#[test]
fn only_an_existing_one_can_be_renamed() {
    given::<{{Name}}Decider>([created("First")])
        .when(rename("Second"))
        .then([renamed("Second")]);
    given::<{{Name}}Decider>([]).when(rename("Second")).then_rejected("not-found");
}

#[test]
fn the_same_title_again_changes_nothing() {
    given::<{{Name}}Decider>([created("First"), renamed("Second")])
        .when(rename("Second"))
        .then_nothing();
}

#[test]
fn an_empty_title_is_rejected() {
    given::<{{Name}}Decider>([]).when(create("")).then_rejected("title-empty");
}

#[test]
fn an_incomplete_payload_is_malformed() {
    given::<{{Name}}Decider>([])
        .when_raw("Create{{Name}}", r#"{"id": "1"}"#)
        .then_malformed("missing field `title`");
}
