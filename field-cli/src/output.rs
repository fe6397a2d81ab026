//! Where results and messages go: data on standard output, messages on standard error, colours
//! only on a terminal, JSON lines when a script asks.

use crate::failure::{Exit, Told};
use crate::wrap;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::io::{IsTerminal, Write};

/// Serial lines and containers often say that they have no columns at all.
const COLUMNS_MIN: u16 = 20;

/// How a text is set off on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Dim,
    Green,
    Yellow,
    Red,
}

impl Paint {
    const fn sgr(self) -> &'static str {
        match self {
            Self::Dim => "\x1b[2m",
            Self::Green => "\x1b[32m",
            Self::Yellow => "\x1b[33m",
            Self::Red => "\x1b[31m",
        }
    }
}

/// One of the two streams.
struct Stream {
    to: Box<dyn Write + Send>,
    colours: bool,
    /// Where lines are broken; `None` off a terminal.
    columns: Option<u16>,
    /// Whether something could not be written although somebody reads: a full disk, mostly.
    lost: bool,
}

impl Stream {
    /// What people wrote goes to the terminal without anything that would command it.
    fn texts(&mut self, text: &str) {
        self.line(&harmless(text));
    }

    /// A reader that went away (`| head`) is no failure of the command.
    fn line(&mut self, text: &str) {
        let text = match self.columns {
            Some(columns) => Cow::Owned(wrap::wrap(text, usize::from(columns))),
            None => Cow::Borrowed(text),
        };
        let written = writeln!(self.to, "{text}").and_then(|()| self.to.flush());
        self.lost |= written.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe);
    }

    fn painted(&self, paint: Paint, text: &str) -> String {
        if self.colours { format!("{}{text}\x1b[0m", paint.sgr()) } else { text.to_owned() }
    }
}

/// Results and messages of one command.
pub(crate) struct Output {
    data: Stream,
    messages: Stream,
    json: bool,
    next: Option<String>,
    /// What warnings are about, when there are several things.
    about: Option<String>,
    /// Columns of the terminal; `None` off a terminal, where nothing is wrapped.
    pub(crate) columns: Option<u16>,
    /// Whether moving bars can be drawn.
    pub(crate) bars: bool,
}

impl Output {
    /// The streams of this process.
    pub(crate) fn of_this_process() -> Self {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let (out_tty, err_tty) = (stdout.is_terminal(), stderr.is_terminal());
        let columns = |tty: bool| if tty { terminal_columns() } else { None };
        let stream =
            |tty: bool, to| Stream { to, colours: tty && !plain, columns: columns(tty), lost: false };
        Self {
            data: stream(out_tty, Box::new(stdout)),
            messages: stream(err_tty, Box::new(stderr)),
            json: false,
            next: None,
            about: None,
            columns: columns(out_tty),
            bars: err_tty,
        }
    }

    /// From now on JSON lines instead of words.
    pub(crate) fn json_lines(&mut self) {
        self.json = true;
        self.bars = false;
        self.data.columns = None;
        self.messages.columns = None;
    }

    /// Whether a script reads.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// A result in words: one or more lines. Nothing under `--json`.
    pub(crate) fn data(&mut self, text: &str) {
        if !self.json {
            self.data.texts(text);
        }
    }

