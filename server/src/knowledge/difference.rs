//! What is different between two texts, line by line.

/// Pairs of lines that are compared at most: texts with more are shown as replaced.
const PAIRS_MAX: usize = 1_000_000;

/// A line, and whether it is there before, after, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Same(String),
    Gone(String),
    New(String),
}

/// The lines of both texts in one order; none when the texts are equal.
pub(super) fn lines(before: &str, after: &str) -> Vec<Line> {
    if before == after {
        return Vec::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old.len().saturating_mul(new.len()) > PAIRS_MAX {
        let gone = old.into_iter().map(|line| Line::Gone(line.to_owned()));
        return gone.chain(new.into_iter().map(|line| Line::New(line.to_owned()))).collect();
    }
    let common = common(&old, &new);
    let (mut at, mut to, mut found) = (0, 0, Vec::new());
    while at < old.len() || to < new.len() {
        if at < old.len() && to < new.len() && old[at] == new[to] {
            found.push(Line::Same(old[at].to_owned()));
            (at, to) = (at + 1, to + 1);
        } else if to == new.len() || (at < old.len() && common[at + 1][to] >= common[at][to + 1]) {
            found.push(Line::Gone(old[at].to_owned()));
            at += 1;
        } else {
            found.push(Line::New(new[to].to_owned()));
            to += 1;
        }
    }
    found
}

/// How many lines the rests of both have in common, from each pair of places on.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<u32>> {
    let mut table = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for at in (0..old.len()).rev() {
        for to in (0..new.len()).rev() {
            table[at][to] = match old[at] == new[to] {
                true => table[at + 1][to + 1] + 1,
                false => table[at + 1][to].max(table[at][to + 1]),
            };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_gone_and_what_is_new_stand_where_they_belong() {
        let found = lines("一\n退费一个月内到账\n三", "一\n退费约半年到账\n三\n四");
        let (same, gone, new) = (
            |text: &str| Line::Same(text.to_owned()),
            |text: &str| Line::Gone(text.to_owned()),
            |text: &str| Line::New(text.to_owned()),
        );
        let expected = [same("一"), gone("退费一个月内到账"), new("退费约半年到账"), same("三"), new("四")];
        assert_eq!(found, expected);
        assert_eq!(lines("a", "a"), []);
        assert_eq!(lines("", "a"), [new("a")]);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_it(
            before in prop::collection::vec("[ab]{0,2}", 0..8), after in prop::collection::vec("[ab]{0,2}", 0..8),
        ) {
            let (old, new) = (before.join("\n"), after.join("\n"));
            let found = lines(&old, &new);
            prop_assume!(old != new);
            let side = |gone: bool| found.iter().filter_map(|line| match line {
                Line::Same(text) => Some(text.as_str()),
                Line::Gone(text) => gone.then_some(text.as_str()),
                Line::New(text) => (!gone).then_some(text.as_str()),
            }).collect::<Vec<_>>();
            prop_assert_eq!(side(true), old.lines().collect::<Vec<_>>());
            prop_assert_eq!(side(false), new.lines().collect::<Vec<_>>());
        }
    }
}
