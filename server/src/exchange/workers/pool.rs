//! The server's side: a few workers, started when needed, ended when they misbehave or have done their share.

use super::framing;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::BufReader;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How often a slow job's processor time is looked at.
const WATCH_EVERY: Duration = Duration::from_millis(200);

/// How a worker process is started.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its environment; it inherits nothing else, since secrets may stand in the server's.
    pub environment: Vec<(OsString, OsString)>,
}

/// What one worker and one job may take.
#[derive(Debug, Clone, Copy)]
pub struct WorkerLimits {
    /// Workers at once. Half of them are for jobs as jobs should be, the others are started only beside jobs that
    /// take long: the server and its database need the other processors as much, and every process costs memory.
    pub workers_max: usize,
    /// Jobs that may wait for a worker; further ones are told that the gate is busy.
    pub waiting_max: usize,
    /// Jobs after which a worker is replaced.
    pub jobs_max: u32,
    /// Processor time of one job.
    pub cpu_max: Duration,
    /// Wall time of one job, whatever it does; generous, since a loaded machine is nobody's fault.
    pub wall_max: Duration,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            workers_max: cores,
            waiting_max: 4096,
            jobs_max: 2_000,
            cpu_max: Duration::from_secs(2),
            wall_max: Duration::from_secs(20),
        }
    }
}

/// Why a job has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum WorkerFailure {
    /// Too many jobs are waiting. Nothing is known about this one.
    #[error("{waiting} jobs are waiting for a merge worker")]
    Busy {
        /// How many.
        waiting: usize,
    },
    /// No worker could be started. Nothing is known about the job.
    #[error("no merge worker can be started: {source}")]
    NoWorker {
        /// Why.
        source: io::Error,
    },
    /// The worker died while it did the job.
    #[error("the merge worker died: {source}")]
    Died {
        /// What its pipe said.
        source: io::Error,
    },
    /// The worker was killed from outside: by a person, or by a system that is out of memory.
    #[error("the merge worker was killed by signal {signal}")]
    Killed {
        /// The signal.
        signal: i32,
    },
    /// The job used up its processor time and its worker was ended.
    #[error("the job used more than its processor time and was ended after {after:?}")]
    TooSlow {
        /// After how long.
        after: Duration,
    },
    /// The job had no answer for very long although it used little processor time: the machine is overloaded.
    #[error("the job had no answer after {after:?}")]
    Stalled {
        /// After how long.
        after: Duration,
    },
}

/// SIGKILL and SIGTERM: what others send. A worker that goes beyond its own limits ends by another signal.
const SIGNALS_FROM_OUTSIDE: [i32; 2] = [9, 15];

impl WorkerFailure {
    /// Whether the job itself may be to blame.
    pub fn may_be_the_job(&self) -> bool {
        matches!(self, Self::Died { .. } | Self::TooSlow { .. })
    }
}

/// The workers of this server process.
#[derive(Debug)]
pub struct Workers {
    command: WorkerCommand,
    limits: WorkerLimits,
    /// Places for jobs that have just begun.
    places: Semaphore,
    /// Places for jobs that were looked at once and go on: they make room for others.
    slow_places: Semaphore,
    waiting: AtomicUsize,
    /// Whether the last attempt to start a worker failed.
    cannot_start: AtomicBool,
    idle: Mutex<Vec<Worker>>,
}

#[derive(Debug)]
struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    jobs: u32,
}

impl Workers {
    /// Whether no worker could be started when one was needed last.
    pub fn cannot_start(&self) -> bool {
        self.cannot_start.load(Ordering::Relaxed)
    }

