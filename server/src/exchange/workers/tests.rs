//! Workers that answer, die, hang and eat memory.

use super::*;
use std::sync::Arc;
use std::time::Duration;

/// Set for the child processes of tests; its value chooses what the child does.
const ROLE: &str = "FIELDLOOP_TEST_WORKER";

/// How tests start a worker: this very test program, told to run [`a_worker_process`] only.
pub(crate) fn command(role: &str) -> WorkerCommand {
    WorkerCommand {
        program: std::env::current_exe().expect("a running program has a path"),
        arguments: [
            "--exact",
            "exchange::workers::tests::a_worker_process",
            "--nocapture",
            "--test-threads=1",
        ]
        .map(Into::into)
        .to_vec(),
        environment: vec![(ROLE.into(), role.into())],
    }
}

/// No test: the body of worker processes of the tests around it. Passes at once in the test program itself.
#[test]
fn a_worker_process() {
    let Some(role) = std::env::var_os(ROLE) else { return };
    let done = match role.to_str() {
        Some("script") => run_child(script),
        _ => run_child(|job| {
            // A stand-in for a hostile change that gets past every check and kills the merge.
            if job.windows(MARK_ABORT.len()).any(|bytes| bytes == MARK_ABORT) {
                std::process::abort();
            }
            crate::exchange::judge_bytes(job)
        }),
    };
    std::process::exit(i32::from(done.is_err()));
}

/// A judging worker of the tests dies when this text stands in a job.
pub(crate) const MARK_ABORT: &[u8] = b"!ABORT THE WORKER!";

fn script(job: &[u8]) -> Vec<u8> {
    match job {
        b"abort" => std::process::abort(),
        b"spin" => loop {
            std::hint::spin_loop();
        },
        b"sleep" => {
            std::thread::sleep(Duration::from_secs(600));
            Vec::new()
        }
        b"eat" => {
            let eaten: Vec<Vec<u8>> = (0..64).map(|_| vec![1; 64 << 20]).collect();
            vec![u8::try_from(eaten.len()).unwrap_or(u8::MAX)]
        }
        b"pid" => std::process::id().to_be_bytes().to_vec(),
        other => other.iter().rev().copied().collect(),
    }
}

fn workers(limits: WorkerLimits) -> Arc<Workers> {
    Workers::new(command("script"), limits)
}

fn one() -> WorkerLimits {
    WorkerLimits { workers_max: 1, cpu_max: Duration::from_millis(500), ..WorkerLimits::default() }
}

