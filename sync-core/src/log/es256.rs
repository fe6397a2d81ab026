//! Envelopes of devices whose keystore knows P-256 only.

use super::{Algorithm, Body, BodyKind, Command, Envelope, HEADER_FORMAT, Header, PublicKey, SealParts};
use super::{SigningKey, cose};
use crate::ids::{CommandId, DeviceId, EnvelopeHash, PersonId, ServerId};
use crate::protocol::WireContext;
use crate::testing::KeystoreKey;
use crate::time::Timestamp;

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let bytes = (0..N).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap());
    bytes.collect::<Vec<_>>().try_into().unwrap()
}

/// The key, the message "sample" and its signature of RFC 6979, A.2.5; its `s` is the higher one.
const X: &str = "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6";
const R: &str = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716";
const S_HIGHER: &str = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
/// The order of the curve less the above.
const S_LOWER: &str = "0834E36AD29A83BF2BC9385E491D6099C8FDF9D1ED67AA7EA5F51F93782857A9";

#[test]
fn one_of_the_two_spellings_of_a_signature_is_accepted() {
    let key = PublicKey::from_bytes(&hex::<33>(&format!("03{X}"))).unwrap();
    assert_eq!(key.algorithm(), Algorithm::Es256);
    assert!(key.verifies(b"sample", &hex(&format!("{R}{S_LOWER}"))));
    assert!(!key.verifies(b"sample", &hex(&format!("{R}{S_HIGHER}"))), "the other spelling");
    let (lower, higher) = (hex(&format!("{R}{S_LOWER}")), hex(&format!("{R}{S_HIGHER}")));
    assert_eq!((key.lower_spelling(higher), key.lower_spelling(lower)), (lower, lower));
    assert_eq!(key.lower_spelling([0; 64]), [0; 64], "no signature at all");
    assert!(!key.verifies(b"simple", &hex(&format!("{R}{S_LOWER}"))));
    assert!(!key.verifies(b"sample", &[0; 64]));
    let other = PublicKey::from_bytes(&hex::<33>(&format!("02{X}"))).unwrap();
    assert!(!other.verifies(b"sample", &hex(&format!("{R}{S_LOWER}"))));
}

#[test]
fn what_is_no_point_is_no_key() {
    for bytes in [&[0; 33][..], &[2; 32], &hex::<33>(&format!("04{X}")), &[3; 65], &[]] {
        assert!(PublicKey::from_bytes(bytes).is_err(), "{bytes:02x?}");
    }
}

fn parts(body: &Body) -> SealParts<'_> {
    let header = Header {
        format: HEADER_FORMAT,
        server: ServerId::from_bytes([1; 16]),
        epoch: 1,
        device: DeviceId::from_bytes([2; 16]),
        sequence: 1,
        previous: EnvelopeHash::NONE,
        person: PersonId::from_bytes([3; 16]),
        claimed_at: Timestamp::from_unix_ms(1_795_300_000_000),
        monotonic_ms: 1,
        boot: [4; 8],
        utc_offset_min: 480,
        log_index_known: 0,
        server_time_known: Timestamp::from_unix_ms(0),
        kind: BodyKind::Command,
        visit: None,
        commitment: [0; 32],
    };
    SealParts { header, body, salt: [6; 16] }
}

#[test]
fn its_envelopes_are_stored_sent_and_checked_like_all_others() {
    let key = KeystoreKey::from_secret(&[7; 32]);
    let command = Command { id: CommandId::from_bytes([8; 16]), request: b"a request".to_vec().into() };
    let body = Body::Command(command);
    let envelope = Envelope::seal_with(parts(&body), Algorithm::Es256, |input| key.sign(input));
    assert!(envelope.is_signed_by(&key.public()));
    assert!(!envelope.is_signed_by(&SigningKey::from_seed(&[7; 32]).public()));
    let opened = Envelope::open(envelope.cose(), *envelope.salt(), envelope.body_bytes().to_vec());
    assert_eq!(opened.as_ref(), Ok(&envelope));

    let (server, device) = (envelope.header().server, envelope.header().device);
    let wire = minicbor::to_vec(WireContext::upload(server, device).pack(&envelope)).unwrap();
    let arrived = WireContext::upload(server, device).unpack(minicbor::decode(&wire).unwrap()).unwrap();
    assert_eq!(arrived, envelope);
    assert!(arrived.is_signed_by(&key.public()));
}

#[test]
fn an_algorithm_that_the_key_is_not_for_is_refused() {
    let key = SigningKey::from_seed(&[7; 32]);
    let body = Body::Command(Command { id: CommandId::from_bytes([8; 16]), request: vec![].into() });
    let mislabelled = Envelope::seal_with(parts(&body), Algorithm::Es256, |input| key.sign(input));
    assert!(!mislabelled.is_signed_by(&key.public()));
    let mut unknown = mislabelled.cose().to_vec();
    let at = unknown.iter().position(|byte| *byte == 0x26).unwrap();
    unknown[at] = 0x25;
    assert!(cose::decode(&unknown).is_none(), "ES256K is not ours");
}
