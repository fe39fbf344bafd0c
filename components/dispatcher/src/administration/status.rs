//! What is to be said of a reaction.

use crate::annals::es::types::StoreError;
use crate::catalogue::Reaction;
use crate::delivery::generations::Generation;
use crate::delivery::progress::Progress;
use crate::delivery::{Engine, Failure, Held, lanes};
use crate::exports::annals::es::administration::{
    DeliveryState, Generation as GenerationStatus, ReactionStatus,
};
use crate::ports::Ports;

/// Positions of one commit: see `event-log`.
const PER_COMMIT: u64 = 1_024;

impl<P: Ports> Engine<'_, P> {
    pub(crate) fn status(
        &self,
        reaction: &Reaction,
        parked: u32,
    ) -> Result<ReactionStatus, StoreError> {
        let control = self.control(reaction)?;
        let end = self.ports.log_end()?;
        let mut generations = Vec::new();
        let mut ailing: Option<Progress> = None;
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
                lag = (end / PER_COMMIT).saturating_sub(at / PER_COMMIT);
            }
            if !generation.retired {
                ailing = ailing.or(worst);
            }
        }
        let served = control.served_by(reaction);
        let behind = served.is_empty().then(|| {
            let built = control.answering().map_or(0, |active| active.version);
            let version = reaction.version;
            format!(
                "its view was built by version {built}, and version {version} runs: run the newer version, raise VERSION above it, or rebuild the view with this one (POST /admin/reactions/{}/rebuild)",
                reaction.name
            )
        });
        let state = match &ailing {
            _ if behind.is_some() => DeliveryState::Stopped,
            Some(progress) if progress.stopped => DeliveryState::Stopped,
            Some(_) => DeliveryState::Retrying,
            None if control.building().is_some() => DeliveryState::Rebuilding,
            None => DeliveryState::Running,
        };
        let lost = ailing.as_ref().filter(|ailing| ailing.reason.is_none());
        let reason = lost.map(|_| Failure::NO_ANSWER.to_owned());
        let ailing = ailing.unwrap_or_default();
        Ok(ReactionStatus {
            name: reaction.name.clone(),
            kind: reaction.kind.name().into(),
            position,
            lag,
            state,
            attempts: ailing.tried,
            reason: behind.or(reason).or(ailing.reason),
            retry_at: Some(ailing.retry_at).filter(|at| *at > 0),
            parked,
            generations,
        })
    }

    /// How far a generation is, and what is wrong with it, if anything.
    fn slowest(
        &self,
        reaction: &Reaction,
        generation: &Generation,
    ) -> Result<(u64, Option<Progress>), StoreError> {
        let mut slowest = u64::MAX;
        let mut ailing: Option<Progress> = None;
        for lane in lanes(reaction, generation) {
            let Held {
                position, progress, ..
            } = self.load(&lane)?;
            let position = match progress.tried == 0 && !generation.retired {
                true => self.idle_until(&lane, position)?,
                false => position,
            };
            slowest = slowest.min(position);
            // An attempt that did not come back leaves no reason: its lease has run out, or another attempt has begun.
            let now = self.ports.now();
            let lost = progress.tried > 1 || (progress.tried > 0 && !self.is_taken(&progress, now));
            let fails = progress.stopped || progress.reason.is_some() || lost;
            if fails && ailing.as_ref().is_none_or(|other| !other.stopped) {
                ailing = Some(progress);
            }
        }
        Ok((slowest, ailing))
    }

    /// Lets all lanes try at once what they wait for.
    pub(super) fn resume(&self, reaction: &Reaction) -> Result<(), StoreError> {
        let control = self.control(reaction)?;
        for generation in control.served_by(reaction) {
            for lane in lanes(reaction, &generation) {
                self.unstop(&lane)?;
            }
        }
        Ok(())
    }
}
