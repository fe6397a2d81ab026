//! Restricted findings: what somebody reports about the conduct of staff. It is sealed where it is written, so that
//! neither the device nor the database of the server can show it; only who holds the server's opening key can.
//!
//! The seal is HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305. It is
//! bound to the person who wrote it; the envelope around it says who that is and proves it. Before the content is
//! sealed it is filled up to a multiple of [`PADDED_TO`] bytes, so that its length tells little.

use crate::ids::{ComplaintId, PersonId, VisitId};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// Version of the sealed form; its first byte.
const FORMAT: u8 = 1;
/// What the key is used for.
const INFO: &[u8] = b"fieldloop restricted finding";
/// Bytes that name the key.
const KEY_NAME_BYTES: usize = 8;
/// Format and name of the key.
const PREFIX_BYTES: usize = 1 + KEY_NAME_BYTES;
/// Bytes of an encapsulated X25519 key.
const ENCAPSULATED_BYTES: usize = 32;

/// The content is filled up to a multiple of this many bytes.
pub const PADDED_TO: usize = 512;
/// Longest report, in characters.
pub const REPORT_CHARS_MAX: usize = 4_000;
/// Longest name of who is meant, in characters.
pub const ACCUSED_CHARS_MAX: usize = 200;

/// What the conduct is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conduct {
    /// Money, gifts or treats were asked for or taken.
    Solicitation,
    /// The customer was put off, harassed or made to pay for what costs nothing.
    Obstruction,
    /// Records were made up or changed.
    Falsification,
    /// Threats, insults, or revenge for a complaint.
    Abuse,
    /// Something else.
    Other,
}

impl Conduct {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Solicitation, Self::Obstruction, Self::Falsification, Self::Abuse, Self::Other];

    /// The word on the wire, in the API and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Solicitation => "solicitation",
            Self::Obstruction => "obstruction",
            Self::Falsification => "falsification",
            Self::Abuse => "abuse",
            Self::Other => "other",
        }
    }

    /// The kind with this word; a word of later times is something else.
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).unwrap_or(Self::Other)
    }
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RestrictedFinding {
    /// Word of the [`Conduct`].
    #[n(0)]
    pub conduct: String,
    /// The complaint during which it came out.
    #[n(1)]
    pub complaint: ComplaintId,
    /// The visit, when it was on one.
    #[n(2)]
    pub visit: Option<VisitId>,
    /// Name or staff number of who is meant, when known.
    #[n(3)]
    pub accused: Option<String>,
    /// The report in words.
    #[n(4)]
    pub report: String,
}

/// Why something sealed cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is sealed to a key that is not here.
    #[error("it is sealed to another key")]
    OtherKey,
    /// It is cut, changed, or was not written by the person who sent it.
    #[error("it is damaged, or somebody else wrote it")]
    Damaged,
}

/// The public key that restricted findings are sealed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// Seals `content` for the server, in the name of `author`. `entropy` must be unpredictable and used once.
    pub fn seal(&self, author: PersonId, content: &[u8], entropy: [u8; 32]) -> Vec<u8> {
        let mut sealed = vec![FORMAT];
        sealed.extend(self.name());
        let mut padded = content.to_vec();
        padded.resize(content.len().next_multiple_of(PADDED_TO), 0);
        let key =
            <X25519HkdfSha256 as hpke::Kem>::PublicKey::from_bytes(&self.0).expect("32 bytes are a key");
        let (encapsulated, text) =
            hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                &OpModeS::Base,
                &key,
                INFO,
                &padded,
                &bound_to(&sealed, author),
                &mut Once { entropy, used: false },
            )
            .expect("a key of the right group seals any text");
        sealed.extend(encapsulated.to_bytes());
        sealed.extend(text);
        sealed
    }

    /// First bytes of the key's hash: enough to tell which of few keys it is.
    fn name(&self) -> [u8; KEY_NAME_BYTES] {
        let mut name = [0; KEY_NAME_BYTES];
        name.copy_from_slice(&Sha256::digest(self.0)[..KEY_NAME_BYTES]);
        name
    }
}

impl fmt::Display for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<SealingKey> for String {
    fn from(key: SealingKey) -> Self {
        key.to_string()
    }
}

impl FromStr for SealingKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{:?} is no sealing key: expected 64 hexadecimal digits",
                text.chars().take(64).collect::<String>()
            )
        };
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for SealingKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The private key that opens what was sealed. Never printed.
#[derive(Clone)]
pub struct OpeningKey {
    private: <X25519HkdfSha256 as hpke::Kem>::PrivateKey,
    public: SealingKey,
}

