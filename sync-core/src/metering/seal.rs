//! Seals: where they sit and in which state they were found. One old and one new number are a pair, never
//! one field that is overwritten.

use crate::codes::coded_enum;
use serde::{Deserialize, Serialize};

coded_enum! {
    /// Where a seal sits.
    SealPosition, UnknownSealPosition {
        /// Cover over the terminals.
        TerminalCover => "terminal_cover", "表尾", "Terminal cover";
        /// Cover of the meter itself.
        MeterCover => "meter_cover", "表盖", "Meter cover";
        /// Door of the meter box.
        MeterBox => "meter_box", "计量箱", "Meter box";
        /// Box of the instrument transformers.
        TransformerBox => "transformer_box", "互感器箱", "CT/PT box";
        /// Test block between transformers and meter.
        TestBlock => "test_block", "联合接线盒", "Test block";
    }
}

coded_enum! {
    /// In which state a seal was found or left.
    SealState, UnknownSealState {
        /// In place and whole, number as booked.
        Intact => "intact", "完好", "Intact";
        /// Not there.
        Missing => "missing", "缺失", "Missing";
        /// There, but opened or damaged.
        Broken => "broken", "破损", "Broken";
        /// Another number than booked.
        Mismatch => "mismatch", "编号不符", "Number differs";
        /// Removed and replaced on this visit.
        Replaced => "replaced", "已更换", "Replaced";
    }
}

/// What was found at one position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealRecord {
    /// Where.
    pub position: SealPosition,
    /// State found, or `replaced`.
    pub state: SealState,
    /// Number found; none when the seal is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_found: Option<String>,
    /// Number of the seal put on instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_fitted: Option<String>,
}

/// A seal record that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A replaced seal without the number of the new one.
    #[error("a replaced seal needs the number of the new one")]
    FittedNumberMissing,
    /// A seal that is there but has no number.
    #[error("a seal that is there has a number; type it as found, or choose state missing")]
    FoundNumberMissing,
    /// The same number taken off and put on.
    #[error("the new seal has the number of the old one, {number}")]
    SameNumber {
        /// That number.
        number: String,
    },
}

impl SealRecord {
    /// Whether the state and the numbers fit together.
    ///
    /// # Errors
    /// [`SealError`] says what is missing.
    pub fn check(&self) -> Result<(), SealError> {
        let given =
            |number: &Option<String>| number.as_deref().is_some_and(|number| !number.trim().is_empty());
        if self.state == SealState::Replaced && !given(&self.number_fitted) {
            return Err(SealError::FittedNumberMissing);
        }
        if !matches!(self.state, SealState::Missing | SealState::Replaced) && !given(&self.number_found) {
            return Err(SealError::FoundNumberMissing);
        }
        match (&self.number_found, &self.number_fitted) {
            (Some(found), Some(fitted)) if found.trim() == fitted.trim() => {
                Err(SealError::SameNumber { number: fitted.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Whether somebody has to look into it (疑似窃电).
    pub fn is_suspicious(&self) -> bool {
        matches!(self.state, SealState::Missing | SealState::Broken | SealState::Mismatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Language;

    #[test]
    fn codes_are_read_as_typed_and_travel_as_codes() {
        assert_eq!("Terminal-Cover".parse(), Ok(SealPosition::TerminalCover));
        assert_eq!("ＢＲＯＫＥＮ".parse(), Ok(SealState::Broken));
        assert_eq!(serde_json::to_string(&SealState::Mismatch).unwrap(), "\"mismatch\"");
        assert_eq!(SealPosition::TestBlock.name(Language::Chinese), "联合接线盒");
        let unknown = "melted".parse::<SealState>().unwrap_err().to_string();
        assert_eq!(unknown, "\"melted\" is not one of intact missing broken mismatch replaced");
    }

    #[test]
    fn a_seal_record_fits_together() {
        let seal = |state, found: Option<&str>, fitted: Option<&str>| SealRecord {
            position: SealPosition::MeterBox,
            state,
            number_found: found.map(str::to_owned),
            number_fitted: fitted.map(str::to_owned),
        };
        for (record, outcome) in [
            (seal(SealState::Intact, Some("A1"), None), Ok(())),
            (seal(SealState::Intact, None, None), Err(SealError::FoundNumberMissing)),
            (seal(SealState::Intact, Some(" "), None), Err(SealError::FoundNumberMissing)),
            (seal(SealState::Missing, None, None), Ok(())),
            (seal(SealState::Replaced, Some("A1"), Some("A2")), Ok(())),
            (seal(SealState::Replaced, None, Some("A2")), Ok(())),
            (seal(SealState::Replaced, Some("A1"), None), Err(SealError::FittedNumberMissing)),
            (
                seal(SealState::Replaced, Some("A1"), Some("A1")),
                Err(SealError::SameNumber { number: "A1".into() }),
            ),
        ] {
            assert_eq!(record.check(), outcome, "{record:?}");
        }
        assert!(seal(SealState::Mismatch, Some("B9"), None).is_suspicious());
    }
}
