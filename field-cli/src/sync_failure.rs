//! What a failed contact with the server means to the technician, and what to do about it.

use crate::client::{ClientError, Obstacle};
use crate::failure::{Exit, Explain, Told};
use crate::i18n::{Words, say};
use crate::store::{NO_TECHNICIAN, NOT_ENROLLED, StoreError};
use crate::store_failure::wiped;
use crate::sync::SyncError;
use sync_core::replica::PlanError;

impl Explain for ClientError {
    fn explain(&self, words: &Words) -> Told {
        match self {
            Self::Setup { source } => {
                Told::new("setup", say!(words, "net-setup", error = source.to_string()))
            }
            Self::Unreachable { base, connecting: true, obstacle } => {
                let (server, reason) = (host(base), obstacle_words(words, obstacle));
                safe(words, "no-connection", say!(words, "net-unreachable", server = server, reason = reason))
            }
            Self::Unreachable { base, connecting: false, obstacle } => {
                let (server, reason) = (host(base), obstacle_words(words, obstacle));
                safe(words, "connection-broke", say!(words, "net-broke", server = server, reason = reason))
            }
            Self::Silent { base } => safe(words, "no-answer", say!(words, "net-silent", server = host(base))),
            Self::NotFieldloop { base } => {
                safe(words, "not-fieldloop", say!(words, "net-stranger", server = host(base)))
                    .hint(say!(words, "net-stranger-hint"))
            }
            Self::Busy { .. } => safe(words, "busy", say!(words, "net-busy")),
            Self::Refused { problem } if problem.code == "device-revoked" => revoked(words),
            Self::Refused { problem } if problem.code == "device-suspended" => {
                Told::new("device-suspended", say!(words, "net-suspended"))
                    .exit(Exit::NoAccess)
                    .hint(say!(words, "net-safe"))
                    .hint(say!(words, "net-suspended-hint"))
            }
            Self::Refused { problem } if problem.code == NO_TECHNICIAN => {
                Told::new(NO_TECHNICIAN, say!(words, "net-no-technician"))
                    .exit(Exit::NoAccess)
                    .hint(say!(words, "net-safe"))
                    .hint(say!(words, "net-no-technician-hint"))
            }
            Self::Refused { problem } if problem.code == NOT_ENROLLED => {
                Told::new("refused", say!(words, "net-forgotten"))
                    .exit(Exit::NoAccess)
                    .hint(say!(words, "net-safe"))
                    .hint(say!(words, "net-forgotten-hint"))
            }
            Self::Refused { problem } => {
                Told::new("refused", say!(words, "net-refused", reason = problem.title.clone()))
                    .exit(Exit::NoAccess)
                    .hint(say!(words, "net-safe"))
                    .hint(say!(words, "store-not-enrolled-hint"))
            }
            Self::Problem { problem } if problem.status >= 500 => {
                safe(words, "server-failed", say!(words, "net-server-failed", reason = problem.title.clone()))
            }
            Self::Problem { problem } => {
                let told = Told::new("server-refused", problem.title.clone());
                let told =
                    if problem.code == "invitation-invalid" { told.exit(Exit::NoAccess) } else { told };
                if problem.detail.is_empty() { told } else { told.hint(problem.detail.clone()) }
            }
        }
    }
}

impl Explain for SyncError {
    fn explain(&self, words: &Words) -> Told {
        match self {
            // What was recorded was saved before; only what came, or the note that it came, found no room.
            Self::Store(StoreError::DiskFull) => Told::new("disk-full", say!(words, "net-disk-full"))
                .hint(say!(words, "net-safe"))
                .hint(say!(words, "net-disk-full-hint")),
            Self::NotKept => Told::new("disk-full", say!(words, "net-not-kept"))
                .exit(Exit::Partly)
                .hint(say!(words, "net-disk-full-hint")),
            Self::Store(error) => error.explain(words),
            Self::Client(error) => error.explain(words),
            Self::Answer(PlanError::OtherServer { .. }) => {
                Told::new("other-server", say!(words, "net-other-server"))
                    .exit(Exit::NoAccess)
                    .hint(say!(words, "net-safe"))
            }
            Self::Answer(_) => safe(words, "answer-unreadable", say!(words, "net-unreadable")),
            Self::Stuck => Told::new("stuck", say!(words, "net-stuck"))
                .exit(Exit::Partly)
                .hint(say!(words, "net-safe"))
                .hint(say!(words, "store-doctor-hint")),
            Self::Revoked => revoked(words),
            Self::MustEnrolAgain => Told::new("enrol-again", say!(words, "store-enrol-again"))
                .exit(Exit::NoAccess)
                .hint(say!(words, "store-enrol-again-hint")),
            Self::Wiped { reported } => wiped(words, *reported),
            Self::WipeWaits => Told::new("wipe-waits", say!(words, "net-wipe-waits"))
                .exit(Exit::NoAccess)
                .hint(say!(words, "net-wipe-waits-hint")),
            Self::Running => Told::new("sync-running", say!(words, "net-running")),
        }
    }
}

fn obstacle_words(words: &Words, obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::NoNetwork => say!(words, "obstacle-no-network"),
        Obstacle::NameUnknown => say!(words, "obstacle-name-unknown"),
        Obstacle::NothingListens => say!(words, "obstacle-nothing-listens"),
        Obstacle::TimedOut => say!(words, "obstacle-timed-out"),
        Obstacle::Cut => say!(words, "obstacle-cut"),
        Obstacle::Certificate { said } => say!(words, "obstacle-certificate", error = said.clone()),
        Obstacle::Unencrypted => say!(words, "obstacle-unencrypted"),
        Obstacle::Other { said } => said.clone(),
    }
}

/// A failure of the network: nothing is lost and nothing has to be done again.
fn safe(words: &Words, code: &'static str, what: String) -> Told {
    Told::new(code, what).exit(Exit::Unreachable).hint(say!(words, "net-safe")).hint(say!(words, "net-again"))
}

fn revoked(words: &Words) -> Told {
    Told::new("device-revoked", say!(words, "net-revoked"))
        .exit(Exit::NoAccess)
        .hint(say!(words, "net-revoked-hint"))
}

/// What people call the server: its host.
pub(crate) fn host(base: &str) -> String {
    base.split_once("://").map_or(base, |(_, rest)| rest).trim_end_matches('/').to_owned()
}
