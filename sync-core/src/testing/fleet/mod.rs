//! Devices and a server in memory, over a link that loses, cuts and repeats.
//!
//! One seed is one story: who writes what, which requests and answers are lost or cut where.
//! [`run`] plays it and then checks what must hold whatever happened on the way.

mod device;
mod server;

pub use device::Device;
pub use server::Server;

use super::Rng;
use crate::document::{Edit, Finding, SharedText};
use crate::ids::{ChangeHash, EntryId, PersonId, ServerId, VisitId};
use crate::protocol::EnvelopeStatus;
use std::collections::BTreeSet;

/// Requests with which every fleet must come to rest once the link is good.
const QUIET_ROUNDS_MAX: usize = 12;

/// What happened in one story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Story {
    /// Saves made.
    pub saves: usize,
    /// Requests sent.
    pub requests: usize,
    /// Requests or answers that were lost, cut or repeated.
    pub faults: usize,
    /// Envelopes in quarantine at the end.
    pub refused: usize,
    /// Places with several values at the end.
    pub conflicts: usize,
}

impl Story {
    /// Adds the counts of another story.
    pub fn add(&mut self, other: Self) {
        self.saves += other.saves;
        self.requests += other.requests;
        self.faults += other.faults;
        self.refused += other.refused;
        self.conflicts += other.conflicts;
    }
}

/// Plays the story of `seed` and checks its end.
///
/// # Panics
/// When a replica differs, a save is lost or doubled, or the fleet does not come to rest.
pub fn run(seed: u64) -> Story {
    let mut fleet = Fleet::new(seed);
    for _ in 0..12 + fleet.rng.below(12) {
        fleet.act();
    }
    fleet.come_to_rest();
    fleet.check();
    fleet.story
}

struct Fleet {
    rng: Rng,
    server: Server,
    devices: Vec<Device>,
    visits: Vec<VisitId>,
    /// A word that only one save contains, for every save that honest rules allow.
    words: Vec<String>,
    story: Story,
}

