//! The two forms of an invitation: a secret of 128 bits in a link or QR, and a code that can be typed.
//!
//! A code is twelve Crockford characters in groups of four: four that find the invitation, seven that are secret
//! (35 bits, five tries), and a check character that catches a mistyped one before it costs a try.

use crate::clock::Entropy;
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code without groups.
const LENGTH: usize = 12;
/// Characters that find the invitation.
const HANDLE: usize = 4;

/// A typed code in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypedCode(String);

impl TypedCode {
    /// A new random code.
    pub(super) fn generate(entropy: &Entropy) -> Self {
        let values: Vec<u8> = entropy.bytes::<{ LENGTH - 1 }>().iter().map(|byte| byte % 32).collect();
        let check = check_value(&values);
        let symbol = |value: &u8| char::from(ALPHABET[usize::from(*value)]);
        Self(values.iter().chain([&check]).map(symbol).collect())
    }

    /// Reads what was typed: case, groups, and O for 0, I and L for 1 do not matter.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut symbols = String::with_capacity(LENGTH);
        for c in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            symbols.push(c);
            if symbols.len() > LENGTH {
                return None;
            }
        }
        let values: Option<Vec<u8>> = symbols.bytes().map(value_of).collect();
        let values = values.filter(|values| values.len() == LENGTH)?;
        let (check, rest) = values.split_last()?;
        (check_value(rest) == *check).then_some(Self(symbols))
    }

    /// What finds the invitation.
    pub(super) fn handle(&self) -> &str {
        &self.0[..HANDLE]
    }

    /// What is stored of the code.
    pub(super) fn sha256(&self) -> String {
        hash(&self.0)
    }

    /// As it is read out and typed.
    pub(super) fn grouped(&self) -> String {
        format!("{}-{}-{}", &self.0[..4], &self.0[4..8], &self.0[8..])
    }
}

/// A new secret for a link: 32 hexadecimal digits.
pub(super) fn generate_secret(entropy: &Entropy) -> String {
    data_encoding::HEXLOWER.encode(&entropy.bytes::<16>())
}

/// What is stored of a secret.
pub(super) fn hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

fn value_of(symbol: u8) -> Option<u8> {
    let at = ALPHABET.iter().position(|known| *known == symbol)?;
    u8::try_from(at).ok()
}

/// Luhn's method with 32 symbols: notices every single wrong character and nearly every swapped pair.
fn check_value(values: &[u8]) -> u8 {
    let mut sum = 0_u32;
    for (place, value) in values.iter().rev().enumerate() {
        let factor = if place % 2 == 0 { 2 } else { 1 };
        let product = u32::from(*value) * factor;
        sum += product / 32 + product % 32;
    }
    u8::try_from((32 - sum % 32) % 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = TypedCode::generate(&Entropy::seeded(3));
        let grouped = code.grouped();
        assert_eq!(grouped.len(), 14);
        for typed in
            [grouped.clone(), grouped.to_lowercase(), grouped.replace('-', " "), grouped.replace('-', "")]
        {
            assert_eq!(TypedCode::parse(&typed), Some(code.clone()), "{typed}");
        }
        assert_eq!(TypedCode::parse(&grouped.replace('0', "O").replace('1', "l")), Some(code));
    }

    #[test]
    fn every_single_wrong_character_is_noticed() {
        let code = TypedCode::generate(&Entropy::seeded(4)).0;
        for at in 0..LENGTH {
            for symbol in ALPHABET {
                let mut wrong = code.clone().into_bytes();
                wrong[at] = *symbol;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(TypedCode::parse(&wrong).is_some(), wrong == code, "{wrong}");
            }
        }
    }

    #[test]
    fn other_texts_are_no_codes() {
        let secret = generate_secret(&Entropy::System);
        for text in ["", "ABCD", "7Q4K-9XGM-2R5T-7Q4K", "电电电电电电电电电电电电", secret.as_str()]
        {
            assert_eq!(TypedCode::parse(text), None, "{text}");
        }
    }
}
