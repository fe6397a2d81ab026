//! The API as its document describes it, asked by somebody who does not believe it.

use crate::harness::{FieldDevice, Office, TestDatabase, peer_python};
use crate::stories::{OnSite, on_site, photo, sha256_of};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Examples for each operation of the office; all of them together take most of a minute.
const OFFICE_EXAMPLES: u16 = 20;
/// Examples for each operation of devices: a few, with bodies of bytes.
const DEVICE_EXAMPLES: u16 = 100;

/// Paths that only a device is admitted to, whose bodies are bytes.
const DEVICE_PATHS: &str = "^/v1/(exchange|uploads.*|photos/[^/]+/preview)$";

/// Somebody who may call something, and what.
struct Fuzz<'a> {
    python: &'a Path,
    office: &'a Office,
    authorization: String,
    examples: u16,
}

impl Fuzz<'_> {
    /// Calls the operations that these arguments choose: none may fail or answer what its document does not say.
    fn run(&self, chosen: &[&str], known: &[(&str, &str)]) {
        let peers = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers");
        let mut command = Command::new(self.python.with_file_name("st"));
        command
            .args(["run", &self.office.url("/openapi.json"), "--header"])
            .arg(format!("Authorization: {}", self.authorization))
            .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
            .args(["--max-examples", &self.examples.to_string(), "--phases", "fuzzing"])
            .args(["--seed", "1", "--no-color"])
            .args(chosen)
            .env("PYTHONPATH", peers.as_os_str())
            .env("PYTHONDONTWRITEBYTECODE", OsStr::new("1"))
            .env("SCHEMATHESIS_HOOKS", "openapi_hooks")
            .envs(known.iter().copied())
            .current_dir(self.office.folder());
        let output = command.output().expect("schemathesis can be started");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        let lines: Vec<&str> = said.lines().collect();
        println!("{}", lines[lines.len().saturating_sub(30)..].join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_documented_route_fails_or_answers_undocumented() {
    let Some(python) = peer_python("no_documented_route_fails_or_answers_undocumented") else { return };
    let office = Office::open(TestDatabase::sqlite()).await;
    let boss = office.desk("boss", &["administrator", "lead", "reviewer", "clerk"]).await;
    let authorization = boss.authorization();
    let fuzz = Fuzz { python: &python, office: &office, authorization, examples: OFFICE_EXAMPLES };
    // The first would end the session that asks.
    fuzz.run(&["--exclude-path", "/v1/sessions/current", "--exclude-path-regex", DEVICE_PATHS], &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bytes_of_a_device_make_the_server_fail_or_answer_undocumented() {
    let test = "no_bytes_of_a_device_make_the_server_fail_or_answer_undocumented";
    let Some(python) = peer_python(test) else { return };
    let office = Office::open(TestDatabase::sqlite()).await;
    let OnSite { desk, device, case, .. } = on_site(&office).await;
    let file = photo("iphone6plus-beijing.jpg");
    device.ok(&["photo", "add", &file, "--tag", "seal", "--allow-old"]);
    device.ok(&["sync", "--photos-later"]);
    let hash = sha256_of(&file);
    let (upload, authorization) = open_upload(&office, &device, &hash, &file).await;
    let fuzz = Fuzz { python: &python, office: &office, authorization, examples: DEVICE_EXAMPLES };
    let known = [("FIELDLOOP_PHOTO", hash.as_str()), ("FIELDLOOP_UPLOAD", upload.as_str())];
    fuzz.run(&["--include-path-regex", DEVICE_PATHS], &known);
    // Whatever was tried: the device goes on, and its photo arrives.
    device.ok(&["sync"]);
    let seen = desk.get(&format!("/v1/visits/{}/photos", case.visit)).await;
    assert_eq!(seen["photos"][0]["state"], "whole", "{seen:#}");
}

/// The id of an upload that the device has begun for this photo, and what it calls with.
async fn open_upload(office: &Office, device: &FieldDevice, hash: &str, file: &str) -> (String, String) {
    let authorization = format!("Bearer {}", device.access_token().await);
    let size = std::fs::metadata(file).expect("the photo is there").len();
    let metadata = format!("sha256 {}", data_encoding::BASE64.encode(hash.as_bytes()));
    let answer = reqwest::Client::new()
        .post(office.url("/v1/uploads"))
        .header("authorization", &authorization)
        .header("tus-resumable", "1.0.0")
        .header("upload-length", size.to_string())
        .header("upload-metadata", metadata)
        .send()
        .await
        .expect("the server answers");
    let location = answer.headers().get("location").unwrap_or_else(|| panic!("{answer:?}"));
    let location = location.to_str().expect("an address").trim_end_matches('/');
    (location.rsplit('/').next().expect("an id").to_owned(), authorization)
}