#[tokio::test]
async fn a_worker_that_was_killed_while_idle_costs_no_job() {
    let workers = workers(one());
    let first = workers.run(b"pid").await.unwrap();
    let idle = workers.idle_process_ids().await;
    let killed = std::process::Command::new("kill").args(["-9", &idle[0].to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    // Dead only when its last thread is: the first one may be gone earlier.
    let threads = || std::fs::read_dir(format!("/proc/{}/task", idle[0])).map_or(0, Iterator::count);
    let stat = || std::fs::read_to_string(format!("/proc/{}/stat", idle[0])).unwrap_or_default();
    while threads() > 1 || (threads() == 1 && !stat().contains(") Z")) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_ne!(workers.run(b"pid").await.unwrap(), first);
}

#[tokio::test]
async fn jobs_are_answered_by_the_same_worker_until_it_has_done_its_share() {
    let workers = workers(WorkerLimits { jobs_max: 3, ..one() });
    assert_eq!(workers.run(b"abc").await.unwrap(), b"cba");
    let second = workers.run(b"pid").await.unwrap();
    assert_eq!(workers.run(b"pid").await.unwrap(), second);
    assert_ne!(workers.run(b"pid").await.unwrap(), second, "replaced after three jobs");
}

#[tokio::test]
async fn a_worker_that_dies_costs_one_job() {
    let workers = workers(WorkerLimits { cpu_max: Duration::from_secs(20), ..one() });
    for deadly in [&b"abort"[..], b"eat"] {
        let failure = workers.run(deadly).await.unwrap_err();
        assert!(matches!(failure, WorkerFailure::Died { .. }), "{failure}");
        assert_eq!(workers.run(b"abc").await.unwrap(), b"cba");
    }
}

#[tokio::test]
async fn a_worker_killed_from_outside_says_nothing_about_its_job() {
    let workers = workers(one());
    let process = u32::from_be_bytes(workers.run(b"pid").await.unwrap().try_into().unwrap());
    let job = {
        let workers = Arc::clone(&workers);
        tokio::spawn(async move { workers.run(b"sleep").await })
    };
    while !workers.idle_process_ids().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The job has left the row of idle workers; now it may reach its process.
    tokio::time::sleep(Duration::from_millis(300)).await;
    std::process::Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
    let failure = job.await.unwrap().unwrap_err();
    assert!(matches!(failure, WorkerFailure::Killed { signal: 9 }) && !failure.may_be_the_job(), "{failure}");
    assert_eq!(workers.run(b"abc").await.unwrap(), b"cba");
}

#[tokio::test]
async fn a_job_beyond_its_budget_is_ended() {
    let patient = workers(one());
    let failure = patient.run(b"spin").await.unwrap_err();
    assert!(matches!(failure, WorkerFailure::TooSlow { .. }) && failure.may_be_the_job(), "{failure}");
    assert_eq!(patient.run(b"abc").await.unwrap(), b"cba");
    let hasty = workers(WorkerLimits { wall_max: Duration::from_millis(300), ..one() });
    let failure = hasty.run(b"sleep").await.unwrap_err();
    assert!(matches!(failure, WorkerFailure::Stalled { .. }) && !failure.may_be_the_job(), "{failure}");
    assert_eq!(hasty.run(b"abc").await.unwrap(), b"cba");
}

#[tokio::test]
async fn jobs_share_one_process_and_only_a_slow_one_is_passed_by_another() {
    let workers = workers(WorkerLimits { workers_max: 2, ..one() });
    let answers = futures_util::future::join_all((0..8).map(|_| workers.run(b"pid"))).await;
    let processes: std::collections::BTreeSet<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(processes.len(), 1, "as many processes as slow jobs, and one");
    let slow = {
        let workers = Arc::clone(&workers);
        tokio::spawn(async move { workers.run(b"sleep").await })
    };
    while workers.idle_process_ids().await.len() == 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!processes.contains(&workers.run(b"pid").await.unwrap()), "beside the slow job");
    assert!(!slow.is_finished());
    slow.abort();
}

#[tokio::test]
async fn a_fresh_worker_has_done_nothing_before() {
    let workers = workers(one());
    let first = workers.run(b"pid").await.unwrap();
    assert_ne!(workers.run_fresh(b"pid").await.unwrap(), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_is_bounded() {
    let workers = workers(WorkerLimits { waiting_max: 3, ..one() });
    let jobs: Vec<_> = (0..20)
        .map(|_| {
            let workers = Arc::clone(&workers);
            tokio::spawn(async move { workers.run(b"abc").await })
        })
        .collect();
    let mut refused = 0;
    for job in jobs {
        match job.await.unwrap() {
            Ok(answer) => assert_eq!(answer, b"cba"),
            Err(failure) => {
                assert!(!failure.may_be_the_job());
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && refused < 20, "{refused} of 20 refused");
    assert_eq!(workers.waiting(), 0);
}

#[tokio::test]
async fn without_a_program_nothing_is_said_about_the_job() {
    let command =
        WorkerCommand { program: "/nonexistent".into(), arguments: Vec::new(), environment: Vec::new() };
    let failure = Workers::new(command, one()).run(b"abc").await.unwrap_err();
    assert!(matches!(failure, WorkerFailure::NoWorker { .. }) && !failure.may_be_the_job());
}