    /// No worker yet: the first job starts one.
    pub fn new(command: WorkerCommand, limits: WorkerLimits) -> Arc<Self> {
        Arc::new(Self {
            command,
            places: Semaphore::new(limits.workers_max.div_ceil(2)),
            slow_places: Semaphore::new(limits.workers_max / 2),
            limits,
            waiting: AtomicUsize::new(0),
            cannot_start: AtomicBool::new(false),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Has one job done.
    ///
    /// # Errors
    /// See [`WorkerFailure`]; only some of them can be the job's fault.
    pub async fn run(&self, job: &[u8]) -> Result<Vec<u8>, WorkerFailure> {
        self.run_on(job, false).await
    }

    /// Has one job done by a worker that has done nothing before.
    ///
    /// # Errors
    /// As [`Workers::run`].
    pub async fn run_fresh(&self, job: &[u8]) -> Result<Vec<u8>, WorkerFailure> {
        self.run_on(job, true).await
    }

    async fn run_on(&self, job: &[u8], fresh: bool) -> Result<Vec<u8>, WorkerFailure> {
        let queue = Queued::enter(&self.waiting);
        if queue.before > self.limits.waiting_max {
            return Err(WorkerFailure::Busy { waiting: queue.before });
        }
        metrics::gauge!("fieldloop_merge_jobs_waiting")
            .set(f64::from(u32::try_from(queue.before).unwrap_or(u32::MAX)));
        let place = self.places.acquire().await.map_err(|_| WorkerFailure::Busy { waiting: 0 })?;
        let mut place = Place { held: place, slow: Some(&self.slow_places) };
        drop(queue);
        let idle = if fresh { None } else { self.idle_one().await };
        let mut worker = match idle {
            Some(worker) => worker,
            None => {
                let started = Worker::start(&self.command).await;
                self.cannot_start.store(started.is_err(), Ordering::Relaxed);
                started.map_err(|source| WorkerFailure::NoWorker { source })?
            }
        };
        let began = Instant::now();
        let done = worker.perform(job, self.limits, &mut place).await;
        metrics::histogram!("fieldloop_merge_seconds").record(began.elapsed().as_secs_f64());
        if done.is_err() {
            metrics::counter!("fieldloop_merge_workers_failed_total").increment(1);
        } else if worker.jobs < self.limits.jobs_max {
            self.idle.lock().await.push(worker);
        }
        // Otherwise the worker is dropped and with it killed. Only now may the next one start.
        drop(place);
        done
    }

    /// A worker that waits for its next job. One that died meanwhile says nothing about that job.
    async fn idle_one(&self) -> Option<Worker> {
        let mut idle = self.idle.lock().await;
        while let Some(mut worker) = idle.pop() {
            if matches!(worker.child.try_wait(), Ok(None)) {
                return Some(worker);
            }
        }
        None
    }

    /// Jobs that wait for a worker.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Process ids of idle workers, so that measurements can include them.
    pub async fn idle_process_ids(&self) -> Vec<u32> {
        self.idle.lock().await.iter().filter_map(|worker| worker.child.id()).collect()
    }
}

/// The place that a job takes.
struct Place<'a> {
    held: SemaphorePermit<'a>,
    /// Where a slow job moves to; `None` once it is there.
    slow: Option<&'a Semaphore>,
}

impl Place<'_> {
    /// Moves aside, if there is room, so that jobs behind this one need not wait for its end.
    fn make_room(&mut self) {
        if let Some(Ok(aside)) = self.slow.map(Semaphore::try_acquire) {
            self.held = aside;
            self.slow = None;
        }
    }
}

impl Worker {
    async fn start(command: &WorkerCommand) -> io::Result<Self> {
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            .env_clear()
            .envs(command.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut output = BufReader::with_capacity(framing::READ_BYTES, output);
        let patience = Duration::from_secs(20);
        timeout(patience, framing::wait_ready(&mut output)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Self { child, input, output, jobs: 0 })
    }

    async fn perform(
        &mut self,
        job: &[u8],
        limits: WorkerLimits,
        place: &mut Place<'_>,
    ) -> Result<Vec<u8>, WorkerFailure> {
        self.jobs += 1;
        let began = Instant::now();
        let mut cpu_before = None;
        let process = self.child.id();
        let Self { child, input, output, .. } = self;
        let exchange = async {
            framing::send(input, job).await?;
            framing::receive(output).await
        };
        tokio::pin!(exchange);
        let failed = loop {
            match timeout(WATCH_EVERY, &mut exchange).await {
                Ok(Ok(outcome)) => break Ok(outcome),
                Ok(Err(source)) => break Err(source),
                Err(_) => place.make_room(),
            }
            // Counted from the first look, which few jobs live to see: looking takes as long as a small job.
            let cpu = process.and_then(cpu_time_of);
            cpu_before = cpu_before.or(cpu);
            let after = began.elapsed();
            if cpu.zip(cpu_before).is_some_and(|(now, then)| now.saturating_sub(then) > limits.cpu_max) {
                return Err(WorkerFailure::TooSlow { after });
            }
            if after > limits.wall_max {
                return Err(WorkerFailure::Stalled { after });
            }
        };
        match failed {
            Ok(outcome) => Ok(outcome),
            Err(source) => Err(how_it_ended(child, source).await),
        }
    }
}

/// What the end of a worker says: dead by its own doing, or killed.
async fn how_it_ended(child: &mut Child, source: io::Error) -> WorkerFailure {
    let ended = timeout(Duration::from_secs(2), child.wait()).await;
    let signal = ended.ok().and_then(Result::ok).and_then(|status| status.signal());
    match signal.filter(|signal| SIGNALS_FROM_OUTSIDE.contains(signal)) {
        Some(signal) => WorkerFailure::Killed { signal },
        None => WorkerFailure::Died { source },
    }
}

/// Processor time of a process so far, where the system tells it (Linux); elsewhere only wall time is enforced.
fn cpu_time_of(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything; user and system time are the 12th and 13th field after it.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    // Linux counts these in hundredths of a second on every architecture it runs on.
    Some(Duration::from_millis((user + system) * 10))
}

/// Being counted as waiting.
struct Queued<'a> {
    waiting: &'a AtomicUsize,
    before: usize,
}

impl<'a> Queued<'a> {
    fn enter(waiting: &'a AtomicUsize) -> Self {
        Self { waiting, before: waiting.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
