//! Checks the statements of `dray-db` for a mistake that only concurrent servers on Postgres show: an update or a delete of
//! rows that a subquery has selected.

use crate::{is_source, sources};

/// Statements whose subquery may read another table, because the rows that it finds cannot lose what it asks for.
const OTHER_TABLES: [(&str, &str); 2] = [
    // An entry of the trash is never changed, and a restore removes it.
    ("trash_lists", "items"),
    // An upload that has ended never begins again.
    ("measured_uploads", "measured_uploads m cross join uploads u"),
];

/// Under read committed, a statement that has waited for a row's lock checks its own conditions again on the row as it has
/// become, and does not run its subqueries again. So a condition that stands only in a subquery no longer protects a row
/// that another transaction has changed.
#[test]
fn an_update_of_rows_that_a_subquery_selects_repeats_its_conditions() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        if is_source(&name) && name.starts_with("crates/dray-db/src/") {
            let bad = literals(&text).into_iter().filter_map(|sql| Some((fault(&sql)?, sql)));
            faults.extend(bad.map(|(fault, sql)| format!("{name}: {fault}: {sql}")));
        }
    }
    assert!(
        faults.is_empty(),
        "Postgres does not check a subquery's conditions again: repeat them outside of it\n{}",
        faults.join("\n")
    );
}

#[test]
fn the_check_sees_a_condition_that_is_missing_outside() {
    let good = "update t set a = 1 where b is null and c <= $1 and id in (select id from t where b is null and c <= $1 limit 2)";
    assert_eq!(fault(good), None);
    for bad in [
        "update t set a = 1 where c <= $1 and id in (select id from t where b is null and c <= $1 limit 2)",
        "delete from t where id in ( select id from t where b is null order by c )",
        "delete from t where b is null and id in (select id from other where b is null)",
    ] {
        assert!(fault(bad).is_some(), "{bad}");
    }
    let text = "let sql = \"delete from t\n    where id in (select id from t where b)\";";
    assert_eq!(literals(text), ["delete from t where id in (select id from t where b)"]);
}

/// The texts in quotes, each on one line, without those of comments and tests.
fn literals(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = lines.join("\n");
    let quoted = code.split('"').skip(1).step_by(2);
    quoted
        .map(|sql| sql.split_whitespace().collect::<Vec<_>>().join(" ").replace("( select", "(select"))
        .collect()
}

/// What is wrong with a statement.
fn fault(sql: &str) -> Option<String> {
    let sql = sql.replace("( select", "(select");
    let table = word_after(&sql, "update ").or_else(|| word_after(&sql, "delete from "))?;
    let (before, rest) = sql.split_once(" in (select ")?;
    let inner = &rest[..closing(rest)?];
    let outside =
        format!("{before} {}", &rest[inner.len()..]).replace("cast(parent_id as text)", "parent_id");
    let (_, from) = inner.split_once(" from ")?;
    // The values of a parameter are no rows.
    if from.starts_with('{') {
        return None;
    }
    let (read, conditions) = from.split_once(" where ").unwrap_or((from, ""));
    if read != table {
        let is_known = OTHER_TABLES.iter().any(|(of, other)| *of == table && read.starts_with(other));
        return (!is_known).then(|| format!("it selects rows of {read}"));
    }
    let end = ["order by", "limit"].iter().filter_map(|word| conditions.find(word)).min();
    let conditions = &conditions[..end.unwrap_or(conditions.len())];
    let missing = conditions.split(" and ").map(str::trim).find(|condition| !outside.contains(condition))?;
    Some(format!("{missing:?} is only in the subquery"))
}

/// The word that follows `start` at the beginning of a statement.
fn word_after<'a>(sql: &'a str, start: &str) -> Option<&'a str> {
    sql.strip_prefix(start)?.split(' ').next()
}

/// The position of the parenthesis that ends this text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(at, c)| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        (depth < 0).then_some(at)
    })
}
