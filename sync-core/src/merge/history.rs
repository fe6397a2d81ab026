//! Who had seen what: the changes of a document and of the job, each with its vector clock.
//!
//! Built once per job from the accepted document; changes of the job are pushed as they pass
//! and popped again when their unit fails. Everything here is decided before Automerge is
//! asked to apply anything.

use super::prescan::Scan;
use crate::document::ActorId16;
use crate::ids::ChangeHash;
use automerge::Automerge;
use std::collections::HashMap;

/// An operation's identity: counter and actor.
pub(super) type OpRef = (u64, ActorId16);

/// One change.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) hash: ChangeHash,
    pub(super) actor: ActorId16,
    actor_index: usize,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    /// Counter of its last operation; one below `start_op` when it has none.
    pub(super) max_op: u64,
    /// By actor index: how many of the actor's changes are this one or before it.
    clock: Vec<u64>,
}

/// The changes known so far, each after what it builds on.
#[derive(Debug, Default)]
pub(super) struct History {
    nodes: Vec<Node>,
    by_hash: HashMap<ChangeHash, usize>,
    actors: HashMap<ActorId16, usize>,
    /// By actor index: its changes in the order of their sequence numbers.
    by_actor: Vec<Vec<usize>>,
    /// How many nodes the accepted document has.
    base: usize,
}

impl History {
    /// The history of an accepted document. `None` if it is not one that passed this gate.
    pub(super) fn of(am: &Automerge) -> Option<Self> {
        let mut history = Self::default();
        for meta in am.get_changes_meta(&[]) {
            let actor = ActorId16::from_slice(meta.actor.to_bytes())?;
            let deps: Vec<ChangeHash> = meta.deps.iter().copied().map(ChangeHash::from).collect();
            history.push(meta.hash.into(), actor, meta.seq, (meta.start_op, meta.max_op), &deps)?;
        }
        history.base = history.nodes.len();
        Some(history)
    }

    /// Adds a change of the job whose dependencies are all known and whose place is right.
    pub(super) fn push_scan(&mut self, scan: &Scan, actor: ActorId16) -> Option<usize> {
        let counters = (scan.start_op, scan.start_op + scan.ops - 1);
        self.push(scan.hash, actor, scan.seq, counters, &scan.deps)
    }

    fn push(
        &mut self,
        hash: ChangeHash,
        actor: ActorId16,
        seq: u64,
        (start_op, max_op): (u64, u64),
        deps: &[ChangeHash],
    ) -> Option<usize> {
        let clock_of_deps = self.clock_of(deps)?;
        let next = self.by_actor.len();
        let actor_index = *self.actors.entry(actor).or_insert(next);
        if actor_index == next {
            self.by_actor.push(Vec::new());
        }
        let mut clock = clock_of_deps;
        clock.resize(self.by_actor.len(), 0);
        if seq != self.by_actor[actor_index].len() as u64 + 1 {
            return None;
        }
        clock[actor_index] = seq;
        let index = self.nodes.len();
        self.by_actor[actor_index].push(index);
        self.by_hash.insert(hash, index);
        self.nodes.push(Node { hash, actor, actor_index, seq, start_op, max_op, clock });
        Some(index)
    }

    /// Forgets every change after the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        while self.nodes.len() > count.max(self.base) {
            let Some(node) = self.nodes.pop() else { break };
            self.by_hash.remove(&node.hash);
            self.by_actor[node.actor_index].pop();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn is_base(&self, index: usize) -> bool {
        index < self.base
    }

    pub(super) fn base_nodes(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes[..self.base].iter().enumerate()
    }

    pub(super) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    pub(super) fn find(&self, hash: &ChangeHash) -> Option<usize> {
        self.by_hash.get(hash).copied()
    }

    /// How many actors have written.
    pub(super) fn actor_count(&self) -> usize {
        self.by_actor.iter().filter(|nodes| !nodes.is_empty()).count()
    }

    pub(super) fn knows_actor(&self, actor: &ActorId16) -> bool {
        self.last_seq(actor) > 0
    }

    /// How many changes the actor has made.
    pub(super) fn last_seq(&self, actor: &ActorId16) -> u64 {
        self.actors.get(actor).map_or(0, |index| self.by_actor[*index].len() as u64)
    }

    /// The highest operation counter of any change.
    pub(super) fn max_op(&self) -> u64 {
        self.nodes.iter().map(|node| node.max_op).max().unwrap_or(0)
    }

    /// The highest operation counter among what these changes had seen, themselves included.
    pub(super) fn max_op_seen(&self, deps: &[ChangeHash]) -> Option<u64> {
        let clock = self.clock_of(deps)?;
        let last = |(actor, seq): (usize, &u64)| {
            let index = usize::try_from(*seq).ok()?.checked_sub(1)?;
            Some(self.nodes[self.by_actor[actor][index]].max_op)
        };
        Some(clock.iter().enumerate().filter_map(last).max().unwrap_or(0))
    }

    /// How many changes of `actor` somebody had seen who built on `deps`.
    pub(super) fn seq_seen(&self, deps: &[ChangeHash], actor: &ActorId16) -> u64 {
        let Some(index) = self.actors.get(actor) else { return 0 };
        self.clock_of(deps).and_then(|clock| clock.get(*index).copied()).unwrap_or(0)
    }

    /// The clock of somebody who had seen these changes; `None` when one is not known.
    fn clock_of(&self, deps: &[ChangeHash]) -> Option<Vec<u64>> {
        let mut clock = vec![0; self.by_actor.len()];
        for dep in deps {
            let node = &self.nodes[self.find(dep)?];
            for (mine, theirs) in clock.iter_mut().zip(&node.clock) {
                *mine = (*mine).max(*theirs);
            }
        }
        Some(clock)
    }

    /// Whether the author of `later` had seen `earlier`; a change has seen itself.
    pub(super) fn has_seen(&self, later: usize, earlier: usize) -> bool {
        let earlier = &self.nodes[earlier];
        self.nodes[later].clock.get(earlier.actor_index).is_some_and(|seq| *seq >= earlier.seq)
    }

    /// The change that holds the operation.
    pub(super) fn change_of(&self, (counter, actor): OpRef) -> Option<usize> {
        let changes = &self.by_actor[*self.actors.get(&actor)?];
        let place = changes.partition_point(|index| self.nodes[*index].max_op < counter);
        let index = *changes.get(place)?;
        (self.nodes[index].start_op <= counter).then_some(index)
    }

    /// What of the accepted document the change had seen, as heads; `None` when all of it.
    pub(super) fn base_seen_by(&self, index: usize) -> Option<Vec<automerge::ChangeHash>> {
        let clock = &self.nodes[index].clock;
        let mut everything = true;
        let mut heads = Vec::new();
        for (actor, changes) in self.by_actor.iter().enumerate() {
            let in_base = changes.partition_point(|index| *index < self.base);
            let seen = usize::try_from(clock.get(actor).copied().unwrap_or(0)).unwrap_or(usize::MAX);
            everything &= seen >= in_base;
            if let Some(last) = seen.min(in_base).checked_sub(1) {
                heads.push(self.nodes[changes[last]].hash.into());
            }
        }
        if everything { None } else { Some(heads) }
    }
}
