//! Reports the state of a reaction.

use crate::annals::es::types::StoreError;
use crate::catalogue::Reaction;
use crate::delivery::generations::Generation;
use crate::delivery::progress::Progress;
use crate::delivery::{Engine, Failure, PartitionState, partitions};
use crate::exports::annals::es::administration::{
    DeliveryState, Generation as GenerationStatus, ReactionStatus,
};
use crate::ports::Ports;

/// Number of positions that one commit occupies in the log. Defined by `event-log`.
const POSITIONS_PER_COMMIT: u64 = 1_024;

impl<P: Ports> Engine<'_, P> {
    pub(crate) fn status(
        &self,
        reaction: &Reaction,
        parked: u32,
    ) -> Result<ReactionStatus, StoreError> {
        let control = self.control(reaction)?;
        let end = self.ports.log_end()?;
        let mut generations = Vec::new();
        let mut failing: Option<Progress> = None;
        let mut position = 0;
        let mut lag = 0;
        for generation in &control.generations {
            let (at, worst) = self.slowest(reaction, generation)?;
            let active = generation.number == control.active;
            generations.push(GenerationStatus {
                number: generation.number,
                version: generation.version,
                position: at,
                active,
            });
            if active {
                position = at;
                lag = (end / POSITIONS_PER_COMMIT).saturating_sub(at / POSITIONS_PER_COMMIT);
            }
            if !generation.retired {
                failing = failing.or(worst);
            }
        }
        let served = control.served_by(reaction);
        let behind = served.is_empty().then(|| {
            let built = control.answering().map_or(0, |active| active.version);
            let version = reaction.version;
            format!(
                "version {built} built its view, and version {version} runs: run the newer version, raise VERSION above it, or rebuild the view with this version (POST /admin/reactions/{}/rebuild)",
                reaction.name
            )
        });
        let state = match &failing {
            _ if behind.is_some() => DeliveryState::Stopped,
            Some(progress) if progress.stopped => DeliveryState::Stopped,
            Some(_) => DeliveryState::Retrying,
            None if control.building().is_some() => DeliveryState::Rebuilding,
            None => DeliveryState::Running,
        };
        let lost = failing.as_ref().filter(|failing| failing.reason.is_none());
        let reason = lost.map(|_| Failure::NO_ANSWER.to_owned());
        let failing = failing.unwrap_or_default();
        Ok(ReactionStatus {
            name: reaction.name.clone(),
            kind: reaction.kind.name().into(),
            position,
            lag,
            state,
            attempts: failing.tried,
            reason: behind.or(reason).or(failing.reason),
            retry_at: Some(failing.retry_at).filter(|at| *at > 0),
            parked,
            generations,
        })
    }

    /// The position of the generation's slowest partition, and the progress of a failing partition, if one
    /// fails. A stopped partition takes precedence.
    fn slowest(
        &self,
        reaction: &Reaction,
        generation: &Generation,
    ) -> Result<(u64, Option<Progress>), StoreError> {
        let mut slowest = u64::MAX;
        let mut failing: Option<Progress> = None;
        for partition in partitions(reaction, generation) {
            let PartitionState {
                position, progress, ..
            } = self.load(&partition)?;
            let position = match progress.tried == 0 && !generation.retired {
                true => self.idle_until(&partition, position)?,
                false => position,
            };
            slowest = slowest.min(position);
            // An attempt that never returned has stored no reason. It is recognized by its expired lease, or
            // by the next attempt, which has begun.
            let now = self.ports.now();
            let lost = progress.tried > 1
                || (progress.tried > 0 && !self.is_leased_elsewhere(&progress, now));
            let fails = progress.stopped || progress.reason.is_some() || lost;
            if fails && failing.as_ref().is_none_or(|other| !other.stopped) {
                failing = Some(progress);
            }
        }
        Ok((slowest, failing))
    }

    /// Ends the pauses and stops of all partitions: the next deliverer tries at once.
    pub(super) fn resume(&self, reaction: &Reaction) -> Result<(), StoreError> {
        let control = self.control(reaction)?;
        for generation in control.served_by(reaction) {
            for partition in partitions(reaction, &generation) {
                self.end_pause(&partition)?;
            }
        }
        Ok(())
    }
}
