//! What a visit record is and how copies of it agree.
//!
//! Sans I/O: functions take bytes, messages, times and entropy and return what is to be
//! stored, sent or told. There is no HTTP, SQL, file, clock or random generator in here;
//! the server and the technician's client supply them.

pub mod checklist;
pub mod codes;
pub mod date;
pub mod deadline;
pub mod document;
pub mod gas;
pub mod ids;
pub mod knowledge;
pub mod log;
pub mod merge;
pub mod metering;
pub mod number;
pub mod protocol;
pub mod recorded;
pub mod replica;
pub mod restricted;
pub mod return_visit;
pub mod search;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
