//! The context of a decision: its only inputs besides state and command.

use std::convert::Infallible;

use rand_core::TryRng;

/// The facts that a decision may use besides its state and its command.
///
/// The framework supplies time and randomness, so that a repeated decision sees the same values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Time of the decision in milliseconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// 64 bits of randomness, fixed for one decision. See [`Context::random`].
    pub seed: u64,
    /// The id of the command. Commands with the same id take effect once.
    pub command_id: String,
    /// The actor: the user or system that requested the change, as the command's sender named it.
    pub actor: Option<String>,
    /// CloudEvents extension attributes that came with the command: names and values.
    pub extensions: Vec<(String, String)>,
}

impl Context {
    /// Returns the random numbers of this decision. Each call returns the same sequence.
    #[must_use]
    pub fn random(&self) -> Random {
        Random::new(self.seed)
    }
}

/// A sequence of random numbers that its seed determines: `SplitMix64` (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014). It is suitable for ids and random choices, and unsuitable for secrets.
///
/// `Random` implements `Rng` of the crate `rand_core` 0.10 (`RngCore` in earlier versions), so that crates for random
/// choices and distributions accept it:
///
/// ```
/// use annals::Context;
/// use rand_core::Rng;
///
/// fn lot(rng: &mut impl Rng) -> u32 {
///     rng.next_u32() % 6 + 1
/// }
///
/// fn roll(context: &Context) -> u32 {
///     lot(&mut context.random())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from 0 up to, not including, `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Takes the high half of the product (Lemire 2019); the bias is below bound / 2^64.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// Returns an id of 32 hexadecimal digits.
    pub fn id(&mut self) -> String {
        format!("{:016x}{:016x}", self.next_u64(), self.next_u64())
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        // The upper half has the better statistical quality.
        Ok((Random::next_u64(self) >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(Random::next_u64(self))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = Random::next_u64(self).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}
