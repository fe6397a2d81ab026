//! What a refused act on a section looks like to clients.

use super::model::SectionError;
use crate::problem::{self, Problem};

impl From<SectionError> for Problem {
    fn from(error: SectionError) -> Self {
        match error {
            SectionError::Unknown => Self::new(&problem::SECTION_UNKNOWN),
            SectionError::State(state) => Self::new(&problem::SECTION_STATE).with("state", state),
            SectionError::Own => Self::new(&problem::SECTION_OWN),
            SectionError::OfAnother => Self::new(&problem::SECTION_OF_ANOTHER),
            SectionError::Invalid { pointer, expected } => Self::invalid_field(pointer, expected),
            SectionError::Changed => Self::new(&problem::PRECONDITION_FAILED),
            SectionError::Complaint(source) => source.into(),
            SectionError::Store(source) => source.into(),
        }
    }
}