    /// A result that is wanted as it is, such as a completion script, whoever reads.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.data.to.write_all(bytes)?;
        self.data.to.flush()
    }

    /// A result as one JSON line with its kind in `event`. Nothing without `--json`.
    pub(crate) fn event(&mut self, kind: &str, mut fields: Value) {
        if self.json {
            if let Value::Object(map) = &mut fields {
                map.insert("event".to_owned(), json!(kind));
            }
            self.data.line(&fields.to_string());
        }
    }

    /// Something is done and on disk.
    pub(crate) fn done(&mut self, text: &str) {
        self.marked(Paint::Green, "✓", text);
    }

    /// Something to look at; nothing is blocked by it. Also an event of its own.
    pub(crate) fn warn(&mut self, code: &str, text: &str) {
        let mut fields = json!({ "code": code, "message": text });
        if let Some(about) = &self.about {
            fields["about"] = about.as_str().into();
        }
        self.event("warning", fields);
        match &self.about {
            Some(about) => {
                let text = format!("{about}: {text}");
                self.marked(Paint::Yellow, "!", &text);
            }
            None => self.marked(Paint::Yellow, "!", text),
        }
    }

    /// What warnings are about at present.
    pub(crate) fn is_about(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// Names what the next warnings are about; `None` when that is clear.
    pub(crate) fn about(&mut self, what: Option<String>) {
        self.about = what;
    }

    /// A line of explanation.
    pub(crate) fn note(&mut self, text: &str) {
        if !self.json {
            self.messages.texts(&format!("  {text}"));
        }
    }

    /// What to do next: one dim line at the end of the command; the last word counts.
    pub(crate) fn next(&mut self, text: &str) {
        self.next = Some(text.to_owned());
    }

    /// Ends a command that did what was asked.
    pub(crate) fn finish(&mut self) {
        if let Some(text) = self.next.take().filter(|_| !self.json) {
            let line = self.messages.painted(Paint::Dim, &format!("  {}", harmless(&text)));
            self.messages.line(&line);
        }
    }

    /// Whether a result did not get to where it was wanted.
    pub(crate) fn has_lost_data(&self) -> bool {
        self.data.lost
    }

    /// Why a command did not do what was asked.
    pub(crate) fn failure(&mut self, failure: &Told) {
        if self.json {
            let line = json!({
                "event": "error", "code": failure.code, "message": failure.what, "hints": failure.hints,
                "exit": failure.exit.code(),
            });
            self.messages.line(&line.to_string());
            return;
        }
        self.refused(&failure.what, &failure.hints);
    }

    /// Why one file of several was left out; the command goes on.
    pub(crate) fn left_out(&mut self, file: &str, why: &Told) {
        self.event(
            "left_out",
            json!({ "file": file, "code": why.code, "message": why.what, "hints": why.hints }),
        );
        if self.json {
            return;
        }
        let what = if why.what.contains(file) { why.what.clone() } else { format!("{file}: {}", why.what) };
        self.refused(&what, &why.hints);
    }

    /// A line on standard error as it is, for help and usage.
    pub(crate) fn message(&mut self, text: &str) {
        self.messages.line(text);
    }

    /// A failure before there were words.
    pub(crate) fn last_words(mut self, text: &str) -> u8 {
        self.messages.line(text);
        Exit::Failed.code()
    }

    fn refused(&mut self, what: &str, hints: &[String]) {
        self.marked(Paint::Red, "✗", what);
        for hint in hints {
            self.messages.texts(&format!("  {hint}"));
        }
    }

    fn marked(&mut self, paint: Paint, mark: &str, text: &str) {
        if !self.json {
            let line = format!("{} {}", self.messages.painted(paint, mark), harmless(text));
            self.messages.line(&line);
        }
    }
}

/// A text with every control character, line breaks aside, replaced by one that shows where it was.
fn harmless(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() && c != '\n';
    if text.contains(commands) { Cow::Owned(text.replace(commands, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Width of the terminal as `comfy-table` finds it; one that claims less than a few words does not know itself.
fn terminal_columns() -> Option<u16> {
    comfy_table::Table::new().width().filter(|columns| *columns >= COLUMNS_MIN)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{Output, Stream};
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    /// Both streams in one transcript, as a person sees them.
    #[derive(Clone, Default)]
    pub(crate) struct Transcript(Arc<Mutex<Vec<u8>>>);

    impl Transcript {
        /// What was written since the last call.
        pub(crate) fn take(&self) -> String {
            String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
        }
    }

    impl Write for Transcript {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Output {
        /// An output that is kept for a test.
        pub(crate) fn to(transcript: &Transcript) -> Self {
            let stream =
                || Stream { to: Box::new(transcript.clone()), colours: false, columns: None, lost: false };
            Self {
                data: stream(),
                messages: stream(),
                json: false,
                next: None,
                about: None,
                columns: Some(100),
                bars: false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    /// A place that takes nothing.
    struct Shut(ErrorKind);

    impl Write for Shut {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(Error::from(self.0))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_finds_no_room_is_lost_and_what_nobody_reads_is_not() {
        for (kind, lost) in [(ErrorKind::StorageFull, true), (ErrorKind::BrokenPipe, false)] {
            let mut stream = Stream { to: Box::new(Shut(kind)), colours: false, columns: None, lost: false };
            stream.texts("a line");
            assert_eq!(stream.lost, lost, "{kind}");
        }
    }
}
