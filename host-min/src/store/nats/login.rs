//! How the host identifies itself to a server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_eddsa_type;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};

use crate::store::remote::Secrets;

/// Begins the PKCS #8 form of an Ed25519 key, whose seed follows.
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// Length of a seed with the two bytes before it that tell its kind, and the two bytes of its checksum.
const ENCODED_SEED: usize = 36;

/// The identity that the host logs in with. It contains secrets, so it must never be printed.
#[derive(Clone)]
pub enum Login {
    Anonymous,
    Password {
        user: String,
        password: String,
    },
    Token(String),
    /// A JWT, and the seed of the key that it is for.
    Credentials {
        jwt: String,
        seed: [u8; 32],
    },
}

impl Login {
    /// Reads the secrets. A password without a user is a token.
    ///
    /// # Errors
    /// A file cannot be read or has other content.
    pub fn read(user: Option<&str>, secrets: &Secrets) -> Result<Self, String> {
        if let Some(path) = &secrets.credentials_file {
            let named = |reason: &str| format!("--store-creds-file {}: {reason}", path.display());
            let text = std::fs::read_to_string(path).map_err(|error| named(&error.to_string()))?;
            let (Some(jwt), Some(seed)) = (section(&text, "JWT"), section(&text, "SEED")) else {
                return Err(named("the file has no JWT or no seed, as nsc writes them"));
            };
            let seed = self::seed(seed).ok_or_else(|| named("the seed is damaged"))?;
            let jwt = jwt.to_owned();
            return Ok(Self::Credentials { jwt, seed });
        }
        let password = secrets.password(&["ANNALS_STORE_PASSWORD"])?;
        Ok(match (user, password) {
            (None, None) => Self::Anonymous,
            (None, Some(token)) => Self::Token(token),
            (Some(user), password) => Self::Password {
                user: user.to_owned(),
                password: password.unwrap_or_default(),
            },
        })
    }

    /// Adds what proves the identity to the host's first message. `nonce` is from the server.
    ///
    /// # Errors
    /// The server asks for no signature, or the key cannot sign.
    pub fn prove(&self, connect: &mut Value, nonce: &str) -> Result<(), String> {
        match self {
            Self::Anonymous => {}
            Self::Password { user, password } => {
                connect["user"] = json!(user);
                connect["pass"] = json!(password);
            }
            Self::Token(token) => connect["auth_token"] = json!(token),
            Self::Credentials { jwt, seed } => {
                let key = [&PKCS8[..], seed].concat();
                let key = PrivatePkcs8KeyDer::from(key);
                let key = any_eddsa_type(&key).map_err(|error| error.to_string())?;
                let signer = key.choose_scheme(&[SignatureScheme::ED25519]);
                let signer = signer.ok_or("the seed is no key that can sign")?;
                let signature = signer.sign(nonce.as_bytes());
                let signature = signature.map_err(|error| error.to_string())?;
                connect["jwt"] = json!(jwt);
                connect["sig"] = json!(URL_SAFE_NO_PAD.encode(signature));
            }
        }
        Ok(())
    }
}

/// The line after the one that begins a section whose name ends with this word.
fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let begins = |line: &&str| line.starts_with("-----BEGIN ") && line.contains(name);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.find(begins)?;
    lines.next()
}

/// The 32 bytes of a seed, which is written in base 32 with its kind and a checksum.
fn seed(text: &str) -> Option<[u8; 32]> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes() {
        let five = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5 | u32::from(five)) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    let (content, checksum) = bytes.split_last_chunk::<2>()?;
    let fits = bytes.len() == ENCODED_SEED && crc16(content) == u16::from_le_bytes(*checksum);
    // `S` for a seed, in the upper five bits.
    if !fits || content[0] & 0xf8 != 18 << 3 {
        return None;
    }
    content[2..].try_into().ok()
}

/// CRC-16 of XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => crc << 1 ^ 0x1021,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the documentation of NATS's command `nk`.
    const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";

    #[test]
    fn a_seed_is_read_with_its_checksum() {
        assert!(seed(SEED).is_some());
        assert!(seed(&SEED.replace("SSL3", "SSL4")).is_none());
        assert!(seed(&SEED[..50]).is_none() && seed("").is_none());
    }

    #[test]
    fn a_file_of_credentials_proves_the_identity_by_a_signature() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let text = format!(
            "-----BEGIN NATS USER JWT-----\nabc.def\n------END NATS USER JWT------\n\n*****\n\n\
             -----BEGIN USER NKEY SEED-----\n{SEED}\n------END USER NKEY SEED------\n"
        );
        std::fs::write(file.path(), &text).expect("written");
        let secrets = Secrets {
            credentials_file: Some(file.path().to_owned()),
            ..Secrets::default()
        };
        let login = Login::read(None, &secrets).expect("valid");
        let mut connect = json!({});
        login.prove(&mut connect, "nonce").expect("signed");
        assert_eq!(connect["jwt"], "abc.def");
        let signature = connect["sig"].as_str().expect("text");
        assert_eq!(signature.len(), 86);
        std::fs::write(file.path(), "nothing").expect("written");
        let error = Login::read(None, &secrets).err().expect("refused");
        assert!(error.contains("no JWT"), "{error}");
    }
}
