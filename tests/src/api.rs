//! The API as its document describes it, asked by somebody who does not believe it.

use crate::harness::{Office, TestDatabase, peer_python};
use std::process::Command;

/// Examples for each operation; more find little and cost minutes.
const EXAMPLES: &str = "6";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_documented_route_fails_or_answers_undocumented() {
    let Some(python) = peer_python("no_documented_route_fails_or_answers_undocumented") else { return };
    let office = Office::open(TestDatabase::sqlite()).await;
    let boss = office.desk("boss", &["administrator", "lead", "reviewer", "clerk"]).await;
    let schemathesis = python.with_file_name("st");
    let mut command = Command::new(schemathesis);
    command
        .args(["run", &office.url("/openapi.json"), "--header"])
        .arg(format!("Authorization: {}", boss.authorization()))
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
        .args(["--max-examples", EXAMPLES, "--phases", "fuzzing", "--seed", "1", "--no-color"])
        // These would end the session that asks, or carry bytes that have their own tests.
        .args(["--exclude-path", "/v1/sessions/current", "--exclude-path", "/v1/exchange"])
        .args(["--exclude-path-regex", "/v1/uploads.*"])
        .current_dir(office.folder());
    let output = command.output().expect("schemathesis can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    println!(
        "{}",
        said.lines().rev().take(30).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
    );
}
