//! Encryption of one value: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). A sealed value is the nonce, the
//! ciphertext, and the tag; the slot's key is authenticated with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

/// Bytes of a nonce. So many that random ones never meet.
pub const NONCE: usize = 24;

/// A key.
pub struct Seal(XChaCha20Poly1305);

impl Seal {
    /// Reads a key of 32 bytes in base64.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn new(key: &str) -> Result<Self, String> {
        let bytes = STANDARD
            .decode(key.trim())
            .map_err(|error| format!("is not base64: {error}"))?;
        XChaCha20Poly1305::new_from_slice(&bytes)
            .map(Self)
            .map_err(|_| format!("has {} bytes, and a key has 32", bytes.len()))
    }

    /// Seals a value for a slot; nothing if that is impossible.
    pub fn close(&self, slot: &str, nonce: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        if nonce.len() != NONCE {
            return None;
        }
        let payload = Payload {
            msg: value,
            aad: slot.as_bytes(),
        };
        let sealed = self.0.encrypt(XNonce::from_slice(nonce), payload).ok()?;
        Some([nonce, &sealed].concat())
    }

    /// Opens what was sealed for a slot; nothing if it was not, or not so, or by another key.
    pub fn open(&self, slot: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let payload = Payload {
            msg: sealed,
            aad: slot.as_bytes(),
        };
        self.0.decrypt(XNonce::from_slice(nonce), payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(byte: u8) -> Seal {
        Seal::new(&STANDARD.encode([byte; 32])).expect("a key")
    }

    #[test]
    fn only_the_key_and_the_slot_open_what_was_sealed() {
        let sealed = seal(1)
            .close("s.1", &[7; NONCE], b"owner: Ada")
            .expect("sealed");
        assert!(!sealed.windows(3).any(|bytes| bytes == b"Ada"));
        assert_eq!(
            seal(1).open("s.1", &sealed).as_deref(),
            Some(&b"owner: Ada"[..])
        );
        assert_eq!(seal(2).open("s.1", &sealed), None);
        assert_eq!(seal(1).open("s.2", &sealed), None);
        for changed in 0..sealed.len() {
            let mut sealed = sealed.clone();
            sealed[changed] ^= 1;
            assert_eq!(seal(1).open("s.1", &sealed), None, "byte {changed}");
        }
        assert_eq!(seal(1).open("s.1", &sealed[..10]), None);
    }

    #[test]
    fn a_key_has_32_bytes() {
        assert!(Seal::new("AAAA").is_err_and(|why| why.contains("3 bytes")));
        assert!(Seal::new("no base64!").is_err());
    }
}
