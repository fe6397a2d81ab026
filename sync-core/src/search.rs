//! Folding and spacing of Chinese and Latin text, shared by every search index.
//!
//! SQLite's FTS5 `unicode61` takes a run of Chinese characters for one word and its `trigram` finds nothing
//! for two-character words such as 电表. So a space is put round every CJK character and a query is asked as
//! a phrase. Index and query must use the functions of this one module, on device and server alike.
//!
//! Traditional characters are compared as simplified ones: 電表 finds 电表 and the other way round.
//!
//! Where there is no full-text index, [`index_keys`] and [`query_keys`] make one of a plain table: a text is stored
//! under each of its words with the word after it, a query is a range of such keys, and [`like_pattern`] confirms
//! what was found.
//!
//! Not done here: ranking, synonyms.

mod simplified;

use simplified::simplified;
use std::collections::BTreeSet;

/// Most terms of one query; the rest is left out. A person types three, an attacker thousands.
pub const QUERY_TERMS_MAX: usize = 16;

/// Most characters of a query that are looked at.
pub const QUERY_CHARS_MAX: usize = 200;

/// Text as it is compared: full-width letters, digits and signs become half-width, letters small, traditional
/// characters simplified, runs of white space one space, without space at the ends. Punctuation stays.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(folded_chars) {
        if !c.is_whitespace() {
            folded.push(c);
        } else if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Text as it goes into an index: folded, everything but letters and digits turned into space, and a space
/// round every CJK character.
pub fn index_text(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() * 2);
    for c in text.chars().flat_map(folded_chars) {
        let apart = is_cjk(c);
        if (apart || !is_word(c)) && !spaced.is_empty() && !spaced.ends_with(' ') {
            spaced.push(' ');
        }
        if is_word(c) {
            spaced.push(c);
        }
        if apart {
            spaced.push(' ');
        }
    }
    spaced.truncate(spaced.trim_end().len());
    spaced
}

/// The terms of a query, each in the spaced form of [`index_text`]; a text matches when it contains all.
///
/// For PostgreSQL, compare the stored index text with [`like_pattern`] of every term.
pub fn query_terms(query: &str) -> Vec<String> {
    let query: String = query.chars().take(QUERY_CHARS_MAX).collect();
    let mut terms: Vec<String> = Vec::new();
    for term in fold(&query).split(' ').map(index_text) {
        if !term.is_empty() && !terms.contains(&term) && terms.len() < QUERY_TERMS_MAX {
            terms.push(term);
        }
    }
    terms
}

/// A user's query as an FTS5 query that cannot be anything but phrases: every term a quoted phrase, all of
/// them required, a Latin word or number at the end of a term also as the beginning of a longer one. None
/// when nothing in it can be searched for.
pub fn fts5_phrase(query: &str) -> Option<String> {
    let phrases: Vec<String> = query_terms(query)
        .iter()
        .map(|term| if term.ends_with(is_cjk) { format!("\"{term}\"") } else { format!("\"{term}\" *") })
        .collect();
    if phrases.is_empty() { None } else { Some(phrases.join(" AND ")) }
}

/// The pattern that finds a term of [`query_terms`] with `' ' || index_text LIKE pattern`: at the beginning
/// of a word, like [`fts5_phrase`]. Terms hold no wildcard characters.
pub fn like_pattern(term: &str) -> String {
    format!("% {term}%")
}

/// Whether text that went through [`index_text`] matches all terms: the plain meaning of both queries.
pub fn matches(indexed: &str, terms: &[String]) -> bool {
    let indexed = format!(" {indexed}");
    terms.iter().all(|term| indexed.contains(&format!(" {term}")))
}

/// The keys under which a text that went through [`index_text`] is stored: each word with the one after it, the last
/// with nothing. A Chinese word of two characters is a key, a Latin word or number the beginning of one.
pub fn index_keys(indexed: &str) -> BTreeSet<String> {
    let words: Vec<&str> = indexed.split_whitespace().collect();
    let next = words.iter().skip(1).copied().chain([""]);
    words.iter().zip(next).map(|(word, next)| format!("{word} {next}")).collect()
}

/// Keys from the first to the last, both included, compared by their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The first.
    pub first: String,
    /// The last.
    pub last: String,
}

