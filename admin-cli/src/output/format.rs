//! A reply as text, in each form.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::reply::{Cell, Change, Check, Record, Reply, Table, visible};
use super::servers::ServerAnswer;
use super::{Format, SCHEMA, Style, table};

/// Writes a reply for standard output.
pub fn format(reply: &Reply, style: &Style) -> String {
    if let Reply::Text(text) = reply {
        return text.clone();
    }
    match style.format {
        Format::Json => format!("{}\n", as_json(reply)),
        Format::Table => for_people(reply, style),
        Format::Tabs => for_scripts(reply),
    }
}

/// Titles of the columns that standard output does not get, for want of room.
pub fn left_out(reply: &Reply, style: &Style) -> Vec<&'static str> {
    match reply {
        Reply::Table(rows) if style.format == Format::Table => table::left_out(rows, style),
        _ => Vec::new(),
    }
}

fn for_people(reply: &Reply, style: &Style) -> String {
    match reply {
        Reply::Table(rows) => table::table(rows, style),
        Reply::Record(record) => table::record(record, style),
        Reply::Change(change) => {
            format!("{}: {} -> {}\n", change.what, shown(&change.old), shown(&change.new))
        }
        Reply::Checks(checks) => checks.iter().map(|check| check_line(check, style)).collect(),
        Reply::Value { text, .. } | Reply::Text(text) => format!("{}\n", lines(text)),
    }
}

/// Writes a text of several lines without control characters that a terminal would obey.
fn lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

fn shown(value: &Option<String>) -> String {
    value.as_deref().map_or_else(|| "(not set)".to_owned(), visible)
}

fn check_line(check: &Check, style: &Style) -> String {
    let (word, color, text) = match &check.outcome {
        Ok(text) => ("ok", 32, text),
        Err(text) => ("failed", 31, text),
    };
    let padded = format!("{word:6}");
    let word = if style.color { format!("\u{1b}[{color}m{padded}\u{1b}[0m") } else { padded };
    format!("{word}  {:18} {:>9}  {}\n", check.name, milliseconds(check.microseconds), visible(text))
}

fn milliseconds(microseconds: u64) -> String {
    format!("{}.{:02} ms", microseconds / 1_000, microseconds % 1_000 / 10)
}

fn for_scripts(reply: &Reply) -> String {
    match reply {
        Reply::Table(rows) => rows.rows.iter().map(|row| tabs(row)).collect(),
        Reply::Record(Record { fields }) => {
            fields.iter().map(|(name, cell)| format!("{name}\t{}\n", cell.for_scripts())).collect()
        }
        Reply::Change(Change { what, old, new, .. }) => {
            let text = |value: &Option<String>| value.as_deref().map(visible).unwrap_or_default();
            format!("{what}\t{}\t{}\n", text(old), text(new))
        }
        Reply::Checks(checks) => checks.iter().fold(String::new(), |mut text, check| {
            let (word, found) = match &check.outcome {
                Ok(found) => ("ok", found),
                Err(found) => ("failed", found),
            };
            let _ = writeln!(text, "{word}\t{}\t{}\t{}", check.name, check.microseconds, visible(found));
            text
        }),
        Reply::Value { text, .. } | Reply::Text(text) => format!("{text}\n"),
    }
}

fn tabs(row: &[Cell]) -> String {
    row.iter().map(Cell::for_scripts).collect::<Vec<_>>().join("\t") + "\n"
}

fn as_json(reply: &Reply) -> Json {
    let mut fields = vec![("schema", Json::from(SCHEMA))];
    match reply {
        Reply::Value { fields: more, .. } => fields.extend(more.iter().cloned()),
        Reply::Table(table) => {
            fields.extend(table.fields.iter().cloned());
            fields.push((table.name, rows(table)));
        }
        Reply::Record(record) => {
            fields.extend(record.fields.iter().map(|(name, cell)| (*name, cell.json())));
        }
        Reply::Change(change) => fields.extend([
            ("what", change.what.as_str().into()),
            ("old", change.old.as_deref().into()),
            ("new", change.new.as_deref().into()),
            ("dry_run", change.dry_run.into()),
            ("effect", change.effect.as_str().into()),
            ("servers", change.servers.iter().map(ServerAnswer::json).collect()),
        ]),
        Reply::Checks(checks) => {
            fields.push(("ok", reply.failure().is_none().into()));
            fields.push(("checks", checks.iter().map(check_json).collect()));
        }
        Reply::Text(text) => fields.push(("text", text.as_str().into())),
    }
    Json::from_iter(fields)
}

