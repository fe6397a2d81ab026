//! The figures as a page.

use std::fmt::Write as _;

/// Rows in the order they were measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    what: String,
    measured: String,
    bar: &'static str,
}

impl Report {
    /// Adds a figure; `bar` is what it must stay below, empty when it stands beside for comparison.
    pub(crate) fn row(&mut self, what: impl Into<String>, measured: impl Into<String>, bar: &'static str) {
        let row = Row { what: what.into(), measured: measured.into(), bar };
        eprintln!("{}: {} (bar: {})", row.what, row.measured, row.bar);
        self.rows.push(row);
    }

    /// The page.
    pub(crate) fn markdown(&self) -> String {
        let mut page = String::from(PREFACE);
        for Row { what, measured, bar } in &self.rows {
            writeln!(page, "| {what} | {measured} | {bar} |").expect("writing into memory cannot fail");
        }
        page
    }
}

const PREFACE: &str = "# Benchmarks

Made by `cargo run --release --package tests --bin bench -- --write`; do not edit. The job: 50
devices hold 20 visits each (10 findings, 6 meter checks, 8 photos named, 20 answers in each),
change 5 of them with 30 edits each while away, and all come back at once right after the server
was restarted; before that it had nothing left to do. The job is done five times: the same program
needs half as much again when others use the machine, so that what it costs by itself is the least.
Bytes are TCP payload without TLS, with headers, signatures and assertion. CPU and
memory are the server's, merge workers included (memory as the sum of every process's peak, pages
that they share counted again).

| what | measured | bar |
|---|---|---|
";
