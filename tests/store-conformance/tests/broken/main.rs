//! Stores with deliberate defects: the suite must find each defect by the expected cases.
#![allow(clippy::unwrap_used)]

mod model;
mod store;
mod unsynced;

use annals_event_log::Settings;
use annals_store_conformance::{Native, Report, all, run};
use store::{Broken, Defect};

fn native() -> Broken {
    Broken::new(None, Native::in_memory(Settings::default()))
}

#[test]
fn without_a_defect_every_case_passes() {
    let report = run(&native(), "");
    assert!(report.failed().is_empty(), "{report}");
}

/// Asserts that these cases are among the failing ones.
fn finds(defect: Defect, expected: &[&str]) {
    for case in expected {
        assert!(all().any(|known| known.name == *case), "no case {case}");
        let broken = Broken::new(Some(defect), Native::in_memory(Settings::default()));
        let report: Report = run(&broken, case);
        assert!(
            report.failed().contains(case),
            "{defect:?} is not found by {case}"
        );
    }
}

/// A test for each defect, with the cases that must find it.
macro_rules! found {
    ($($test:ident: $defect:ident by $cases:expr;)*) => {$(
        #[test]
        fn $test() {
            finds(Defect::$defect, &$cases);
        }
    )*};
}

found! {
    ignored_expectations: IgnoresExpectedVersion by [
        "append.no-stream-on-present-stream", "append.stream-exists-on-absent-stream",
        "append.at-another-version-of-absent-stream", "append.at-a-version-behind",
        "append.at-a-version-ahead", "append.at-the-middle-of-a-commit",
        "append.empty-holds-to-the-precondition", "append.failure-leaves-no-trace",
        "concurrency.at-on-one-stream", "concurrency.no-stream",
    ];
    conflicts_without_the_actual_version: HidesActual by [
        "append.no-stream-on-present-stream", "append.at-a-version-behind",
    ];
    failed_appends_that_leave_something: WritesBeforeChecking by ["append.failure-leaves-no-trace"];
    empty_appends_that_write: WritesOnEmpty by ["append.empty-writes-nothing"];
    lost_events: LosesLastEvent by [
        "append.at-exact-versions", "append.told-as-recorded", "payloads.many-in-one-commit",
    ];
    commits_in_pieces: SplitsCommits by [
        "concurrency.whole-commits", "read.whole-commits-for-folding",
    ];
    reopened_streams: ForgetsThatItIsClosed by [
        "append.to-closed-stream", "append.close-an-absent-stream",
    ];
    unlimited_commits: RaisesTheLimit by ["append.most-events"];
    unknown_streams_that_look_empty: EmptyPageForUnknown by [
        "read.unknown-stream", "append.stream-exists-on-absent-stream",
    ];
    backward_in_forward_order: BackwardIsForward by [
        "read.backward-from-every-version", "long.three-thousand-commits",
    ];
    pages_that_end_too_early: EndsTooEarly by [
        "read.forward-from-every-version", "append.most-events",
    ];
    stale_reads: RemembersReads by ["read.sees-what-was-just-written"];
    streams_that_leak: LeaksStreams by ["read.streams-do-not-leak", "names.look-alikes"];
    names_without_case: IgnoresCase by ["names.look-alikes", "names.every-printable-character"];
    names_that_are_cut: CutsNames by ["names.longest"];
    illegal_names: AcceptsAnyName by ["names.illegal"];
    payloads_as_text: PayloadsAsText by ["payloads.every-byte"];
    payloads_that_are_cut: CutsPayloads by ["payloads.one-mebibyte"];
    nothing_for_empty_text: EmptyIsNothing by ["metadata.as-given"];
    tags_that_are_lost: DropsTags by ["tags.as-given"];
    tags_in_another_order: SortsTags by ["tags.as-given"];
    tags_that_are_left_out: CutsTags by ["tags.limits"];
    extensions_that_are_lost: DropsExtensions by ["metadata.extensions-as-given"];
    extensions_that_are_left_out: CutsExtensions by ["metadata.extension-limits"];
    filters_that_want_all_tags: WantsAllTags by ["log.filter-by-tag"];
    repeated_ids: RepeatsIds by ["ids.unique", "log.agrees-with-streams"];
    clocks_that_go_back: TrustsClocks by ["time.never-goes-back"];
    ignored_filters: IgnoresFilter by [
        "log.filter-by-type", "log.filter-by-category", "log.filter-by-both", "log.filter-by-tag",
    ];
    categories_by_their_beginning: CategoriesByPrefix by ["log.filter-by-category"];
    filters_that_stop: StopsAtFiltered by ["log.filter-that-wants-nothing", "log.filter-in-pages"];
    skipped_events: SkipsInLog by ["log.pages-of-any-size", "log.while-writers-run"];
    repeated_events: RepeatsInLog by ["log.pages-of-any-size", "log.while-writers-run"];
    late_events: LogByStreams by ["log.order-of-appends", "log.while-writers-run"];
    claims_never_remembered: ForgetsClaims by [
        "commands.fresh-pending-done", "commands.again-after-accepted", "commands.other-content",
        "commands.other-stream", "commands.again-after-rejected", "names.command-ids",
        "commands.fresh-for-one-at-most",
    ];
    claims_of_appends_left_out: LeavesClaimsOut by [
        "commands.claimed-with-append", "commands.append-after-claim",
    ];
    claims_of_appends_that_are_not_fresh: ClaimsTwice by [
        "commands.claimed-with-append", "commands.append-after-claim",
    ];
    rejections_never_remembered: ForgetsRejections by [
        "commands.again-after-rejected", "commands.rejection-in-closed-stream",
    ];
    claims_by_id_alone: IgnoresFingerprint by ["commands.other-content"];
    commands_that_append_twice: AppendsTwice by [
        "commands.late-attempt-is-a-conflict",
    ];
    shared_snapshots: SharesSnapshots by ["snapshots.per-decider-and-stream"];
    snapshots_of_other_streams: TrustsSnapshots by ["snapshots.ahead-of-the-stream"];
    snapshots_that_stay: KeepsSnapshots by ["snapshots.deleted"];
    snapshots_without_version: ForgetsStateVersion by ["snapshots.state-version-is-kept"];
    checkpoints_without_revision: IgnoresRevision by ["checkpoints.stale", "checkpoints.race"];
    checkpoints_that_go_back: CheckpointsGoBack by ["checkpoints.never-go-back"];
    states_forgotten: ForgetsStates by [
        "checkpoints.state", "checkpoints.saved-and-loaded", "checkpoints.state-of-the-winner",
    ];
    states_of_those_who_lost: KeepsStaleStates by [
        "checkpoints.state", "checkpoints.state-of-the-winner",
    ];
    states_that_are_cut: CutsStates by ["checkpoints.state"];
    ends_that_stand_still: EndsWhereItWasRead by [
        "log-end.after-every-append", "log-end.while-writers-run",
    ];
    ends_of_ones_own: EndsAtOwnAppends by ["log-end.after-every-append", "crash.log-end"];
    ends_before_the_last_event: EndsBeforeTheLast by [
        "log-end.after-every-append", "crash.log-end",
    ];
    views_that_stay: NeverDrops by ["drop.everything", "crash.drop-goes-on"];
    views_half_dropped: DropsOneBatch by ["drop.everything", "drop.no-more-than-asked"];
    views_dropped_without_limit: DropsAtOnce by ["drop.no-more-than-asked", "crash.drop-goes-on"];
    views_dropped_by_their_beginning: DropsByPrefix by ["drop.other-views-stay"];
    views_dropped_beside_the_key: DropsBesideTheKey by ["drop.other-views-stay"];
    rows_without_comparison: IgnoresSeen by ["rows.stale", "rows.race"];
    rows_that_go_back: RowsGoBack by ["rows.never-go-back"];
    deletions_without_position: HidesDeletions by ["rows.deleted"];
    rows_that_rise_again: ForgetsDeletions by ["rows.deleted", "crash.reactions-are-still-there"];
    scans_out_of_order: ScansOutOfOrder by ["rows.scan-in-order", "rows.scan-many"];
    leaking_prefixes: LeaksPrefixes by ["prefixes.two-worlds", "prefixes.two-worlds-of-reactions"];
    damage_unnoticed: IgnoresDamage by ["snapshots.damaged"];
}

#[test]
fn writes_that_were_not_synced() {
    for case in [
        "crash.everything-is-still-there",
        "crash.same-command-again",
        "crash.no-acknowledged-commit-is-lost",
        "crash.retries-take-effect-once",
    ] {
        let report = run(&unsynced::backend(), case);
        assert_eq!(report.failed(), [case], "{report}");
    }
}
