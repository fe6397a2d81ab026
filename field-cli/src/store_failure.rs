//! What the store's refusals mean to the technician, and what to do about them.

use crate::failure::{Exit, Explain, Told, io_words};
use crate::i18n::{Words, say};
use crate::store::StoreError;

/// What is left to do on a device that forgot everything.
pub(crate) fn wiped(words: &Words, reported: bool) -> Told {
    let told = Told::new("wiped", say!(words, "net-wiped")).exit(Exit::NoAccess);
    let told = if reported { told } else { told.hint(say!(words, "net-wiped-unreported")) };
    told.hint(say!(words, "net-wiped-hint"))
}

impl Explain for StoreError {
    fn explain(&self, words: &Words) -> Told {
        match self {
            Self::NotEnrolled => Told::new("not-enrolled", say!(words, "store-not-enrolled"))
                .exit(Exit::NoAccess)
                .hint(say!(words, "store-not-enrolled-hint")),
            Self::OtherPerson { person, acts } => {
                let what = say!(words, "enrol-other-person", person = person.clone(), acts = (*acts));
                Told::new("other-person", what).exit(Exit::NoAccess).hint(say!(
                    words,
                    "enrol-other-person-hint",
                    person = person.clone()
                ))
            }
            Self::Wiped { reported } => wiped(words, *reported),
            Self::MustEnrolAgain => Told::new("enrol-again", say!(words, "store-enrol-again"))
                .exit(Exit::NoAccess)
                .hint(say!(words, "store-enrol-again-hint")),
            Self::NewerLayout { .. } => {
                Told::new("newer-store", say!(words, "store-newer")).hint(say!(words, "store-newer-hint"))
            }
            Self::Copied { belongs_to } => {
                let place = match belongs_to {
                    Some(path) => path.display().to_string(),
                    None => say!(words, "store-another-machine"),
                };
                Told::new("store-copied", say!(words, "store-copied", place = place))
                    .hint(say!(words, "store-copied-hint"))
            }
            Self::Restored { .. } => Told::new("store-restored", say!(words, "store-restored"))
                .hint(say!(words, "store-restored-hint")),
            Self::UnknownVisit { .. } => Told::new("visit-unknown", say!(words, "store-unknown-visit"))
                .hint(say!(words, "visit-unknown-hint")),
            Self::Key { path } => {
                Told::new("key-missing", say!(words, "store-key", file = path.display().to_string()))
                    .hint(say!(words, "store-doctor-hint"))
            }
            Self::DiskFull => Told::new("disk-full", say!(words, "store-disk-full"))
                .hint(say!(words, "store-disk-full-hint")),
            Self::ActTooLarge { .. } => {
                Told::new("too-large", say!(words, "store-too-large")).exit(Exit::Usage)
            }
            Self::File { path, source, .. } => {
                let (file, error) = (path.display().to_string(), io_words(words, source));
                Told::new("file", say!(words, "store-file", file = file, error = error))
            }
            Self::DamagedDocument { .. }
            | Self::DamagedRow { .. }
            | Self::UnknownBlob { .. }
            | Self::Database(_) => {
                Told::new("store-damaged", say!(words, "store-damaged", error = self.to_string()))
                    .hint(say!(words, "store-doctor-hint"))
            }
        }
    }
}
