//! What a refused act on an article looks like to clients.

use super::model::KnowledgeError;
use crate::problem::{self, Problem};

impl From<KnowledgeError> for Problem {
    fn from(error: KnowledgeError) -> Self {
        match error {
            KnowledgeError::Unknown => Self::new(&problem::ARTICLE_UNKNOWN),
            KnowledgeError::State(state) => Self::new(&problem::ARTICLE_STATE).with("state", state),
            KnowledgeError::Own => Self::new(&problem::ARTICLE_OWN),
            KnowledgeError::Invalid { pointer, expected } => Self::invalid_field(pointer, expected),
            KnowledgeError::NamesPeople => Self::new(&problem::CASE_NAMES_PEOPLE),
            KnowledgeError::Changed => Self::new(&problem::PRECONDITION_FAILED),
            KnowledgeError::Store(source) => source.into(),
        }
    }
}
