//! Deployments of changed applications on the same store.

use super::world::{World, reaction};
use crate::application::{Description, Reaction as Known, Record, Refused};
use crate::begun;
use crate::catalogue::{Kind, Reaction};
use std::cell::Cell;

fn description(reactions: &[Reaction], formerly: &[(&str, &str)]) -> Description {
    let known = reactions.iter().map(|reaction| Known {
        name: reaction.name.clone(),
        kind: reaction.kind.name().into(),
        version: reaction.version,
        views: reaction.views.clone(),
        ..Known::default()
    });
    let formerly = formerly.iter();
    Description {
        record: Record {
            reactions: known.collect(),
            ..Record::default()
        },
        formerly: formerly
            .map(|(new, old)| ((*new).to_owned(), vec![(*old).to_owned()]))
            .collect(),
        retired: Vec::new(),
    }
}

/// Deploys reactions on a world. Returns a description of each change.
fn deploy(
    world: &mut World,
    reactions: Vec<Reaction>,
    formerly: &[(&str, &str)],
    accepted: &[&str],
) -> Result<Vec<String>, Vec<String>> {
    let description = description(&reactions, formerly);
    let accepted: Vec<String> = accepted.iter().map(|one| (*one).to_owned()).collect();
    let digest = format!("{description:?}");
    match begun::open(world, &digest, || description, &reactions, &accepted) {
        Ok((record, notices)) => {
            world.reactions = begun::with_keys(reactions, &record);
            Ok(notices)
        }
        Err(Refused::Because(changes)) => Err(changes.into_iter().map(|one| one.id).collect()),
        Err(Refused::Store(error)) => panic!("{error:?}"),
    }
}

#[test]
fn an_application_that_was_compared_is_not_compared_again() {
    let mut world = World::new(Vec::new());
    let mailer = || vec![reaction("mailer", Kind::Notifier)];
    deploy(&mut world, mailer(), &[], &[]).unwrap();
    let start = |world: &World, digest: &str, compares: bool| {
        let compared = Cell::new(false);
        let describe = || {
            compared.set(true);
            description(&mailer(), &[])
        };
        let (record, _) = begun::open(world, digest, describe, &mailer(), &[]).unwrap();
        assert_eq!(compared.get(), compares, "{digest}: {record:?}");
        assert_eq!(record.key("mailer"), Some("mailer"));
    };
    let known = format!("{:?}", description(&mailer(), &[]));
    start(&world, &known, false);
    // Four deployments may run beside each other.
    for digest in ["a", "b", "c"] {
        start(&world, digest, true);
    }
    for digest in ["a", "b", "c", &known] {
        start(&world, digest, false);
    }
    start(&world, "d", true);
    start(&world, &known, true);
    // A changed record drops the digests that were compared with the former record.
    let both = || {
        let mut both = mailer();
        both.push(reaction("post", Kind::Notifier));
        both
    };
    deploy(&mut world, both(), &[], &[]).unwrap();
    let refused = begun::open(
        &world,
        &known,
        || description(&mailer(), &[]),
        &mailer(),
        &[],
    );
    assert!(matches!(refused, Err(Refused::Because(_))), "{refused:?}");
}

fn notified_of(world: &World) -> Vec<u64> {
    let notified = world.notified.borrow();
    notified.iter().map(|(at, _)| at / 1024).collect()
}

#[test]
fn a_renamed_notifier_goes_on_where_it_was() {
    let mut world = World::new(Vec::new());
    deploy(
        &mut world,
        vec![reaction("mailer", Kind::Notifier)],
        &[],
        &[],
    )
    .unwrap();
    world.append("s-1", "Given", "a 1");
    world.pump();
    let post = || vec![reaction("post", Kind::Notifier)];
    assert_eq!(
        deploy(&mut world, post(), &[], &[]),
        Err(vec!["retire:mailer".to_owned()])
    );
    assert_eq!(
        deploy(&mut world, post(), &[("post", "mailer")], &[]),
        Ok(vec!["`mailer` continues as `post`".to_owned()])
    );
    world.append("s-1", "Given", "a 2");
    world.pump();
    assert_eq!(notified_of(&world), [1, 2]);
}