impl OpeningKey {
    /// The key pair of this secret seed (DeriveKeyPair of RFC 9180, section 7.1.3).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let (private, public) = X25519HkdfSha256::derive_keypair(seed);
        Self { private, public: SealingKey(public.to_bytes().into()) }
    }

    /// What others seal to.
    pub fn sealing_key(&self) -> SealingKey {
        self.public
    }

    /// What `author` sealed, with what it was filled up with.
    ///
    /// # Errors
    /// When it is sealed to another key, was changed, or was written by somebody else.
    pub fn open(&self, author: PersonId, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let damaged = |_| OpenError::Damaged;
        let (prefix, rest) = sealed.split_at_checked(PREFIX_BYTES).ok_or(OpenError::Damaged)?;
        let (encapsulated, text) = rest.split_at_checked(ENCAPSULATED_BYTES).ok_or(OpenError::Damaged)?;
        if prefix[0] != FORMAT || prefix[1..] != self.public.name() {
            return Err(OpenError::OtherKey);
        }
        let encapsulated =
            <X25519HkdfSha256 as hpke::Kem>::EncappedKey::from_bytes(encapsulated).map_err(damaged)?;
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private,
            &encapsulated,
            INFO,
            text,
            &bound_to(prefix, author),
        )
        .map_err(damaged)
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpeningKey(public {})", self.public)
    }
}

impl RestrictedFinding {
    /// Seals the report for the server.
    pub fn seal(&self, key: &SealingKey, author: PersonId, entropy: [u8; 32]) -> Vec<u8> {
        key.seal(author, &minicbor::to_vec(self).expect("encoding into memory cannot fail"), entropy)
    }

    /// The report that `author` sealed.
    ///
    /// # Errors
    /// As [`OpeningKey::open`], and when the content is no report.
    pub fn open(key: &OpeningKey, author: PersonId, sealed: &[u8]) -> Result<Self, OpenError> {
        // What follows the report is what it was filled up with.
        minicbor::decode(&key.open(author, sealed)?).map_err(|_| OpenError::Damaged)
    }
}

/// What the seal covers besides the content.
fn bound_to(prefix: &[u8], author: PersonId) -> Vec<u8> {
    [prefix, author.as_bytes()].concat()
}

/// Gives out the caller's entropy: this crate has no random generator of its own.
struct Once {
    entropy: [u8; 32],
    used: bool,
}

impl TryRng for Once {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, wanted: &mut [u8]) -> Result<(), Infallible> {
        assert!(!self.used && wanted.len() <= self.entropy.len(), "one ephemeral key takes 32 bytes once");
        self.used = true;
        wanted.copy_from_slice(&self.entropy[..wanted.len()]);
        Ok(())
    }
}

impl TryCryptoRng for Once {}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(report: &str) -> RestrictedFinding {
        RestrictedFinding {
            conduct: Conduct::Solicitation.as_str().to_owned(),
            complaint: ComplaintId::from_bytes([7; 16]),
            visit: None,
            accused: Some("王强".to_owned()),
            report: report.to_owned(),
        }
    }

    const AUTHOR: PersonId = PersonId::from_bytes([3; 16]);

    #[test]
    fn only_the_key_opens_what_was_sealed_and_only_in_the_name_of_its_author() {
        let key = OpeningKey::from_seed(&[1; 32]);
        let sealed = finding("asked for 200 yuan").seal(&key.sealing_key(), AUTHOR, [9; 32]);
        assert_eq!(RestrictedFinding::open(&key, AUTHOR, &sealed), Ok(finding("asked for 200 yuan")));
        let other = OpeningKey::from_seed(&[2; 32]);
        assert_eq!(RestrictedFinding::open(&other, AUTHOR, &sealed), Err(OpenError::OtherKey));
        let somebody = PersonId::from_bytes([4; 16]);
        assert_eq!(RestrictedFinding::open(&key, somebody, &sealed), Err(OpenError::Damaged));
    }

    #[test]
    fn every_flipped_or_missing_byte_is_noticed() {
        let key = OpeningKey::from_seed(&[1; 32]);
        let sealed = finding("x").seal(&key.sealing_key(), AUTHOR, [9; 32]);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(RestrictedFinding::open(&key, AUTHOR, &changed).is_err(), "byte {at}");
            assert!(RestrictedFinding::open(&key, AUTHOR, &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn short_reports_have_one_length() {
        let key = OpeningKey::from_seed(&[1; 32]).sealing_key();
        let lengths =
            ["", "a", "用户称抄表员多次索要烟酒"].map(|text| finding(text).seal(&key, AUTHOR, [9; 32]).len());
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
        let long = finding(&"长".repeat(REPORT_CHARS_MAX)).seal(&key, AUTHOR, [9; 32]);
        assert!(long.len() < 4 * REPORT_CHARS_MAX, "{}", long.len());
    }

    #[test]
    fn the_sealed_form_is_kept() {
        // Known answer: what was sealed once must be readable for ever.
        let key = OpeningKey::from_seed(&[1; 32]);
        let sealed = finding("kept").seal(&key.sealing_key(), AUTHOR, [9; 32]);
        let digest = Sha256::digest(&sealed).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            (key.sealing_key().to_string().as_str(), digest.as_str()),
            (
                "41852320ff367495fa522c94cb83af391e4e89018392725bbf2098dd931bc424",
                "b451559a67b215a400bfc243603740fb94edf5047bf5cb804809e5ff5927550d",
            )
        );
    }

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        let key = OpeningKey::from_seed(&[5; 32]).sealing_key();
        assert_eq!(key.to_string().parse(), Ok(key));
        for wrong in ["", "00", &"g".repeat(64), &"长".repeat(22)] {
            assert!(wrong.parse::<SealingKey>().is_err(), "{wrong}");
        }
    }
}
