//! New generations beside existing ones.

use super::world::{Answer, Mishap, World, reaction};
use crate::catalogue::Kind;
use crate::delivery::generations::{Control, MAX_REPLACED};

fn world(version: u32) -> World {
    let mut ledger = reaction("ledger", Kind::Projector);
    ledger.version = version;
    World::new(vec![ledger])
}

/// The same world, deployed with another version.
fn deploy(mut world: World, version: u32) -> World {
    world.reactions[0].version = version;
    world
}

fn active(world: &World) -> u32 {
    world.engine().control(&world.reactions[0]).unwrap().active
}

#[test]
fn a_raised_version_is_built_beside_the_one_that_answers() {
    let world = world(1);
    for number in 0..300 {
        world.append("s-1", "Given", &format!("a{number} 1"));
    }
    world.run_until_idle();
    let world = deploy(world, 2);
    let engine = world.engine();
    let control = engine.control(&world.reactions[0]).unwrap();
    assert_eq!((control.active, control.building().unwrap().number), (1, 2));
    assert_eq!(world.rows("ledger@1").len(), 300, "the old one answers");
    world.run_until_idle();
    assert_eq!(active(&world), 2);
    assert_eq!(world.rows("ledger@2"), world.expected());
}

#[test]
fn a_generation_answers_only_when_it_has_caught_up() {
    let world = world(1);
    for number in 0..700 {
        world.append("s-1", "Given", &format!("a{number} 1"));
    }
    world.run_until_idle();
    let world = deploy(world, 2);
    let mut rounds = 0;
    while active(&world) == 1 {
        rounds += 1;
        world.engine().pump(None, 100).unwrap();
    }
    assert!(rounds > 3, "{rounds}");
    assert_eq!(world.rows("ledger@2"), world.expected());
}

#[test]
fn an_older_deployment_undoes_nothing() {
    let world = deploy(world(1), 2);
    world.append("s-1", "Given", "a 1");
    world.run_until_idle();
    let world = deploy(world, 1);
    world.append("s-1", "Given", "a 1");
    world.run_until_idle();
    assert_eq!(active(&world), 1, "only version 2 was ever deployed here");
    assert_eq!(
        world.rows("ledger@1")["a"],
        "1",
        "and the older one leaves it alone"
    );
}

#[test]
fn the_old_code_goes_on_with_its_generation_until_the_switch() {
    let world = world(1);
    world.append("s-1", "Given", "a 1");
    world.run_until_idle();
    let world = deploy(world, 2);
    world.engine().control(&world.reactions[0]).unwrap();
    let world = deploy(world, 1);
    world.append("s-1", "Given", "a 1");
    world.run_until_idle();
    assert_eq!(
        (active(&world), world.rows("ledger@1")["a"].as_str()),
        (1, "2")
    );
    let world = deploy(world, 2);
    world.run_until_idle();
    assert_eq!(
        (active(&world), world.rows("ledger@2")["a"].as_str()),
        (2, "2")
    );
}

#[test]
fn a_rebuild_by_hand_takes_parked_events_anew() {
    let world = world(1);
    world.append("s-1", "Given", "bad 1");
    world.append("s-1", "Given", "bad 2");
    world
        .answers
        .borrow_mut()
        .insert("bad 1".into(), Answer::Fault);
    world.run_until_idle();
    assert_eq!(world.rows("ledger@1")["bad"], "2");
    world.answers.borrow_mut().clear();
    let number = world
        .engine()
        .begin_generation(&world.reactions[0])
        .unwrap();
    assert_eq!(number, Some(2));
    world.run_until_idle();
    assert_eq!(active(&world), 2);
    assert_eq!(world.rows("ledger@2"), world.expected());
    let replaced = world.rows("ledger@1");
    world.append("s-1", "Given", "a 1");
    world.run_until_idle();
    assert_eq!(world.rows("ledger@1"), replaced, "nobody delivers to it");
    assert_eq!(world.rows("ledger@2"), world.expected());
}

#[test]
fn when_a_reaction_starts_is_decided_once() {
    for call in 1.. {
        let mut world = World::new(vec![reaction("mailer", Kind::Notifier)]);
        world.reactions[0].from_now = true;
        world.append("s-1", "Given", "a 1");
        world.arm(call, Mishap::Append);
        world.pump();
        if world.disarm() {
            assert!(call > 5);
            break;
        }
        world.run_until_idle();
        let control = world.engine().control(&world.reactions[0]).unwrap();
        let positions: Vec<u64> = world.notified.borrow().iter().map(|(at, _)| *at).collect();
        let after: Vec<u64> = [1024, 2048]
            .into_iter()
            .filter(|at| *at > control.generations[0].from)
            .collect();
        assert_eq!(positions, after, "appended at call {call}");
    }
}

#[test]
fn a_mishap_anywhere_in_a_rebuild_changes_nothing() {
    for mishap in [Mishap::DieBefore, Mishap::DieAfter, Mishap::Pause] {
        for call in 1.. {
            let world = world(1);
            world.append("s-1", "Given", "a 10");
            world.append("s-1", "Moved", "a b 7");
            world.run_until_idle();
            let world = deploy(world, 2);
            world.append("s-1", "Moved", "b c 5");
            world.arm(call, mishap);
            world.pump();
            if world.disarm() {
                assert!(call > 10);
                break;
            }
            world.run_until_idle();
            assert_eq!(active(&world), 2, "{mishap:?} at call {call}");
            assert_eq!(
                world.rows("ledger@2"),
                world.expected(),
                "{mishap:?} at call {call}"
            );
        }
    }
}

#[test]
fn another_number_of_partitions_skips_nothing() {
    let world = World::new(vec![reaction("mailer", Kind::Notifier)]);
    for number in 0..20 {
        world.append(
            &format!("s-{}", number % 5),
            "Given",
            &format!("a {number}"),
        );
    }
    world.run_until_idle();
    let mut world = world;
    world.reactions[0].partitions = 3;
    for number in 20..40 {
        world.append(
            &format!("s-{}", number % 5),
            "Given",
            &format!("a {number}"),
        );
    }
    world.run_until_idle();
    let mut positions: Vec<u64> = world.notified.borrow().iter().map(|(at, _)| *at).collect();
    positions.sort_unstable();
    let all: Vec<u64> = (1..=40).map(|slot| slot * 1024).collect();
    assert_eq!(positions, all);
}

#[test]
fn a_loop_of_rebuilds_ends_until_what_was_replaced_is_dropped() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Given", "a 1");
    world.run_until_idle();
    let begin = || {
        world
            .engine()
            .begin_generation(&world.reactions[0])
            .unwrap()
    };
    let mut begun = Vec::new();
    while let Some(number) = begin() {
        assert_eq!(begin(), Some(number), "one is built at a time");
        begun.push(number);
        assert!(begun.len() < 100, "{begun:?}");
        world.run_until_idle();
    }
    assert_eq!(begun.len(), MAX_REPLACED);
    assert_eq!(active(&world), *begun.last().expect("a generation"));
    let drop_first = |control: &mut Control| {
        control.generations.remove(0);
        Some(())
    };
    let engine = world.engine();
    engine
        .change_control(&world.reactions[0], drop_first)
        .unwrap();
    assert!(begin().is_some(), "there is room again");
}