#[test]
fn a_renamed_process_manager_keeps_its_processes_and_its_commands_ids() {
    for idle in [true, false] {
        let mut world = World::new(Vec::new());
        let transfer = || vec![reaction("transfer", Kind::ProcessManager)];
        deploy(&mut world, transfer(), &[], &[]).unwrap();
        world.balances.borrow_mut().insert("a".into(), 10);
        world.append("s-1", "Requested", "a b 7 t1");
        match idle {
            true => world.run_until_idle(),
            // The checkpoint holds the commands, and some may have been sent.
            false => {
                world.arm(12, super::world::Mishap::DieAfter);
                assert!(!world.pump(), "the deliverer died");
                world.pass(60_000);
            }
        }
        let moves = vec![reaction("moves", Kind::ProcessManager)];
        deploy(&mut world, moves, &[("moves", "transfer")], &[]).unwrap();
        world.run_until_idle();
        world.append("s-1", "Requested", "a b 1 t2");
        world.run_until_idle();
        let balances = world.balances.borrow();
        assert_eq!((balances["a"], balances["b"]), (2, 8), "idle: {idle}");
    }
}

#[test]
fn a_renamed_projector_keeps_its_rows_and_a_new_one_of_its_name_gets_none_of_them() {
    let mut world = World::new(Vec::new());
    let ledger = || reaction("ledger", Kind::Projector);
    deploy(&mut world, vec![ledger()], &[], &[]).unwrap();
    world.append("s-1", "Given", "a 1");
    world.pump();
    // The handler of this world always names its view `ledger`.
    let mut book = ledger();
    book.name = "book".into();
    deploy(&mut world, vec![book.clone()], &[("book", "ledger")], &[]).unwrap();
    world.append("s-1", "Given", "a 2");
    world.pump();
    assert_eq!(world.projected.get(), 2, "nothing was projected again");
    assert_eq!(world.rows("ledger@1"), world.expected());
    let both = || vec![book.clone(), ledger()];
    assert_eq!(
        deploy(&mut world, both(), &[], &[]),
        Err(vec!["anew:ledger".to_owned()])
    );
    deploy(&mut world, both(), &[], &["anew:ledger"]).unwrap();
    world.run_until_idle();
    assert_eq!(world.rows("ledger@1"), world.expected());
    assert_eq!(world.rows("ledger~2@1"), world.expected());
}

#[test]
fn an_accepted_older_projector_builds_its_view_anew_and_a_newer_one_does_so_again() {
    let mut world = World::new(Vec::new());
    let ledger = |version| {
        let mut ledger = reaction("ledger", Kind::Projector);
        ledger.version = version;
        vec![ledger]
    };
    for version in [1, 2] {
        deploy(&mut world, ledger(version), &[], &[]).unwrap();
        world.append("s-1", "Given", "a 1");
        world.run_until_idle();
    }
    assert_eq!(
        deploy(&mut world, ledger(1), &[], &[]),
        Err(vec!["older:ledger".to_owned()])
    );
    // After the loss of the record, the view's generation still tells the version.
    let record = world.checkpoints.borrow_mut().remove("~application");
    assert_eq!(
        deploy(&mut world, ledger(1), &[], &[]),
        Err(vec!["older:ledger".to_owned()])
    );
    world
        .checkpoints
        .borrow_mut()
        .extend(record.map(|it| ("~application".to_owned(), it)));
    deploy(&mut world, ledger(1), &[], &["older:ledger"]).unwrap();
    world.run_until_idle();
    assert_eq!(world.rows("ledger@3"), world.expected());
    deploy(&mut world, ledger(1), &[], &[]).unwrap();
    world.append("s-1", "Given", "a 1");
    world.run_until_idle();
    deploy(&mut world, ledger(2), &[], &[]).unwrap();
    world.run_until_idle();
    assert_eq!(world.rows("ledger@4"), world.expected());
    let active = world.engine().control(&world.reactions[0]).unwrap().active;
    assert_eq!(active, 4);
}

#[test]
fn a_new_reaction_on_a_store_with_history_says_what_it_will_do() {
    let mut world = World::new(Vec::new());
    deploy(&mut world, Vec::new(), &[], &[]).unwrap();
    world.append("s-1", "Given", "a 1");
    let mut late = reaction("late", Kind::Notifier);
    late.from_now = true;
    let both = vec![late, reaction("early", Kind::Notifier)];
    let notices = deploy(&mut world, both, &[], &[]).unwrap();
    assert!(
        notices[0].contains("`late` is new: it starts now"),
        "{notices:?}"
    );
    assert!(
        notices[1].contains("`early` is new: it receives the events of all 1 commits"),
        "{notices:?}"
    );
}
