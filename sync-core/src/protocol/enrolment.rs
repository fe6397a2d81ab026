//! How a device gets its identity: one JSON request, one JSON answer.

use crate::ids::{DeviceId, EnvelopeHash, PersonId, ServerId};
use crate::log::PublicKey;
use serde::{Deserialize, Serialize};

/// Body of `POST /v1/enrolments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentRequest {
    /// The one-time secret from the invitation: the link's part after `#`, or the short typed code.
    pub code: String,
    /// The key the device made for itself in lower-case hexadecimal: 32 bytes of Ed25519 or 33 bytes of P-256,
    /// compressed.
    pub public_key: String,
    /// Signature over [`enrolment_proof_input`], 64 bytes in lower-case hexadecimal.
    pub proof: String,
    /// What the owner calls the device.
    pub label: String,
    /// Version of the client.
    pub app_version: String,
    /// Whose acts lie on the device and in no record yet: an invitation for somebody else is refused and stays good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<PersonId>,
    /// The identity that a server said not to know: one that lost it in a restore takes the device back under it, with
    /// the same key, so that its log goes on where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<EarlierIdentity>,
}

/// Under which identity a device was enrolled, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierIdentity {
    /// The installation.
    pub server_id: ServerId,
    /// The device.
    pub device_id: DeviceId,
}

/// Answer to an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentAnswer {
    /// The new identity.
    pub device_id: DeviceId,
    /// Short name for people, for example `dev-07`.
    pub device_name: String,
    /// The installation.
    pub server_id: ServerId,
    /// Its present history.
    pub epoch: u64,
    /// The key that signs the office log of this epoch, 32 bytes in lower-case hexadecimal.
    pub office_key: String,
    /// The server's clock, Unix milliseconds.
    pub server_time_ms: i64,
    /// The person the invitation was made for.
    pub person_id: PersonId,
    /// That person's name, for the screen of the device.
    pub person_name: String,
    /// That person's staff number.
    pub staff_no: String,
    /// Envelopes of the person's earlier devices that lay in escrow and were taken up into the record: a device that
    /// has them must not say them again.
    #[serde(default)]
    pub taken_up: Vec<EnvelopeHash>,
}

/// The bytes a device signs to prove that it holds the key it enrols.
pub fn enrolment_proof_input(code: &str, key: &PublicKey) -> Vec<u8> {
    let mut input = b"fieldloop/enrolment/v1\0".to_vec();
    input.extend_from_slice(key.as_bytes());
    input.extend_from_slice(code.as_bytes());
    input
}