/// Every range of [`index_keys`] in which a text has a key if it matches all these terms of [`query_terms`].
pub fn query_keys(terms: &[String]) -> Vec<KeyRange> {
    let mut ranges: Vec<KeyRange> = Vec::new();
    for words in terms.iter().map(|term| term.split(' ').collect::<Vec<_>>()) {
        let pairs = words.windows(2).map(|pair| (format!("{} {}", pair[0], pair[1]), pair[1]));
        let alone = words.first().filter(|_| words.len() == 1);
        let alone = alone.map(|word| {
            (if word.ends_with(is_cjk) { format!("{word} ") } else { (*word).to_owned() }, *word)
        });
        for (place, (first, ends_with)) in pairs.chain(alone).enumerate() {
            // The last word may be the beginning of a longer one; a pair before it is a key as it is.
            let is_last = place + 2 >= words.len();
            let is_begun = words.len() == 1 || (is_last && !ends_with.ends_with(is_cjk));
            let last = if is_begun { format!("{first}{}", char::MAX) } else { first.clone() };
            let range = KeyRange { first, last };
            if !ranges.contains(&range) {
                ranges.push(range);
            }
        }
    }
    ranges
}

/// Full-width to half-width, letters to small letters, combining accents dropped, characters simplified.
fn folded_chars(c: char) -> impl Iterator<Item = char> {
    let half = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => simplified(c),
    };
    half.to_lowercase().filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
}

/// Letters and digits, which `unicode61` takes for parts of words.
fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

