//! The worker's side: limits on itself, then jobs until its input ends.

use super::framing;
use rlimit::Resource;
use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::os::fd::{AsFd, OwnedFd};

/// Address space of a worker: the worst honest job needs a tenth of it.
const MEMORY_BYTES_MAX: u64 = 1 << 30;
/// Processor seconds of a worker over all its jobs. The parent ends it long before, job by job; this is for a parent
/// that is gone.
const CPU_SECONDS_MAX: u64 = 300;

/// Answers jobs from standard input with `judge` until the input ends. The body of `fieldloop merge-worker`.
///
/// # Errors
/// When the limits cannot be set, or the parent goes away in the middle of a frame.
pub fn run(judge: impl Fn(&[u8]) -> Vec<u8>) -> io::Result<()> {
    limit(Resource::AS, MEMORY_BYTES_MAX)?;
    limit(Resource::CPU, CPU_SECONDS_MAX)?;
    // A crash is expected work here; its memory image would hold customers' data.
    limit(Resource::CORE, 0)?;
    // The standard library would write line by line, which binary frames have many of.
    let mut input = BufReader::with_capacity(framing::READ_BYTES, File::from(owned(&io::stdin())?));
    let mut output = File::from(owned(&io::stdout())?);
    output.write_all(format!("\n{}\n", framing::READY).as_bytes())?;
    output.flush()?;
    while let Some(job) = framing::read(&mut input)? {
        framing::write(&mut output, &judge(&job))?;
    }
    Ok(())
}

fn owned(stream: &impl AsFd) -> io::Result<OwnedFd> {
    stream.as_fd().try_clone_to_owned()
}

/// Lowers a limit; one that is already lower stays.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let (soft, hard) = resource.get()?;
    resource.set(soft.min(most), hard.min(most))
}
