use super::record::Record;
use super::{Change, Decider, Description, Plan, Reaction, compare};

fn reaction(kind: &str, name: &str) -> Reaction {
    Reaction {
        name: name.into(),
        key: String::new(),
        kind: kind.into(),
        version: 1,
        views: Vec::new(),
        event_types: Vec::new(),
        formerly: Vec::new(),
    }
}

fn application(reactions: &[Reaction]) -> Description {
    Description {
        record: Record {
            name: "app".into(),
            deciders: vec![Decider {
                name: "seat".into(),
                category: "seat".into(),
                commands: vec!["Reserve".into(), "Cancel".into()],
                emits: vec!["Reserved".into(), "Cancelled".into()],
                folds: vec!["Reserved".into(), "Cancelled".into()],
                schemas: vec![("Reserved".into(), 2)],
            }],
            reactions: reactions.to_vec(),
            ..Record::default()
        },
        ..Description::default()
    }
}

fn mailer() -> Description {
    application(&[reaction("notifier", "mailer")])
}

fn planned(before: Option<&Record>, now: &Description, accepted: &[&str]) -> Plan {
    let accepted: Vec<String> = accepted.iter().map(|one| (*one).to_owned()).collect();
    compare(before, now, &accepted, |_| Ok(false)).expect("nothing is read")
}

/// Compares an application with a record and expects that nothing is refused.
fn after(before: &Record, now: &Description, accepted: &[&str]) -> Record {
    let plan = planned(Some(before), now, accepted);
    assert_eq!(plan.refused, [], "it is refused");
    plan.record
}

fn first(now: &Description) -> Record {
    planned(None, now, &[]).record
}

fn refused(before: &Record, now: &Description, accepted: &[&str]) -> Vec<String> {
    let changes = planned(Some(before), now, accepted).refused;
    changes
        .into_iter()
        .map(|Change { id, what, remedy }| {
            assert!(!what.is_empty() && remedy.contains(&id), "{what}: {remedy}");
            id
        })
        .collect()
}

fn renamed(from: &str, to: &str) -> Description {
    Description {
        formerly: vec![(to.into(), vec![from.into()])],
        ..application(&[reaction("notifier", to)])
    }
}

fn keys(record: &Record) -> Vec<(&str, &str)> {
    let reactions = record.reactions.iter();
    reactions
        .map(|one| (one.name.as_str(), one.key.as_str()))
        .collect()
}

#[test]
fn the_same_application_changes_nothing() {
    let record = first(&mailer());
    assert_eq!(keys(&record), [("mailer", "mailer")]);
    assert!(after(&record, &mailer(), &[]).same(&record));
}

#[test]
fn a_reaction_that_joins_is_new_and_changes_no_other() {
    let record = first(&mailer());
    let now = application(&[
        reaction("notifier", "auditor"),
        reaction("notifier", "mailer"),
    ]);
    let plan = planned(Some(&record), &now, &[]);
    assert_eq!(
        (plan.refused, plan.new),
        (vec![], vec!["auditor".to_owned()])
    );
    assert_eq!(
        keys(&plan.record),
        [("auditor", "auditor"), ("mailer", "mailer")]
    );
}

#[test]
fn a_renamed_reaction_keeps_its_key_there_and_back_again() {
    let record = first(&mailer());
    assert_eq!(
        refused(&record, &application(&[reaction("notifier", "post")]), &[]),
        ["retire:mailer"]
    );
    let record = after(&record, &renamed("mailer", "post"), &[]);
    assert_eq!(keys(&record), [("post", "mailer")]);
    // The record remembers the rename, so the manifest need not repeat it.
    let post = application(&[reaction("notifier", "post")]);
    assert!(after(&record, &post, &[]).same(&record));
    // The old version runs again: its reaction would take every event that the renamed one has taken.
    assert_eq!(
        refused(&record, &mailer(), &[]),
        ["retire:post", "anew:mailer"]
    );
    let record = after(&record, &renamed("post", "mailer"), &[]);
    assert_eq!(keys(&record), [("mailer", "mailer")]);
}

#[test]
fn what_is_given_the_former_name_of_another_begins_under_a_key_of_its_own() {
    let record = first(&mailer());
    let record = after(&record, &renamed("mailer", "post"), &[]);
    let both = application(&[reaction("notifier", "post"), reaction("notifier", "mailer")]);
    assert_eq!(refused(&record, &both, &[]), ["anew:mailer"]);
    let record = after(&record, &both, &["anew:mailer"]);
    assert_eq!(keys(&record), [("post", "mailer"), ("mailer", "mailer~2")]);
    assert!(after(&record, &both, &[]).same(&record));
}

#[test]
fn a_reaction_is_gone_only_if_that_is_meant_and_its_key_is_never_given_again() {
    let record = first(&mailer());
    let mut none = application(&[]);
    assert_eq!(refused(&record, &none, &[]), ["retire:mailer"]);
    after(&record, &none, &["retire:mailer"]);
    none.retired = vec!["mailer".into()];
    let record = after(&record, &none, &[]);
    assert_eq!(refused(&record, &mailer(), &[]), ["anew:mailer"]);
    let anew = after(&record, &mailer(), &["anew:mailer"]);
    assert_eq!(keys(&anew), [("mailer", "mailer~2")]);
    let again = after(&record, &renamed("mailer", "mailer"), &[]);
    assert_eq!(keys(&again), [("mailer", "mailer")]);
    assert_eq!(again.retired, []);
}

