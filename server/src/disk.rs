//! How much room is left where files are written.

use std::io;
use std::path::Path;

/// Free bytes for this process at `path`, or where its nearest existing ancestor is.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let existing = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let stat = rustix::fs::statvfs(if existing.as_os_str().is_empty() { Path::new(".") } else { existing })?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_found_for_files_that_are_not_there_yet() {
        assert!(free_bytes(Path::new("no/such/folder")).unwrap() > 0);
        assert!(free_bytes(Path::new("/no/such/folder")).unwrap() > 0);
    }
}
