//! Who may write on a visit. Pure.
//!
//! Judged as of the newest assignment that the author can have known: who lost the visit while offline did nothing
//! wrong, so what was written before the device could hear of it is accepted and marked late.

use sync_core::ids::PersonId;
use sync_core::log::Header;

/// One stay of a person on a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Membership {
    /// The person.
    pub(super) person: PersonId,
    /// Where the server log says that it ended; `None` while it lasts.
    pub(super) removed_log_index: Option<i64>,
}

/// Whether an envelope is within the scope of its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Its author works on the visit.
    Within,
    /// Its author worked on the visit as far as the device could know.
    Late,
    /// Its author has no business there, or knew that it was over.
    Outside,
}

/// Judges the scope of an envelope's author on its visit.
pub(super) fn of(header: &Header, epoch: i64, members: &[Membership]) -> Scope {
    let own = || members.iter().filter(|membership| membership.person == header.person);
    if own().any(|membership| membership.removed_log_index.is_none()) {
        return Scope::Within;
    }
    let knew = i64::try_from(header.log_index_known).unwrap_or(i64::MAX);
    // Indexes of an earlier history say nothing about this one.
    let of_this_history = i64::try_from(header.epoch).is_ok_and(|known| known == epoch);
    let unaware = own().any(|membership| {
        membership.removed_log_index.is_some_and(|removed| removed > knew || !of_this_history)
    });
    if unaware { Scope::Late } else { Scope::Outside }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::ids::{DeviceId, EnvelopeHash, ServerId, VisitId};
    use sync_core::log::{BodyKind, HEADER_FORMAT};
    use sync_core::time::Timestamp;

    const ME: PersonId = PersonId::from_bytes([3; 16]);

    fn header(epoch: u64, log_index_known: u64) -> Header {
        Header {
            format: HEADER_FORMAT,
            server: ServerId::from_bytes([1; 16]),
            epoch,
            device: DeviceId::from_bytes([2; 16]),
            sequence: 1,
            previous: EnvelopeHash::NONE,
            person: ME,
            claimed_at: Timestamp::from_unix_ms(0),
            monotonic_ms: 0,
            boot: [0; 8],
            utc_offset_min: 480,
            log_index_known,
            server_time_known: Timestamp::from_unix_ms(0),
            kind: BodyKind::Change,
            visit: Some(VisitId::from_bytes([4; 16])),
            commitment: [0; 32],
        }
    }

    fn stay(person: PersonId, removed: Option<i64>) -> Membership {
        Membership { person, removed_log_index: removed }
    }

    #[test]
    fn scope_is_what_the_author_could_know() {
        let other = PersonId::from_bytes([9; 16]);
        let cases = [
            ("never there", header(1, 50), vec![stay(other, None)], Scope::Outside),
            ("there", header(1, 50), vec![stay(ME, None)], Scope::Within),
            ("removed, not yet heard", header(1, 50), vec![stay(ME, Some(51))], Scope::Late),
            ("removed and heard", header(1, 51), vec![stay(ME, Some(51))], Scope::Outside),
            ("removed and back", header(1, 90), vec![stay(ME, Some(51)), stay(ME, None)], Scope::Within),
            ("indexes of another history", header(1, 90), vec![stay(ME, Some(51))], Scope::Outside),
        ];
        for (name, header, members, expected) in cases {
            assert_eq!(of(&header, 1, &members), expected, "{name}");
        }
        assert_eq!(of(&header(1, 90), 2, &[stay(ME, Some(51))]), Scope::Late, "after a restore");
    }
}
