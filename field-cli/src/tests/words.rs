//! Every message stands in every language, takes the same arguments, and is used.

use crate::cli::{Cli, help};
use clap::{Command, CommandFactory};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const EN: &str = include_str!("../../i18n/en/field.ftl");
const ZH: &str = include_str!("../../i18n/zh-CN/field.ftl");

/// Messages with the arguments they take.
fn messages(file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut id = String::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(|first: char| first.is_ascii_lowercase()) {
            id = line.split(" =").next().unwrap().to_owned();
            assert!(!found.contains_key(&id), "{id} stands twice");
        }
        let arguments = found.entry(id.clone()).or_default();
        for rest in line.split('$').skip(1) {
            arguments.insert(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
        }
    }
    found.remove("");
    found
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_arguments() {
    let (en, zh) = (messages(EN), messages(ZH));
    let only = |a: &BTreeMap<String, _>, b: &BTreeMap<String, _>| -> Vec<String> {
        a.keys().filter(|id| !b.contains_key(*id)).cloned().collect()
    };
    assert_eq!((only(&en, &zh), only(&zh, &en)), (vec![], vec![]));
    for (id, arguments) in &en {
        assert_eq!(arguments, &zh[id], "{id}");
    }
}

#[test]
fn chinese_messages_use_chinese_punctuation() {
    // The comma between latitude and longitude is typed; `clap` writes the other colons of its headings.
    let as_typed = ["heading-usage", "value-lat-lon"];
    for line in ZH.lines().filter(|line| !line.starts_with('#')) {
        let Some((id, text)) = line.split_once(" = ") else { continue };
        let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        let marks = text.chars().zip(text.chars().skip(1));
        for (before, mark) in marks {
            assert!(!(chinese(before) && ",;:?!".contains(mark)) || as_typed.contains(&id), "{line}");
        }
    }
}

fn collect(command: &Command, path: &str, needed: &mut Vec<(String, Vec<String>)>) {
    if !path.is_empty() {
        needed.push((path.to_owned(), vec![format!("help-{path}")]));
    }
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        needed.push((format!("{path} {id}"), help::argument_ids(path, id).to_vec()));
    }
    for sub in command.get_subcommands() {
        collect(sub, &help::join(path, sub.get_name()), needed);
    }
}

/// The messages that may stand for placeholders.
fn placeholders(command: &Command, found: &mut BTreeSet<String>) {
    for name in command.get_arguments().flat_map(|argument| argument.get_value_names().unwrap_or_default()) {
        found.insert(help::placeholder_id(name));
    }
    command.get_subcommands().for_each(|sub| placeholders(sub, found));
}

/// Names of messages and families of codes that the sources mention.
fn mentioned(dir: &Path, literals: &mut BTreeSet<String>, families: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            mentioned(&path, literals, families);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            literals.extend(text.split('"').skip(1).map(str::to_owned));
            let codes = text.split(".code(").skip(1);
            families.extend(
                codes.filter_map(|rest| {
                    Some(rest.trim_start().strip_prefix('"')?.split('"').next()?.to_owned())
                }),
            );
        }
    }
}

#[test]
fn every_message_is_used_and_every_argument_explained() {
    let en = messages(EN);
    let mut needed = Vec::new();
    let mut tree = Cli::command();
    tree.build();
    collect(&tree, "", &mut needed);
    let unexplained: Vec<&String> = needed
        .iter()
        .filter(|(_, ids)| !ids.iter().any(|id| en.contains_key(id)))
        .map(|(what, _)| what)
        .collect();
    assert!(unexplained.is_empty(), "no words for {unexplained:?}");
    let (mut literals, mut families) = (BTreeSet::new(), BTreeSet::new());
    mentioned(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut literals, &mut families);
    let mut explained: BTreeSet<String> = needed.into_iter().flat_map(|(_, ids)| ids).collect();
    placeholders(&tree, &mut explained);
    let unused: Vec<&String> = en
        .keys()
        .filter(|id| !explained.contains(*id) && !literals.contains(*id))
        .filter(|id| !families.iter().any(|family| id.starts_with(&format!("code-{family}-"))))
        .collect();
    assert!(unused.is_empty(), "nothing uses {unused:?}");
}