/// Characters that are words by themselves: Han ideographs, kana.
fn is_cjk(c: char) -> bool {
    c.is_alphanumeric()
        && matches!(c,
            '\u{2e80}'..='\u{2fdf}'      // radicals
            | '\u{3005}'..='\u{3007}'    // iteration mark, zero
            | '\u{3041}'..='\u{30ff}'    // hiragana, katakana
            | '\u{3400}'..='\u{4dbf}'    // extension A
            | '\u{4e00}'..='\u{9fff}'    // unified ideographs
            | '\u{f900}'..='\u{faff}'    // compatibility ideographs
            | '\u{20000}'..='\u{3ffff}' // extensions B and later
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_folded_for_comparison() {
        for (text, folded) in [
            ("  Ｃ－２０２６－０４１７　ABC ", "c-2026-0417 abc"),
            ("表位 3-602，铅封完好", "表位 3-602,铅封完好"),
            ("a\t\n b", "a b"),
            ("ÄÖ", "äö"),
            ("　", ""),
            ("電錶", "电表"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn chinese_characters_stand_apart_in_the_index() {
        for (text, indexed) in [
            ("电表走得快", "电 表 走 得 快"),
            ("表位 3-602，铅封完好", "表 位 3 602 铅 封 完 好"),
            ("DDZY102型电表A123456", "ddzy102 型 电 表 a123456"),
            ("", ""),
            ("，。！", ""),
            ("误差+1.81 %", "误 差 1 81"),
            ("𠮷野", "𠮷 野"),
        ] {
            assert_eq!(index_text(text), indexed, "{text}");
        }
    }

    #[test]
    fn a_query_becomes_quoted_phrases_and_nothing_else() {
        for (query, phrase) in [
            ("电表", Some("\"电 表\"")),
            ("铅封 seal", Some("\"铅 封\" AND \"seal\" *")),
            ("C-2026-0417", Some("\"c 2026 0417\" *")),
            ("０４１７", Some("\"0417\" *")),
            ("\"a\" OR NEAR(b) *", Some("\"a\" * AND \"or\" * AND \"near b\" *")),
            ("col:x ^y -z", Some("\"col x\" * AND \"y\" * AND \"z\" *")),
            ("电表 电表", Some("\"电 表\"")),
            ("% _ \\ '", None),
            ("", None),
        ] {
            assert_eq!(fts5_phrase(query).as_deref(), phrase, "{query}");
        }
        let many = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(query_terms(&many).len(), QUERY_TERMS_MAX);
    }

    #[test]
    fn a_query_becomes_ranges_of_keys() {
        let keys = index_keys(&index_text("电表 A123456 坏"));
        assert_eq!(
            keys.iter().map(String::as_str).collect::<Vec<_>>(),
            ["a123456 坏", "坏 ", "电 表", "表 a123456"]
        );
        let range = |first: &str, begun: bool| {
            let last = if begun { format!("{first}\u{10ffff}") } else { first.to_owned() };
            KeyRange { first: first.to_owned(), last }
        };
        for (query, ranges) in [
            ("电表", vec![range("电 表", false)]),
            ("表", vec![range("表 ", true)]),
            ("a12", vec![range("a12", true)]),
            ("C-2026-04", vec![range("c 2026", false), range("2026 04", true)]),
            ("电表 电表a1", vec![range("电 表", false), range("表 a1", true)]),
            ("%", vec![]),
        ] {
            assert_eq!(query_keys(&query_terms(query)), ranges, "{query}");
        }
    }

    #[test]
    fn two_character_words_and_beginnings_are_found() {
        let indexed = index_text("客户称电表走得快，铅封 A123456 完好。Meter runs fast");
        for query in [
            "电表",
            "铅封",
            "走得快",
            "a1234",
            "Ａ１２３４５６",
            "meter fast",
            "完好 电表",
            "runs f",
            "電表",
            "鉛封",
        ] {
            assert!(matches(&indexed, &query_terms(query)), "{query}");
        }
        assert!(matches(&index_text("電錶走得快"), &query_terms("电表")));
        for query in ["表电", "铅封坏", "23456", "eter"] {
            assert!(!matches(&indexed, &query_terms(query)), "{query}");
        }
    }

    /// What FTS5 does with a phrase over an index of words: equal words in a row, the last one perhaps begun.
    fn naive_phrase_match(indexed: &str, term: &str) -> bool {
        let words: Vec<&str> = indexed.split_whitespace().collect();
        let wanted: Vec<&str> = term.split_whitespace().collect();
        words.windows(wanted.len()).any(|window| {
            window.iter().zip(&wanted).enumerate().all(|(at, (word, want))| {
                word == want || (at + 1 == wanted.len() && !want.ends_with(is_cjk) && word.starts_with(want))
            })
        })
    }

    proptest! {
        #[test]
        fn any_two_neighbouring_chinese_characters_are_found(
            text in "[\u{4e00}-\u{9fff}]{2,40}", pick in any::<prop::sample::Index>(),
            before in "[a-z0-9 ，]{0,5}", after in "[A-Z0-9 。]{0,5}",
        ) {
            let chars: Vec<char> = text.chars().collect();
            let at = pick.index(chars.len() - 1);
            let word: String = chars[at..at + 2].iter().collect();
            let indexed = index_text(&format!("{before}{text}{after}"));
            let terms = query_terms(&word);
            prop_assert_eq!(terms.len(), 1);
            prop_assert!(naive_phrase_match(&indexed, &terms[0]));
            prop_assert!(matches(&indexed, &terms));
        }

        #[test]
        fn both_ways_of_matching_agree(
            text in "[a-c电表铅封1-3 ，]{0,20}", query in "[a-c电表铅封1-3]{1,4}",
        ) {
            let (indexed, terms) = (index_text(&text), query_terms(&query));
            let naive = terms.iter().all(|term| naive_phrase_match(&indexed, term));
            prop_assert_eq!(matches(&indexed, &terms), naive);
        }

        #[test]
        fn what_matches_has_a_key_in_every_range(
            text in "[a-c电表铅封1-3 ，]{0,20}", query in "[a-c电表铅封1-3 ]{1,6}",
        ) {
            let (indexed, terms) = (index_text(&text), query_terms(&query));
            let keys = index_keys(&indexed);
            let ranges = query_keys(&terms);
            prop_assert_eq!(ranges.is_empty(), terms.is_empty());
            let found = |range: &KeyRange| keys.range(range.first.clone()..=range.last.clone()).next().is_some();
            if matches(&indexed, &terms) {
                prop_assert!(ranges.iter().all(found), "{:?} {:?}", keys, ranges);
            } else if let [one] = &terms[..] && one.split(' ').count() <= 2 {
                prop_assert!(!ranges.iter().all(found), "{:?} {:?}", keys, ranges);
            }
        }

        #[test]
        fn indexing_is_stable_and_any_query_stays_quoted(text in "\\PC{0,60}") {
            let indexed = index_text(&text);
            prop_assert_eq!(index_text(&indexed), indexed.clone());
            prop_assert!(!indexed.contains("  ") && indexed.trim() == indexed);
            if let Some(phrase) = fts5_phrase(&text) {
                let outside: String = phrase.split('"').step_by(2).collect();
                prop_assert!(outside.split_whitespace().all(|word| word == "AND" || word == "*"), "{}", phrase);
            }
            for term in query_terms(&text) {
                prop_assert!(!term.contains(['%', '_', '\\', '"', '\'']));
            }
        }
    }
}