fn rows(table: &Table) -> Json {
    let row = |cells: &Vec<Cell>| {
        let fields = table.columns.iter().zip(cells);
        Json::from_iter(fields.map(|(column, cell)| (column.field, cell.json())))
    };
    table.rows.iter().map(row).collect()
}

fn check_json(check: &Check) -> Json {
    let (ok, text) = match &check.outcome {
        Ok(text) => (true, text),
        Err(text) => (false, text),
    };
    json!({ "name": check.name, "ok": ok, "microseconds": check.microseconds, "text": text })
}

#[cfg(test)]
mod tests {
    use super::super::reply::{Column, column};
    use super::*;
    use crate::failure::Code;

    fn style(format: Format) -> Style {
        Style { format, headers: true, color: false, width: 80, verbose: false, now: 100 }
    }

    fn in_each(reply: &Reply) -> [String; 3] {
        [Format::Table, Format::Tabs, Format::Json].map(|each| format(reply, &style(each)))
    }

    const COLUMNS: &[Column] = &[column("ID", "id"), column("SEEN", "last_seen")];

    #[test]
    fn a_table_in_each_form() {
        let reply = Reply::Table(Table {
            name: "things",
            columns: COLUMNS,
            rows: vec![vec![Cell::Number(7), Cell::Moment(40)]],
            fields: vec![("more", false.into())],
            notes: Vec::new(),
        });
        assert_eq!(
            in_each(&reply),
            [
                "ID  SEEN\n 7  1 min ago\n",
                "7\t1970-01-01T00:00:40Z\n",
                "{\"schema\":1,\"more\":false,\"things\":[{\"id\":7,\"last_seen\":\"1970-01-01T00:00:40Z\"}]}\n",
            ]
        );
    }

    #[test]
    fn a_change_in_each_form() {
        let reply = Reply::Change(Change {
            what: "server.port".into(),
            old: None,
            new: Some("8080".into()),
            dry_run: true,
            effect: "soon".into(),
            servers: Vec::new(),
        });
        assert_eq!(
            in_each(&reply),
            [
                "server.port: (not set) -> 8080\n",
                "server.port\t\t8080\n",
                "{\"schema\":1,\"what\":\"server.port\",\"old\":null,\"new\":\"8080\",\"dry_run\":true,\
                 \"effect\":\"soon\",\"servers\":[]}\n",
            ]
        );
        assert_eq!(reply.notes(), ["dry run: nothing was written; otherwise: soon"]);
    }

    #[test]
    fn checks_in_each_form() {
        let reply = Reply::Checks(vec![
            Check { name: "connection", outcome: Ok("Redis 8".into()), microseconds: 1_234 },
            Check { name: "counters", outcome: Err("no".into()), microseconds: 5 },
        ]);
        assert_eq!(
            in_each(&reply),
            [
                "ok      connection           1.23 ms  Redis 8\nfailed  counters             0.00 ms  no\n",
                "ok\tconnection\t1234\tRedis 8\nfailed\tcounters\t5\tno\n",
                "{\"schema\":1,\"ok\":false,\"checks\":[{\"name\":\"connection\",\"ok\":true,\
                 \"microseconds\":1234,\"text\":\"Redis 8\"},{\"name\":\"counters\",\"ok\":false,\
                 \"microseconds\":5,\"text\":\"no\"}]}\n",
            ]
        );
        assert_eq!(reply.failure(), Some(Code::Failed));
    }

    #[test]
    fn a_value_of_several_lines_keeps_them_and_nothing_else_that_a_terminal_obeys() {
        let reply = Reply::Value { text: "a\nb\u{1b}[2J".into(), fields: Vec::new(), notes: Vec::new() };
        assert_eq!(format(&reply, &style(Format::Table)), "a\nb\\u{1b}[2J\n");
        assert_eq!(format(&reply, &style(Format::Tabs)), "a\nb\u{1b}[2J\n");
    }
}
