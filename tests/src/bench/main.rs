#![expect(clippy::print_stdout, reason = "a bench tells its figures")]
//! The benches: `cargo run --release --package tests --bin bench` measures, prints a table, and
//! with `--write` puts it into `docs/benchmarks.md`. Parts can be named: `gate fleet peers client pages`.
//!
//! Everything is measured in one run on one machine, so that ratios mean something; the floor
//! and the Automerge sync protocol do the same job beside ours.

mod client;
mod fleet;
mod gate;
mod pages;
mod peers;
mod process;
mod report;
mod work;

use report::Report;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |part: &str| named.is_empty() || named.contains(&part);
    let mut report = Report::default();
    if wanted("gate") {
        gate::measure(&mut report)?;
    }
    if wanted("fleet") {
        for saves in [6, 30] {
            fleet::measure(&mut report, saves).await?;
        }
    }
    if wanted("peers") {
        peers::measure(&mut report)?;
    }
    if wanted("client") {
        client::measure(&mut report).await?;
    }
    if wanted("pages") {
        pages::measure(&mut report).await?;
    }
    let table = report.markdown();
    println!("{table}");
    if arguments.iter().any(|argument| argument == "--write") {
        anyhow::ensure!(named.is_empty(), "only a whole run is written down");
        std::fs::write("docs/benchmarks.md", table)?;
    }
    Ok(())
}
