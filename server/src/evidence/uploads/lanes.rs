//! One request at a time for each upload, and the newest one wins.
//!
//! A device that lost its connection comes back before the server has noticed: the old request still holds the upload.
//! Answering 423 would make the honest device wait for a timeout it cannot see, so the older request is ended instead,
//! keeps what it received, and the newer one begins from there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, watch};

/// How long a newer request waits for the older one to save what it has.
const TAKE_OVER_MAX: Duration = Duration::from_secs(20);

/// The uploads that a request of this process is working on.
#[derive(Debug, Clone, Default)]
pub(super) struct Lanes {
    lanes: Arc<Mutex<HashMap<String, Arc<Lane>>>>,
}

#[derive(Debug)]
struct Lane {
    /// Number of the newest request.
    newest: watch::Sender<u64>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The right to work on one upload, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    superseded: watch::Receiver<u64>,
    number: u64,
    key: String,
    lanes: Lanes,
    guard: Option<OwnedMutexGuard<()>>,
}

/// Why a request did not get its turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoTurn {
    /// A still newer request came meanwhile.
    Superseded,
    /// The older request did not end in time.
    Busy,
}

impl Lanes {
    /// Ends older requests for this upload and waits until the last of them is done.
    pub(super) async fn take(&self, key: &str) -> Result<Turn, NoTurn> {
        let (mut waiting, turn) = self.announce(key);
        let guard = tokio::time::timeout(TAKE_OVER_MAX, turn.lock_owned()).await.map_err(|_| NoTurn::Busy)?;
        if waiting.is_superseded() {
            return Err(NoTurn::Superseded);
        }
        waiting.guard = Some(guard);
        Ok(waiting)
    }

    fn announce(&self, key: &str) -> (Turn, Arc<tokio::sync::Mutex<()>>) {
        let mut lanes = self.lock();
        let lane = lanes
            .entry(key.to_owned())
            .or_insert_with(|| Arc::new(Lane { newest: watch::channel(0).0, turn: Arc::default() }));
        let mut number = 0;
        lane.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        let superseded = lane.newest.subscribe();
        let turn = Turn { superseded, number, key: key.to_owned(), lanes: self.clone(), guard: None };
        (turn, Arc::clone(&lane.turn))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Lane>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Resolves when a newer request for the same upload has come.
    pub(super) async fn superseded(&mut self) {
        let number = self.number;
        if self.superseded.wait_for(|newest| *newest != number).await.is_err() {
            // The lane outlives its turns; without it nobody can supersede this one.
            std::future::pending::<()>().await;
        }
    }

    fn is_superseded(&self) -> bool {
        *self.superseded.borrow() != self.number
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lanes = self.lanes.lock();
        drop(self.guard.take());
        // This turn is the last one that listens: nobody waits for the lane.
        if lanes.get(&self.key).is_some_and(|lane| lane.newest.receiver_count() <= 1) {
            lanes.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newer_request_ends_the_older_one() {
        let lanes = Lanes::default();
        let mut first = lanes.take("a").await.unwrap();
        let other = lanes.take("b").await.unwrap();
        let second = tokio::spawn({
            let lanes = lanes.clone();
            async move { lanes.take("a").await.map(drop) }
        });
        first.superseded().await;
        drop(first);
        assert_eq!(second.await.unwrap(), Ok(()));
        drop(other);
        assert!(lanes.lock().is_empty(), "nothing is left behind");
    }

    #[tokio::test]
    async fn of_several_waiting_requests_only_the_newest_gets_its_turn() {
        let lanes = Lanes::default();
        let mut first = lanes.take("a").await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let lanes = lanes.clone();
            waiting.push(tokio::spawn(async move { lanes.take("a").await.map(drop) }));
            tokio::task::yield_now().await;
        }
        first.superseded().await;
        drop(first);
        let mut results = Vec::new();
        for task in waiting {
            results.push(task.await.unwrap());
        }
        assert_eq!(results, [Err(NoTurn::Superseded), Err(NoTurn::Superseded), Ok(())]);
        assert!(lanes.lock().is_empty());
    }
}