#[test]
fn a_reaction_of_another_kind_is_another_one() {
    let record = first(&mailer());
    let manager = application(&[reaction("process-manager", "mailer")]);
    assert_eq!(refused(&record, &manager, &[]), ["anew:mailer"]);
    let record = after(&record, &manager, &["anew:mailer"]);
    assert_eq!(keys(&record), [("mailer", "mailer~2")]);
    assert_eq!(record.retired.len(), 1);
}

#[test]
fn an_older_projector_is_refused_and_builds_anew_if_it_is_accepted() {
    let totals = |version| Reaction {
        version,
        ..reaction("projector", "totals")
    };
    let record = first(&application(&[totals(2)]));
    let older = application(&[totals(1)]);
    assert_eq!(refused(&record, &older, &[]), ["older:totals"]);
    let plan = planned(Some(&record), &older, &["older:totals"]);
    assert_eq!(
        (plan.refused, plan.older),
        (vec![], vec!["totals".to_owned()])
    );
    after(&record, &application(&[totals(3)]), &[]);
}

#[test]
fn a_projector_that_folds_more_than_what_built_its_view_is_refused() {
    let totals = |version, event_types: &[&str]| Reaction {
        version,
        event_types: event_types.iter().map(|&one| one.to_owned()).collect(),
        ..reaction("projector", "totals")
    };
    let with = |version, event_types: &[&str]| application(&[totals(version, event_types)]);
    let record = first(&with(1, &["Reserved"]));
    let more = with(1, &["Reserved", "Cancelled"]);
    assert_eq!(refused(&record, &more, &[]), ["partial:totals"]);
    assert_eq!(refused(&record, &with(1, &[]), &[]), ["partial:totals"]);
    let record = after(&record, &more, &["partial:totals"]);
    after(&record, &more, &[]);
    // No decider has emitted that type before.
    let record = after(&record, &with(1, &["Reserved", "Cancelled", "Moved"]), &[]);
    // A projector that folds fewer types, or a raised version, is permitted.
    let record = after(&record, &with(1, &["Reserved"]), &[]);
    after(&record, &with(2, &["Reserved", "Cancelled"]), &[]);
    let record = first(&with(1, &[]));
    after(&record, &with(1, &["Reserved"]), &[]);
}

#[test]
fn a_decider_that_knows_less_than_before_is_refused() {
    let record = first(&mailer());
    let mut older = mailer();
    let decider = &mut older.record.deciders[0];
    decider.folds = vec!["Reserved".into()];
    assert_eq!(refused(&record, &older, &[]), ["drop:Cancelled"]);
    older.record.deciders[0].emits = vec!["Reserved".into()];
    assert_eq!(refused(&record, &older, &[]), ["drop:Cancelled"]);
    after(&record, &older, &["drop:Cancelled"]);
    older.retired = vec!["Cancelled".into()];
    after(&record, &older, &[]);
    older.record.deciders[0].schemas.clear();
    assert_eq!(refused(&record, &older, &[]), ["older:Reserved"]);
    // The successor of a decider is the decider that takes one of its commands, whatever its name.
    let mut split = mailer();
    split.record.deciders.push(Decider {
        name: "new".into(),
        commands: vec!["Cancel".into()],
        folds: vec!["Reserved".into()],
        schemas: vec![("Reserved".into(), 2)],
        ..split.record.deciders[0].clone()
    });
    split.record.deciders[0].commands = vec!["Reserve".into()];
    assert_eq!(refused(&record, &split, &[]), ["drop:Cancelled"]);
    split.record.deciders[1].folds.push("Cancelled".into());
    let record = after(&record, &split, &[]);
    // An additional decider in a category, a removed decider and a removed command lose no events.
    let mut more = split.clone();
    more.record.deciders.remove(1);
    after(&record, &more, &[]);
}

#[test]
fn a_store_without_a_record_goes_on_with_what_has_progress() {
    let now = renamed("mailer", "post");
    let known = |key: &str| Ok(key == "mailer");
    let plan = compare(None, &now, &[], known).expect("nothing is read");
    assert_eq!(keys(&plan.record), [("post", "mailer")]);
    assert!(plan.new.is_empty());
}

/// The bytes of a stored record never change their meaning: see docs/format.md.
#[test]
fn a_record_is_stored_as_it_always_was() {
    let record = Record {
        digests: vec!["d".into()],
        name: "a".into(),
        version: "1".into(),
        composer: "2".into(),
        deciders: vec![Decider {
            name: "d".into(),
            category: "c".into(),
            commands: vec!["C".into()],
            emits: vec!["E".into()],
            folds: vec!["F".into()],
            schemas: vec![("F".into(), 2)],
        }],
        reactions: vec![Reaction {
            key: "k".into(),
            version: 3,
            views: vec!["v".into()],
            formerly: vec!["k".into()],
            ..reaction("notifier", "n")
        }],
        retired: Vec::new(),
    };
    let stored =
        b"\x02\x01\x01d\x01a\x011\x012\x01\x01d\x01c\x01\x01C\x01\x01E\x01\x01F\x01\x01F\x02\
        \x01\x01n\x01k\x08notifier\x03\x01\x01v\x00\x01\x01k\x00";
    let checkpoint = super::encode(&record, 7);
    assert_eq!(checkpoint.state, stored);
    let read = super::decode(Some(checkpoint)).expect("a record");
    assert_eq!(read, (Some(record), 7));
}
