//! Stores for tests: a machine whose clock and chance are fixed, a device that is enrolled, a
//! visit in its pack.

use super::{NewIdentity, Store};
use crate::clock::{Clock, Entropy};
use crate::machine::{Home, Machine};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use sync_core::ids::{ComplaintId, DeviceId, PersonId, ServerId, VisitId, WorkOrderId};
use sync_core::log::{BootId, SigningKey};
use sync_core::protocol::{AssignmentCard, CardCustomer, EnrolmentAnswer, PackItem, PackKey};
use sync_core::time::Timestamp;

/// 2025-11-21 09:42 UTC.
pub(crate) const START_MS: i64 = 1_763_718_120_000;

pub(crate) struct ManualClock(pub(crate) AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        // Every look at the clock takes a second, so that no two acts share a time.
        Timestamp::from_unix_ms(self.0.fetch_add(1000, Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::SeqCst) - START_MS).unwrap_or(0)
    }

    fn boot(&self) -> BootId {
        [7; 8]
    }
}

pub(crate) struct CountingEntropy(pub(crate) AtomicU64);

impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = count.to_be_bytes()[7 - place.min(7)].wrapping_add(u8::try_from(place / 8).unwrap_or(0));
        }
    }
}

/// A machine with this id; `seed` keeps two of them from minting the same ids.
pub(crate) fn machine(id: &str, seed: u64) -> Machine {
    let clock = Arc::new(ManualClock(AtomicI64::new(START_MS)));
    Machine::new(clock, Arc::new(CountingEntropy(AtomicU64::new(seed << 32))), id)
}

pub(crate) fn identity(seed: u8) -> NewIdentity {
    NewIdentity {
        server_url: "http://127.0.0.1:9".into(),
        answer: EnrolmentAnswer {
            device_id: DeviceId::from_bytes([seed; 16]),
            device_name: format!("dev-{seed:02}"),
            server_id: ServerId::from_bytes([0xaa; 16]),
            epoch: 1,
            office_key: String::new(),
            server_time_ms: START_MS,
            person_id: PersonId::from_bytes([seed ^ 0x80; 16]),
            person_name: "张伟".into(),
            staff_no: "T-118".into(),
            taken_up: Vec::new(),
        },
        key: SigningKey::from_seed(&[seed; 32]),
    }
}

/// An enrolled device below `root`.
pub(crate) async fn enrolled(root: &Path, seed: u8) -> Store {
    let store = Store::open_or_create(Home::below(root), machine("one", seed.into())).await.unwrap();
    store.adopt(identity(seed)).await.unwrap();
    store
}

pub(crate) fn visit_id(seed: u8) -> VisitId {
    VisitId::from_bytes([seed; 16])
}

pub(crate) fn card(visit: VisitId, number: &str) -> AssignmentCard {
    AssignmentCard {
        visit,
        work_order: Some(WorkOrderId::from_bytes([3; 16])),
        complaint: ComplaintId::from_bytes([4; 16]),
        number: number.into(),
        aliases: Vec::new(),
        utility: "power".into(),
        region: String::new(),
        category: "meter_accuracy".into(),
        summary: "电表走得快".into(),
        address: "梧桐路 12 号 3 单元 602".into(),
        customer: CardCustomer::default(),
        confidential: false,
        meter: None,
        checklist: "meter-accuracy".into(),
        planned_on: "2025-11-21".into(),
        appointment_from: None,
        appointment_to: None,
        due_at: None,
        priority: "normal".into(),
        state: "assigned".into(),
        position: None,
        crew: Vec::new(),
        expert_requests: Vec::new(),
    }
}

/// Puts a visit into the pack, as an exchange would.
pub(crate) async fn assign(store: &Store, card: &AssignmentCard) {
    let item = PackItem {
        key: PackKey::Assignment(card.visit).to_string(),
        json: Some(serde_json::to_string(card).unwrap()),
    };
    let mut tx = store.write().await.unwrap();
    Store::put_pack_item_in(&mut tx, &item, Timestamp::from_unix_ms(START_MS)).await.unwrap();
    tx.commit().await.unwrap();
}