impl Fleet {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let id = ServerId::from_bytes([9; 16]);
        let visits: Vec<VisitId> =
            (0..=rng.below(2)).map(|n| VisitId::from_bytes([n as u8 + 1; 16])).collect();
        let devices: Vec<Device> =
            (0..2 + rng.below(3)).map(|n| Device::enrolled(n as u8 + 1, id, &visits)).collect();
        let keys = devices.iter().map(|device| (device.id, device.public_key())).collect();
        let server = Server::new(id, keys, &visits);
        Self { rng, server, devices, visits, words: Vec::new(), story: Story::default() }
    }

    fn act(&mut self) {
        let device = self.rng.below(self.devices.len());
        if self.rng.chance(60) {
            self.save(device);
        } else {
            self.exchange_badly(device);
        }
    }

    fn save(&mut self, device: usize) {
        let visit = self.visits[self.rng.below(self.visits.len())];
        let word = format!("w{}-{}.", self.story.saves, self.rng.below(1000));
        let (choice, id) = (self.rng.below(5), EntryId::from_bytes(self.rng.bytes()));
        let forbidden = self.rng.chance(4);
        let device = &mut self.devices[device];
        let person = if forbidden { PersonId::from_bytes([99; 16]) } else { device.person };
        let act = |edit: &mut Edit<'_>| match choice {
            _ if forbidden => edit.add_finding(id, &finding(&word)).expect("a new entry"),
            0 => edit.answer("seal", word.as_str()).expect("an answer"),
            1 => edit.append_text(SharedText::Note, &word).expect("a note"),
            2 => edit.set_seal_state("110438", "terminal_cover", Some(&word)).expect("a seal state"),
            _ => edit.add_finding(id, &finding(&word)).expect("a new entry"),
        };
        if device.save(visit, person, act) {
            self.story.saves += 1;
            if !forbidden {
                self.words.push(word);
            }
        }
    }

    /// One exchange over a link that may do anything to it.
    fn exchange_badly(&mut self, index: usize) {
        let body_max = if self.rng.chance(30) { 400 } else { 1_000_000 };
        let answer_max = if self.rng.chance(30) { 600 } else { 1_000_000 };
        let mut body = self.devices[index].request(body_max, answer_max).body;
        let fault = self.rng.below(10);
        self.story.faults += usize::from(fault < 5);
        if fault == 0 {
            return;
        }
        if fault == 1 {
            body.truncate(self.rng.below(body.len()));
        }
        let id = self.devices[index].id;
        let mut answer = self.send(id, &body);
        match fault {
            1 | 2 => return,
            3 => answer = self.send(id, &body),
            4 => answer.truncate(self.rng.below(answer.len())),
            _ => {}
        }
        self.devices[index].read(&answer);
        if fault == 3 {
            self.devices[index].read(&answer);
        }
    }

    fn send(&mut self, id: crate::ids::DeviceId, body: &[u8]) -> Vec<u8> {
        self.story.requests += 1;
        self.server.exchange(id, body)
    }

    fn come_to_rest(&mut self) {
        for _ in 0..QUIET_ROUNDS_MAX {
            let mut at_rest = true;
            for index in 0..self.devices.len() {
                let before = self.devices[index].clone();
                let request = before.request(1_000_000, 1_000_000);
                let answer = self.send(before.id, &request.body);
                assert!(self.devices[index].read(&answer), "a whole answer is read whole");
                at_rest &=
                    request.envelopes == 0 && !self.devices[index].differs && self.same(&before, index);
            }
            if at_rest {
                return;
            }
        }
        panic!("the fleet does not come to rest");
    }

    fn same(&self, before: &Device, index: usize) -> bool {
        let after = &self.devices[index];
        before.log.len() == after.log.len()
            && self
                .visits
                .iter()
                .all(|visit| before.visits[visit].document.heads() == after.visits[visit].document.heads())
    }

    fn check(&mut self) {
        for visit in &self.visits {
            let merged = self.server.document(*visit);
            let view = merged.view();
            for device in &self.devices {
                let replica = &device.visits[visit];
                assert!(replica.unsettled.is_empty(), "{}: {:?}", device.id, replica.unsettled);
                assert_eq!(replica.document.heads(), merged.heads(), "heads of {} on {visit}", device.id);
                assert_eq!(replica.document.view(), view, "state of {} on {visit}", device.id);
            }
            self.story.conflicts += view.conflicts.len();
        }
        self.check_logs();
        self.check_words();
    }

    /// Every envelope of every device is on the server exactly once, byte for byte.
    fn check_logs(&mut self) {
        let mut seen = BTreeSet::new();
        for (envelope, status) in &self.server.log {
            assert!(seen.insert(envelope.hash()), "doubled: {envelope:?}");
            assert_ne!(*status, EnvelopeStatus::Pending, "{envelope:?}");
            self.story.refused += usize::from(matches!(status, EnvelopeStatus::Quarantined { .. }));
        }
        for device in &self.devices {
            assert_eq!(device.acknowledged, device.position());
            assert!(device.log.iter().all(|envelope| seen.contains(&envelope.hash())));
        }
        assert_eq!(seen.len(), self.devices.iter().map(|device| device.log.len()).sum::<usize>());
    }

    /// Everything typed is in the merged history: overwritten perhaps, lost never.
    fn check_words(&self) {
        let mut history = Vec::new();
        for visit in &self.visits {
            let none: &[ChangeHash] = &[];
            history.extend(
                self.server.document(*visit).changes_since(none).into_iter().flat_map(|chunk| chunk.bytes),
            );
        }
        for word in &self.words {
            let found = history.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(found, "{word} is in no accepted change");
        }
    }
}

fn finding(text: &str) -> Finding {
    Finding { code: "SEAL_OK".to_owned(), text: text.to_owned(), item: None, severity: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Instant;

    /// Seeds played unless `FIELDLOOP_SEEDS` names another count.
    const SEEDS: u64 = 2_500;

    #[test]
    fn fleets_over_a_lossy_link_come_to_one_state_and_lose_nothing() {
        let wanted = std::env::var("FIELDLOOP_SEEDS").ok().and_then(|count| count.parse().ok());
        let (seeds, next) = (wanted.unwrap_or(SEEDS), AtomicU64::new(0));
        let began = Instant::now();
        let play = || {
            let mut sum = Story::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds {
                    return sum;
                }
                let told = std::panic::catch_unwind(|| run(seed));
                let story =
                    told.unwrap_or_else(|_| panic!("seed {seed} fails: FIELDLOOP_SEED={seed} replays it"));
                sum.add(story);
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let sum = std::thread::scope(|scope| {
            let players: Vec<_> = (0..threads).map(|_| scope.spawn(play)).collect();
            let mut sum = Story::default();
            for player in players {
                sum.add(player.join().expect("a failing seed was named above"));
            }
            sum
        });
        let per_second = f64::from(u32::try_from(seeds).unwrap_or(u32::MAX)) / began.elapsed().as_secs_f64();
        println!("{seeds} fleets, {per_second:.0} each second: {sum:?}");
        assert!(sum.faults > 0 && sum.refused > 0 && sum.conflicts > 0, "the stories are too tame: {sum:?}");
    }

    #[test]
    fn one_seed_is_one_story() {
        let seed = std::env::var("FIELDLOOP_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
        assert_eq!(run(seed), run(seed));
    }
}
