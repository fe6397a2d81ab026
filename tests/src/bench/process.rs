//! What a process and its children have used, from /proc.

use anyhow::bail;
use std::path::Path;
use std::time::Duration;

/// Clock ticks in a second, as Linux reports them to user space.
const TICKS: f64 = 100.0;

/// CPU seconds that `pid`, its living children and its reaped children have used.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let own = stat(pid).map_or(0, |fields| fields[11..15].iter().sum());
    let children: u64 =
        children(pid).into_iter().filter_map(stat).map(|fields| fields[11] + fields[12]).sum();
    ticks(own + children)
}

/// Waits until `pid` has nothing left to do: what was prepared for a measurement is not part of it.
pub(crate) async fn until_idle(pid: u32) -> anyhow::Result<()> {
    /// Longer than the server waits before it looks again for work in the background.
    const LOOK_EVERY: Duration = Duration::from_secs(6);
    const LOOKS_MAX: usize = 50;
    let mut last = cpu_seconds(pid);
    for _ in 0..LOOKS_MAX {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = cpu_seconds(pid);
        if now - last < 0.1 {
            return Ok(());
        }
        last = now;
    }
    bail!("the server does not come to rest")
}

/// Peak resident bytes of `pid` plus those of its living children.
pub(crate) fn peak_bytes(pid: u32) -> u64 {
    std::iter::once(pid).chain(children(pid)).map(|pid| memory_of(pid, "VmHWM:")).sum()
}

/// Resident bytes of `pid` and its living children at this moment, pages that they share counted once.
pub(crate) fn proportional_bytes(pid: u32) -> u64 {
    let pss = |pid| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        kibibytes(&text, "Pss:")
    };
    std::iter::once(pid).chain(children(pid)).map(pss).sum()
}

/// Resident bytes of `pid` and its living children at this moment.
pub(crate) fn resident_bytes(pid: u32) -> u64 {
    std::iter::once(pid).chain(children(pid)).map(|pid| memory_of(pid, "VmRSS:")).sum()
}

fn ticks(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / TICKS
}

/// Numbers of `/proc/<pid>/stat` behind the name: state is skipped, so index 1 is ppid + 2 …
/// utime is 11, stime 12, cutime 13, cstime 14.
fn stat(pid: u32) -> Option<Vec<u64>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let behind_name = text.rsplit_once(')')?.1;
    Some(behind_name.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(processes) = std::fs::read_dir(Path::new("/proc")) else { return Vec::new() };
    let ids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|child| stat(*child).is_some_and(|fields| fields.get(1) == Some(&u64::from(pid)))).collect()
}

/// A line of `/proc/<pid>/status`.
fn memory_of(pid: u32, name: &str) -> u64 {
    kibibytes(&std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default(), name)
}

/// Bytes of a line that is given in kibibytes.
fn kibibytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0);
    kibibytes * 1024
}
